-- The orders of a step on PostgreSQL, before they are spread over the tables.
begin;
create unlogged table drawn as
    select n, 'ord_' || upper(lpad(to_hex(n), 12, '0') || left(md5(n::text), 14)) as order_no, 'grown-' || md5('key' || n) as key,
        decode(md5('key' || n), 'hex') as key_hash, sha256(('key' || n)::bytea) as fingerprint,
        'bench-' || lpad((n * 7919 % 1000)::text, 6, '0') as sku, 'bench-' || (n * 104729 % 1000) as customer,
        {base} + n * 864 as at, n >= {answered} as answered,
        case n % 20 when 0 then 'paid' when 1 then 'closed' when 11 then 'closed' else 'completed' end as status
    from generate_series({first}::bigint, {behind}::bigint - 1) n;
