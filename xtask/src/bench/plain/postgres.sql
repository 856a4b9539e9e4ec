-- What a shop without group commit does for one order: the same rows as Mideng's, one transaction an order.
-- pgbench -M prepared -c 32 -j 2 -D products=1000 -D tick=0 -f order.sql
-- Numbers rise, as those of a shop do: drawn at random, each would go to another page of its indexes.
\set product random(1, :products)
\set customer random(1, 10000)
\set tick :tick + 1
\set drawn :tick * 64 + :client_id
begin;
select p.name, p.price_minor from products p where p.tenant_id = 1 and p.sku = 'bench-' || lpad(:product::text, 6, '0');
update stock_items set reserved = reserved + 1
    where tenant_id = 1 and sku = 'bench-' || lpad(:product::text, 6, '0') and reserved + 1 <= on_hand;
insert into key_records (tenant_id, key_hash, principal_id, idempotency_key, command_id, fingerprint_version,
        fingerprint, order_no, status, headers, body, completed_at)
    values (1, decode(md5(:drawn::text), 'hex'), 1, 'bench-' || md5(:drawn::text), decode(md5(:drawn::text), 'hex'), 1,
        sha256(:drawn::text::bytea), ('ord_0000000000' || lpad(to_hex(:drawn::bigint), 16, '0')), 201,
        '[["content-type","application/json"],["location","/api/v1/orders/' || ('ord_0000000000' || lpad(to_hex(:drawn::bigint), 16, '0')) || '"],["etag","\"1\""]]',
        ('{"order_no":"' || ('ord_0000000000' || lpad(to_hex(:drawn::bigint), 16, '0')) || '","status":"pending_payment","payment_status":"unpaid",'
            || '"fulfillment_status":"unfulfilled","version":1,"customer_id":"bench-1","lines":[{"line":1,'
            || '"sku":"bench-000001","name":"Bench product","quantity":1,"unit_price_minor":100,"total_minor":100,'
            || '"shipped":0}],"total_minor":100,"captured_minor":0,"currency":"CNY",'
            || '"created_at":"2026-01-01T00:00:00.000Z","updated_at":"2026-01-01T00:00:00.000Z",'
            || '"expires_at":"2026-01-01T00:30:00.000Z"}')::bytea,
        1767225600000);
insert into orders (tenant_id, order_no, principal_id, idempotency_key, fingerprint_version, fingerprint, status,
        version, customer_id, total_minor, currency, captured_minor, created_at, updated_at, expires_at)
    values (1, ('ord_0000000000' || lpad(to_hex(:drawn::bigint), 16, '0')), 1, 'bench-' || md5(:drawn::text), 1, sha256(:drawn::text::bytea), 'pending_payment',
        1, 'bench-' || :customer::text, 100, 'CNY', 0, 1767225600000, 1767225600000, 1767227400000);
insert into order_lines (tenant_id, order_no, line, sku, name, quantity, unit_price_minor, total_minor, shipped)
    values (1, ('ord_0000000000' || lpad(to_hex(:drawn::bigint), 16, '0')), 1, 'bench-' || lpad(:product::text, 6, '0'), 'Bench product', 1, 100, 100, 0);
insert into stock_reservations (tenant_id, order_no, sku, quantity, holding)
    values (1, ('ord_0000000000' || lpad(to_hex(:drawn::bigint), 16, '0')), 'bench-' || lpad(:product::text, 6, '0'), 1, 'held');
insert into order_events (tenant_id, order_no, version, event, to_status, happened_at, principal_id, idempotency_key)
    values (1, ('ord_0000000000' || lpad(to_hex(:drawn::bigint), 16, '0')), 1, 'place', 'pending_payment', 1767225600000, 1, 'bench-' || md5(:drawn::text));
commit;
