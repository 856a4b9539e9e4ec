//! Owns the SQL of each invariant: a select of one text per row that breaks it, as every database takes it. Between
//! braces stand `{transitions}` and `{payment_transitions}`, the rows of the transition tables, `{before}`, the time
//! before which a deadline must have been acted on, `{long_before}`, the same where a channel is asked first, `{answer}`, the JSON in a column `body`, or null where it is none, and `{answer.NAME}`, a member
//! of it as text.

/// One invariant.
pub(super) struct Invariant {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) broken_by: &'static str,
}

/// The latest time that a command left in the database.
pub(super) const LAST_WRITTEN_AT: &str = "
    select max(at) from (
        select max(completed_at) at from key_records union all select max(updated_at) from all_orders) of_both";

/// Every invariant of orders, products and keys.
pub(super) const ALL: &[Invariant] = &[
    Invariant {
        id: "I-5",
        title: "an order's total is the sum of its lines, a line's total its quantity times its price",
        broken_by: "
            select o.order_no || ': total ' || o.total_minor || ', lines ' || coalesce(sum(l.total_minor), 0)
            from all_orders o left join all_order_lines l on l.tenant_id = o.tenant_id and l.order_no = o.order_no
            group by o.tenant_id, o.order_no, o.total_minor
            having o.total_minor <> coalesce(sum(l.total_minor), 0) or count(l.line) = 0
                or sum(case when l.total_minor <> l.quantity * l.unit_price_minor then 1 else 0 end) <> 0",
    },
    Invariant {
        id: "I-6",
        title: "stock is never negative and never promised twice: 0 <= reserved <= on_hand",
        broken_by: "
            select sku || ': on_hand ' || on_hand || ', reserved ' || reserved from stock_items
            where (on_hand < 0 or reserved < 0 or reserved > on_hand)",
    },
    Invariant {
        id: "I-7",
        title: "what is reserved is the sum of the held reservations",
        broken_by: "
            select s.sku || ': reserved ' || s.reserved || ', held ' || coalesce(h.held, 0)
            from stock_items s left join (
                select tenant_id, sku, sum(quantity) held from all_stock_reservations
                where holding = 'held' group by tenant_id, sku) h
                on h.tenant_id = s.tenant_id and h.sku = s.sku
            where s.reserved <> coalesce(h.held, 0)",
    },
    Invariant {
        id: "I-8",
        title: "what is on hand is the sum of the movements",
        broken_by: "
            select s.sku || ': on_hand ' || s.on_hand || ', movements ' || coalesce(m.moved, 0)
            from stock_items s left join (
                select tenant_id, sku, sum(quantity) moved from stock_movements group by tenant_id, sku) m
                on m.tenant_id = s.tenant_id and m.sku = s.sku
            where s.on_hand <> coalesce(m.moved, 0)",
    },
    Invariant {
        id: "I-9",
        title: "a sale moves each product once, and every paid order has moved what it sold; so does a refund that restocks",
        broken_by: "
            select r.order_no || ' ' || r.sku || ': ' || r.holding || ', moved ' || coalesce(-sum(m.quantity), 0)
            from all_stock_reservations r left join stock_movements m on m.tenant_id = r.tenant_id and m.sku = r.sku
                and m.source_kind = 'sale' and m.source_id = r.order_no
            group by r.tenant_id, r.order_no, r.sku, r.holding, r.quantity
            having coalesce(-sum(m.quantity), 0) <> case r.holding when 'committed' then r.quantity else 0 end
            union all
            select m.source_id || ' ' || m.sku || ': moved ' || (-m.quantity) || ', nothing promised'
            from stock_movements m where m.source_kind = 'sale' and not exists (
                select 1 from all_stock_reservations r
                where r.tenant_id = m.tenant_id and r.order_no = m.source_id and r.sku = m.sku)
            union all
            select m.source_id || ' ' || m.sku || ': brought back ' || m.quantity || ', of the refund '
                || coalesce(sum(l.quantity), 0)
            from stock_movements m
            left join refunds r on r.tenant_id = m.tenant_id and r.refund_id = m.source_id
                and (r.status = 'succeeded' or r.code like 'sent_back: %')
            left join (
                select x.tenant_id, x.order_no, x.number, y.sku, x.quantity
                from refund_lines x join all_order_lines y
                    on y.tenant_id = x.tenant_id and y.order_no = x.order_no and y.line = x.line
                where x.restock = 1) l
                on l.tenant_id = r.tenant_id and l.order_no = r.order_no and l.number = r.number and l.sku = m.sku
            where m.source_kind = 'return'
            group by m.tenant_id, m.source_id, m.sku, m.quantity having m.quantity <> coalesce(sum(l.quantity), 0)",
    },
    Invariant {
        id: "I-10a",
        title: "a key has made one order, and every order that was acknowledged under a key exists and was asked for",
        // Under a key that came with a used one-time token stands the answer of the order that the token made.
        broken_by: "
            select k.idempotency_key || ': answered with ' || coalesce({answer.order_no}, 'no JSON')
            from key_records k left join all_orders o on o.tenant_id = k.tenant_id
                and o.order_no = {answer.order_no} and o.principal_id = k.principal_id
                and o.fingerprint_version = k.fingerprint_version and o.fingerprint = k.fingerprint
            where k.status = 201 and ({answer} is null or k.order_no <> o.order_no
                or ({answer.order_no} is not null and {answer.lines} is not null and {answer.refund_id} is null
                    and o.order_no is null))",
    },
    Invariant {
        id: "I-10b",
        title: "no two orders share a number or a key",
        broken_by: "
            select 'key ' || idempotency_key || ': ' || count(*) || ' orders' from all_orders
            group by tenant_id, principal_id, idempotency_key having count(*) > 1",
    },
    Invariant {
        id: "I-10c",
        title: "an order's key is kept, and names it, for as long as the order is",
        broken_by: "
            select order_no || ': its key ' || idempotency_key || ' does not name it' from (
                select tenant_id, order_no, principal_id, idempotency_key from all_orders
                except
                select tenant_id, order_no, principal_id, idempotency_key from key_records) of_orders
            union all
            select 'key ' || idempotency_key || ': names ' || order_no || ', which was not asked for under it' from (
                select tenant_id, order_no, principal_id, idempotency_key from (
                    select k.tenant_id, k.order_no, k.principal_id, k.idempotency_key, o.order_no found
                    from key_records k left join all_orders o on o.tenant_id = k.tenant_id and o.order_no = k.order_no
                        and o.principal_id = k.principal_id and o.fingerprint_version = k.fingerprint_version
                        and o.fingerprint = k.fingerprint
                    where k.order_no is not null) named where found is null) of_keys",
    },
    Invariant {
        id: "I-11",
        title: "an order is paid if and only if what is owed was captured",
        broken_by: "
            select order_no || ': ' || status || ', captured ' || captured_minor || ' of ' || total_minor || ', refunded '
                || refunded_minor
            from all_orders
            where case status
                when 'pending_payment' then captured_minor <> 0 or total_minor = 0
                when 'closed' then case close_reason
                    when 'refunded' then captured_minor < total_minor else refunded_minor <> 0 end
                else captured_minor < total_minor end or refunded_minor > total_minor",
    },
    Invariant {
        id: "I-12",
        title: "every row belongs to a tenant that exists, and to that tenant's people",
        broken_by: "
            select 'order ' || o.order_no || ' of tenant ' || o.tenant_id from all_orders o
            left join principals p on p.id = o.principal_id and p.tenant_id = o.tenant_id
            where p.id is null
            union all
            select 'product ' || p.sku || ' of tenant ' || p.tenant_id from products p
            where not exists (select 1 from tenants t where t.id = p.tenant_id)
            union all
            select 'API key ' || k.id || ' of tenant ' || k.tenant_id from api_keys k
            left join principals p on p.id = k.principal_id and p.tenant_id = k.tenant_id where p.id is null",
    },
    Invariant {
        id: "I-13a",
        title: "the history of every order is a path of the transition table",
        broken_by: "
            select e.order_no || ' version ' || e.version || ': ' || coalesce(e.from_status, 'nothing') || ' on '
                || e.event || ' to ' || e.to_status
            from all_order_events e
            left join all_order_events b
                on b.tenant_id = e.tenant_id and b.order_no = e.order_no and b.version = e.version - 1
            where coalesce(b.to_status, '') <> coalesce(e.from_status, '')
                or (coalesce(e.from_status, ''), e.event, e.to_status) not in ({transitions})",
    },
    Invariant {
        id: "I-13b",
        title: "versions are gapless and the last step leads to where the order stands",
        broken_by: "
            select o.order_no || ': version ' || o.version || ', ' || count(e.version) || ' steps' from all_orders o
            left join all_order_events e on e.tenant_id = o.tenant_id and e.order_no = o.order_no
            group by o.tenant_id, o.order_no, o.version, o.status
            having count(e.version) <> o.version or max(e.version) <> o.version
                or max(case when e.version = o.version then e.to_status end) <> o.status",
    },
    Invariant {
        id: "I-14",
        title: "no order waits for payment past its deadline, and the time to close its attempts",
        broken_by: "
            select o.order_no || ': expired at ' || o.expires_at from all_orders o
            where o.status = 'pending_payment' and o.expires_at < {before} and (o.expires_at < {long_before}
                or not exists (select 1 from payment_attempts a where a.tenant_id = o.tenant_id
                    and a.order_no = o.order_no and a.status in ('created', 'submitted', 'requires_action', 'unknown')))",
    },
    Invariant {
        id: "S-1",
        title: "an order's reservations are the sums of its lines and stand where the order stands",
        broken_by: "
            select r.order_no || ' ' || r.sku || ': ' || r.holding || ' ' || r.quantity || ', order ' || o.status
            from all_stock_reservations r
            left join all_orders o on o.tenant_id = r.tenant_id and o.order_no = r.order_no
            left join (select tenant_id, order_no, sku, sum(quantity) quantity from all_order_lines
                       group by tenant_id, order_no, sku) l
                on l.tenant_id = r.tenant_id and l.order_no = r.order_no and l.sku = r.sku
            where o.order_no is null or coalesce(l.quantity, 0) <> r.quantity
                or r.holding <> case when o.status = 'pending_payment' then 'held'
                    when o.status = 'closed' and o.close_reason <> 'refunded' then 'released' else 'committed' end
            union all
            select l.order_no || ' ' || l.sku || ': nothing promised' from all_order_lines l
            where not exists (select 1 from all_stock_reservations r
                where r.tenant_id = l.tenant_id and r.order_no = l.order_no and r.sku = l.sku)",
    },
    Invariant {
        id: "S-1b",
        title: "a member's place for an order that waits is that order's, and free when none waits",
        broken_by: "
            select 'place of ' || p.customer_id || ' ' || p.sku || ': ' || p.order_no || ' does not wait in it'
            from pending_slots p left join orders o on o.tenant_id = p.tenant_id and o.order_no = p.order_no
            where o.order_no is null or o.status <> 'pending_payment' or o.customer_id <> p.customer_id
                or o.pending_limit <> case p.sku when '' then 1 else 2 end
                or (p.sku <> '' and not exists (select 1 from order_lines l
                    where l.tenant_id = p.tenant_id and l.order_no = p.order_no and l.sku = p.sku))
            union all
            select o.order_no || ': waits, and has no place' from orders o
            where o.status = 'pending_payment' and o.pending_limit = 1 and not exists (
                select 1 from pending_slots p where p.tenant_id = o.tenant_id and p.order_no = o.order_no)
            union all
            select o.order_no || ' ' || l.sku || ': waits, and has no place' from orders o join order_lines l
                on l.tenant_id = o.tenant_id and l.order_no = o.order_no
            where o.status = 'pending_payment' and o.pending_limit = 2 and not exists (
                select 1 from pending_slots p where p.tenant_id = o.tenant_id and p.order_no = o.order_no
                    and p.sku = l.sku)",
    },
    Invariant {
        id: "S-2",
        title: "what is shipped of a line is in parcels, and never more than was ordered",
        broken_by: "
            select l.order_no || ' line ' || l.line || ': shipped ' || l.shipped || ', in parcels '
                || coalesce(sum(s.quantity), 0)
            from all_order_lines l left join all_shipment_lines s
                on s.tenant_id = l.tenant_id and s.order_no = l.order_no and s.line = l.line
            group by l.tenant_id, l.order_no, l.line, l.shipped, l.quantity
            having l.shipped <> coalesce(sum(s.quantity), 0) or l.shipped > l.quantity",
    },
    Invariant {
        id: "S-3",
        title: "no row stands alone: a product has its stock, and what hangs on an order has that order",
        broken_by: "
            select 'product ' || p.sku || ' without stock' from products p
            where not exists (
                select 1 from stock_items s where s.tenant_id = p.tenant_id and s.sku = p.sku)
            union all
            select 'stock of ' || s.sku || ' without product' from stock_items s
            where not exists (select 1 from products p where p.tenant_id = s.tenant_id and p.sku = s.sku)
            union all
            select 'line ' || l.line || ' of ' || l.order_no from all_order_lines l
            where not exists (select 1 from all_orders o where o.tenant_id = l.tenant_id and o.order_no = l.order_no)
            union all
            select 'step ' || e.version || ' of ' || e.order_no from all_order_events e
            where not exists (select 1 from all_orders o where o.tenant_id = e.tenant_id and o.order_no = e.order_no)
            union all
            select 'shipment ' || s.number || ' of ' || s.order_no from all_shipments s
            where not exists (select 1 from all_orders o where o.tenant_id = s.tenant_id and o.order_no = s.order_no)
            union all
            select 'parcel of line ' || p.line || ' of ' || p.order_no from all_shipment_lines p
            where not exists (select 1 from all_order_lines l
                    where l.tenant_id = p.tenant_id and l.order_no = p.order_no and l.line = p.line)
                or not exists (select 1 from all_shipments s
                    where s.tenant_id = p.tenant_id and s.order_no = p.order_no and s.number = p.number)",
    },
];
