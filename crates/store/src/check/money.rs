//! Owns the SQL of the invariants of money: payments, refunds, the ledger, what is to be done outside.

use super::invariants::Invariant;

/// Whether an order was paid while it waited for that: a term over `all_orders o`.
macro_rules! was_paid {
    () => {
        "(o.status in ('paid', 'shipped', 'completed') or (o.status = 'closed' and o.close_reason = 'refunded'))"
    };
}

/// Every invariant of money.
pub(super) const ALL: &[Invariant] = &[
    Invariant {
        id: "I-1",
        title: "an attempt took what was asked for, or nothing",
        broken_by: "
            select attempt_id || ': ' || status || ', captured ' || captured_minor || ' of ' || amount_minor
            from payment_attempts
            where captured_minor <> case when status = 'succeeded' then amount_minor else 0 end",
    },
    Invariant {
        id: "I-2a",
        title: "what an order and its payment captured is the sum of its attempts",
        broken_by: "
            select o.order_no || ': captured ' || o.captured_minor || ', payment ' || coalesce(p.captured_minor, 0)
                || ', attempts ' || coalesce(a.captured, 0)
            from all_orders o
            left join payments p on p.tenant_id = o.tenant_id and p.order_no = o.order_no
            left join (select tenant_id, order_no, sum(captured_minor) captured from payment_attempts
                group by tenant_id, order_no) a on a.tenant_id = o.tenant_id and a.order_no = o.order_no
            where o.captured_minor <> coalesce(p.captured_minor, 0) or o.captured_minor <> coalesce(a.captured, 0)",
    },
    Invariant {
        id: "I-2b",
        title: "money that came late or twice has refunds of its own, and nothing else has",
        broken_by: concat!(
            "
            select o.order_no || ': captured ' || o.captured_minor || ' of ' || o.total_minor || ', given back by itself '
                || coalesce(r.amount, 0)
            from all_orders o
            left join (select a.tenant_id, a.order_no, sum(a.captured_minor) amount from payment_attempts a
                where exists (select 1 from refunds f where f.tenant_id = a.tenant_id and f.attempt_id = a.attempt_id
                    and f.cause <> 'requested' and f.amount_minor = a.captured_minor)
                group by a.tenant_id, a.order_no) r on r.tenant_id = o.tenant_id and r.order_no = o.order_no
            where coalesce(r.amount, 0) <> o.captured_minor - case when ",
            was_paid!(),
            " then o.total_minor else 0 end"
        ),
    },
    Invariant {
        id: "I-3",
        title: "refunds that did not fail for good are reserved, and never more than was captured",
        broken_by: "
            select p.payment_id || ': reserved ' || p.refund_reserved_minor || ', refunds ' || coalesce(r.reserved, 0)
                || ', refunded ' || p.refunded_minor || ', succeeded ' || coalesce(r.succeeded, 0)
            from payments p
            left join (select tenant_id, order_no,
                    sum(case when status <> 'failed' then amount_minor else 0 end) reserved,
                    sum(case when status = 'succeeded' then amount_minor else 0 end) succeeded
                from refunds group by tenant_id, order_no) r on r.tenant_id = p.tenant_id and r.order_no = p.order_no
            where p.refund_reserved_minor <> coalesce(r.reserved, 0) or p.refunded_minor <> coalesce(r.succeeded, 0)
                or p.refund_reserved_minor > p.captured_minor
            union all
            select o.order_no || ': refunded ' || o.refunded_minor || ' and returned ' || o.returned_minor
            from all_orders o left join payments p on p.tenant_id = o.tenant_id and p.order_no = o.order_no
            where o.refunded_minor + o.returned_minor <> coalesce(p.refunded_minor, 0)
            union all
            select a.attempt_id || ': captured ' || a.captured_minor || ', refunds ' || sum(r.amount_minor)
            from payment_attempts a join refunds r on r.tenant_id = a.tenant_id and r.attempt_id = a.attempt_id
                and r.status <> 'failed'
            group by a.tenant_id, a.attempt_id, a.captured_minor having sum(r.amount_minor) > a.captured_minor",
    },
    Invariant {
        id: "I-4a",
        title: "every movement in the ledger sums to zero",
        broken_by: "
            select kind || ' ' || source || ': ' || sum(amount_minor) from ledger_entries
            group by tenant_id, kind, source, currency having sum(amount_minor) <> 0 or count(*) <> 2",
    },
    Invariant {
        id: "I-4b",
        title: "what lies with each channel is what was captured there less what was given back",
        broken_by: "
            select account || ': ledger ' || sum(cash) || ', payments ' || sum(moved) from (
                select tenant_id, account, amount_minor cash, 0 moved from ledger_entries where account like 'channel:%'
                union all
                select tenant_id, 'channel:' || account_id, 0, captured_minor from payment_attempts
                where captured_minor <> 0
                union all
                select r.tenant_id, 'channel:' || a.account_id, 0, -r.amount_minor
                from refunds r join payment_attempts a on a.tenant_id = r.tenant_id and a.attempt_id = r.attempt_id
                where r.status = 'succeeded') both_books
            group by tenant_id, account having sum(cash) <> sum(moved)",
    },
    Invariant {
        id: "I-13c",
        title: "the history of every payment, attempt and refund is a path of its table",
        broken_by: "
            select e.payment_id || ' version ' || e.version || ': ' || e.subject || ' ' || coalesce(e.from_status, 'nothing')
                || ' on ' || e.event || ' to ' || e.to_status
            from payment_events e
            where (e.subject, coalesce(e.from_status, ''), e.event, e.to_status) not in ({payment_transitions})",
    },
    Invariant {
        id: "I-13d",
        title: "a payment's versions are gapless, and the last steps lead to where all of it stands",
        broken_by: "
            select p.payment_id || ': version ' || p.version || ', ' || count(e.version) || ' steps' from payments p
            left join payment_events e on e.tenant_id = p.tenant_id and e.payment_id = p.payment_id
            group by p.tenant_id, p.payment_id, p.version
            having count(e.version) <> p.version or max(e.version) <> p.version
            union all
            select s.name || ': ' || s.status || ', last step to ' || coalesce(e.to_status, 'nothing') from (
                select tenant_id, payment_id, payment_id name, 'payment' subject, 0 number, status from payments
                union all
                select tenant_id, payment_id, attempt_id, 'attempt', number, status from payment_attempts
                union all
                select tenant_id, payment_id, refund_id, 'refund', number,
                    case approval when 1 then 'awaiting_approval' when 3 then 'rejected' else status end
                from refunds) s
            left join (
                select tenant_id, payment_id, subject, subject_number, max(version) version from payment_events
                group by tenant_id, payment_id, subject, subject_number) l
                on l.tenant_id = s.tenant_id and l.payment_id = s.payment_id and l.subject = s.subject
                    and l.subject_number = s.number
            left join payment_events e
                on e.tenant_id = l.tenant_id and e.payment_id = l.payment_id and e.version = l.version
            where coalesce(e.to_status, '') <> s.status",
    },
    Invariant {
        id: "I-14b",
        title: "no attempt and no refund is left alone: its end is known, a question is on its way, or a person was called",
        broken_by: "
            select a.attempt_id || ': ' || a.status || ', asked ' || a.queries || ' times' from payment_attempts a
            where a.status in ('submitted', 'requires_action', 'unknown') and a.query_at is null and not exists (
                select 1 from reviews v where v.tenant_id = a.tenant_id and v.subject = a.attempt_id and v.kind = 'stuck')
            union all
            select r.refund_id || ': ' || r.status || ', the last question was ' || r.queries from refunds r
            where r.status in ('submitted', 'unknown') and r.query_at is null and not exists (
                select 1 from reviews v where v.tenant_id = r.tenant_id and v.subject = r.refund_id and v.kind = 'stuck')
            union all
            select a.attempt_id || ': created, and nothing is to be done' from payment_attempts a
            where a.status = 'created' and not exists (select 1 from outbox m where m.subject = a.attempt_id)
                and not exists (
                    select 1 from reviews v
                    where v.tenant_id = a.tenant_id and v.subject = a.attempt_id and v.kind = 'stuck')
            union all
            select r.refund_id || ': created, and nothing is to be done' from refunds r
            where r.status = 'created' and r.approval <> 1
                and not exists (select 1 from outbox m where m.subject = r.refund_id)",
    },
    Invariant {
        id: "S-7",
        title: "a refund that waits is nobody's outside, and somebody else than who asked for it lets it go",
        broken_by: "
            select r.refund_id || ': waits, and is ' || r.status from refunds r
            where r.approval = 1 and (r.status <> 'created' or r.decided_by is not null or r.requested_by is null
                or exists (select 1 from outbox m where m.subject = r.refund_id and m.task = 'refund'))
            union all
            select r.refund_id || ': approved by ' || coalesce(r.decided_by, 'nobody') || ', asked for by '
                || coalesce(r.requested_by, 'nobody')
            from refunds r where r.approval = 2 and (r.decided_at is null or r.decider_principal_id is null
                or r.requester_principal_id is null or r.decider_principal_id = r.requester_principal_id)
            union all
            select r.refund_id || ': rejected, and is ' || r.status from refunds r
            where r.approval = 3 and (r.status <> 'failed' or r.decided_at is null)
            union all
            select r.refund_id || ': decided, and never waited' from refunds r
            where r.approval = 0 and r.decided_at is not null
            union all
            select r.refund_id || ': ' || r.cause || ', and waited' from refunds r
            where r.cause <> 'requested' and r.approval <> 0",
    },
    Invariant {
        id: "S-4",
        title: "a payment is open as long as its order is, and what hangs on it has it",
        broken_by: "
            select p.payment_id || ': ' || p.status || ', order ' || coalesce(o.status, 'missing') from payments p
            left join all_orders o on o.tenant_id = p.tenant_id and o.order_no = p.order_no
            where o.order_no is null or (p.status = 'open') <> (o.status = 'pending_payment')
            union all
            select a.attempt_id || ' without payment' from payment_attempts a
            where not exists (select 1 from payments p where p.tenant_id = a.tenant_id and p.order_no = a.order_no)
            union all
            select r.refund_id || ' without attempt' from refunds r
            where not exists (
                select 1 from payment_attempts a where a.tenant_id = r.tenant_id and a.attempt_id = r.attempt_id)",
    },
];
