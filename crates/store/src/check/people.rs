//! Owns the SQL of the invariant of people and their sessions; see `check/invariants.rs` for what stands in it.

use super::invariants::Invariant;

/// Every invariant of people.
pub(super) const ALL: &[Invariant] = &[Invariant {
    id: "S-5",
    title: "every person has an account of their kind and name and a role that fits, every session a person, and one end",
    broken_by: "
        select 'person ' || p.public_id || ': no account of their kind and name' from people p
        left join principals a on a.id = p.principal_id and a.tenant_id = p.tenant_id and a.kind = p.kind
            and a.name = p.login and a.public_id = p.public_id
        where a.id is null
        union all
        select 'person ' || p.public_id || ': a ' || p.kind || ' with the role ' || p.role from people p
        where (p.kind = 'member' and p.role <> 'shopper') or (p.kind = 'guest' and p.role <> 'guest')
            or (p.kind = 'staff' and p.role not in ('admin', 'merchant', 'support', 'auditor'))
        union all
        select 'session ' || s.id || ': nobody has it' from sessions s where not exists (
            select 1 from people p where p.tenant_id = s.tenant_id and p.principal_id = s.principal_id)
        union all
        select 'guest ' || l.guest_principal_id || ': no guest, or no member whom they became' from guest_links l
        where not exists (select 1 from people p where p.tenant_id = l.tenant_id
                and p.principal_id = l.guest_principal_id and p.kind = 'guest')
            or not exists (select 1 from people p where p.tenant_id = l.tenant_id
                and p.principal_id = l.principal_id and p.kind = 'member')
        union all
        select 'session ' || s.id || ': opened after its person was put out ' || s.epoch || ' times' from sessions s
        join people p on p.tenant_id = s.tenant_id and p.principal_id = s.principal_id where s.epoch > p.epoch
        union all
        select 'session ' || s.id || ': open and ended, or neither' from sessions s
        where (s.is_open = 1 and (s.ended is not null or s.ended_at is not null))
            or (s.is_open = 0 and (s.ended is null or s.ended_at is null))
        union all
        select 'session ' || s.id || ': lives until ' || s.idle_until || ', behind its end at ' || s.ends_at
        from sessions s where s.idle_until > s.ends_at
        union all
        select 'second factor of ' || f.principal_id || ': nobody has it, or they lost fewer than ' || f.number
        from second_factors f where not exists (select 1 from people p where p.tenant_id = f.tenant_id
            and p.principal_id = f.principal_id and p.factors_lost >= f.number)",
}];
