-- The orders of a step on SQLite, before they are spread over the tables.
begin;
create table drawn as
    with recursive numbers(n) as (select {first} union all select n + 1 from numbers where n < {behind} - 1)
    select n, 'ord_' || printf('%012X', n) || substr(hex(randomblob(7)), 1, 14) as order_no,
        'grown-' || lower(hex(randomblob(16))) as key, randomblob(16) as key_hash, randomblob(32) as fingerprint,
        printf('bench-%06d', n * 7919 % 1000) as sku, 'bench-' || (n * 104729 % 1000) as customer,
        {base} + n * 864 as at, n >= {answered} as answered,
        case n % 20 when 0 then 'paid' when 1 then 'closed' when 11 then 'closed' else 'completed' end as status
    from numbers;
