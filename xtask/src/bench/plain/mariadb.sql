-- What a shop without group commit does for one order: the same rows as Mideng's, one transaction an order.
-- mariadb-slap --concurrency=32 --number-of-queries=N --delimiter=";" --query=mariadb.sql
set @product = concat('bench-', lpad(floor(rand() * {products}), 6, '0')), @drawn = uuid(), @customer = floor(rand() * 10000);
set @number = concat('ord_', left(replace(@drawn, '-', ''), 26)), @key = concat('bench-', md5(@drawn));
begin;
select name, price_minor from products where tenant_id = 1 and sku = @product;
update stock_items set reserved = reserved + 1 where tenant_id = 1 and sku = @product and reserved + 1 <= on_hand;
insert into key_records (tenant_id, key_hash, principal_id, idempotency_key, command_id, fingerprint_version, fingerprint, order_no, status, headers, body, completed_at) values (1, unhex(md5(@drawn)), 1, @key, unhex(md5(@key)), 1, unhex(sha2(@drawn, 256)), @number, 201, concat('[["content-type","application/json"],["location","/api/v1/orders/', @number, '"],["etag","1"]]'), concat('{"order_no":"', @number, '","status":"pending_payment","payment_status":"unpaid","fulfillment_status":"unfulfilled","version":1,"customer_id":"bench-1","lines":[{"line":1,"sku":"bench-000001","name":"Bench product","quantity":1,"unit_price_minor":100,"total_minor":100,"shipped":0}],"total_minor":100,"captured_minor":0,"currency":"CNY","created_at":"2026-01-01T00:00:00.000Z","updated_at":"2026-01-01T00:00:00.000Z","expires_at":"2026-01-01T00:30:00.000Z"}'), 1767225600000);
insert into orders (tenant_id, order_no, principal_id, idempotency_key, fingerprint_version, fingerprint, status, version, customer_id, total_minor, currency, captured_minor, created_at, updated_at, expires_at) values (1, @number, 1, @key, 1, unhex(sha2(@drawn, 256)), 'pending_payment', 1, concat('bench-', @customer), 100, 'CNY', 0, 1767225600000, 1767225600000, 1767227400000);
insert into order_lines (tenant_id, order_no, line, sku, name, quantity, unit_price_minor, total_minor, shipped) values (1, @number, 1, @product, 'Bench product', 1, 100, 100, 0);
insert into stock_reservations (tenant_id, order_no, sku, quantity, holding) values (1, @number, @product, 1, 'held');
insert into order_events (tenant_id, order_no, version, event, to_status, happened_at, principal_id, idempotency_key) values (1, @number, 1, 'place', 'pending_payment', 1767225600000, 1, @key);
commit
