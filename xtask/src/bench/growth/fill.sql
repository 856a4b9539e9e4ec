-- Orders as a shop has them after some months, from the table of those drawn for a step: numbers and times rise, keys are
-- drawn at random, most orders are done with, and only the last tenth's answers are kept still.
insert into key_records (tenant_id, key_hash, principal_id, idempotency_key, command_id, fingerprint_version,
        fingerprint, order_no, status, headers, body, completed_at)
    select 1, key_hash, 1, key, key_hash, 1, fingerprint, order_no,
        case when answered then 201 end,
        case when answered then
            '[["content-type","application/json"],["location","/api/v1/orders/' || order_no || '"],["etag","\"1\""]]'
        end,
        case when answered then
            cast('{"order_no":"' || order_no || '","status":"pending_payment","payment_status":"unpaid",'
            || '"fulfillment_status":"unfulfilled","version":1,"customer_id":"' || customer || '","lines":[{"line":1,'
            || '"sku":"' || sku || '","name":"Bench product","quantity":1,"unit_price_minor":100,"total_minor":100,'
            || '"shipped":0}],"total_minor":100,"captured_minor":0,"currency":"CNY",'
            || '"created_at":"2026-01-01T00:00:00.000Z","updated_at":"2026-01-01T00:00:00.000Z",'
            || '"expires_at":"2026-01-01T00:30:00.000Z"}' as {bytes})
        end,
        case when answered then at end
    from drawn order by n;
insert into orders (tenant_id, order_no, principal_id, idempotency_key, fingerprint_version, fingerprint, status,
        close_reason, version, customer_id, total_minor, currency, captured_minor, created_at, updated_at, expires_at)
    select 1, order_no, 1, key, 1, fingerprint, status, case status when 'closed' then 'customer' end,
        case status when 'completed' then 4 else 2 end, customer, 100, 'CNY', case status when 'closed' then 0 else 100 end,
        at, at + 60000, at + 1800000
    from drawn order by n;
insert into order_lines (tenant_id, order_no, line, sku, name, quantity, unit_price_minor, total_minor, shipped)
    select 1, order_no, 1, sku, 'Bench product', 1, 100, 100, case status when 'completed' then 1 else 0 end
    from drawn order by n;
insert into stock_reservations (tenant_id, order_no, sku, quantity, holding)
    select 1, order_no, sku, 1, case status when 'closed' then 'released' when 'paid' then 'held' else 'committed' end
    from drawn order by n;
insert into shipments (tenant_id, order_no, number, shipment_id, carrier, tracking_no, shipped_at, updated_at)
    select 1, order_no, 1, 'shp_' || substr(order_no, 5), 'SF', 'SF' || n, at + 60000, at + 60000
    from drawn where status = 'completed' order by n;
insert into shipment_lines (tenant_id, order_no, number, line, quantity)
    select 1, order_no, 1, 1, 1 from drawn where status = 'completed' order by n;
with events (status, version, event, from_status, to_status) as (values
        ('closed', 1, 'place', null, 'pending_payment'), ('closed', 2, 'cancel', 'pending_payment', 'closed'),
        ('paid', 1, 'place', null, 'pending_payment'), ('paid', 2, 'pay', 'pending_payment', 'paid'),
        ('completed', 1, 'place', null, 'pending_payment'), ('completed', 2, 'pay', 'pending_payment', 'paid'),
        ('completed', 3, 'ship_all', 'paid', 'shipped'), ('completed', 4, 'receive', 'shipped', 'completed'))
insert into order_events (tenant_id, order_no, version, event, from_status, to_status, happened_at, principal_id,
        idempotency_key)
    select 1, order_no, version, event, from_status, to_status, at + version * 20000, 1, key || version
    from drawn join events using (status)
    order by n, version;
drop table drawn;
commit;
