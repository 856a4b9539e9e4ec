//! Owns the promise of refunds that wait for a second person: one decision of two nodes, what is listed of them, what a
//! version of before makes of them, and what a shop asks.

use domain::channel::Verdict;
use domain::payment::{RefundLimits, RefundPolicy, RefundStatus};
use domain::text::Reason;
use domain::{Action, Command, Money, OrderNo, Payment, PrincipalId, RefundId, TenantId, Timestamp};
use engine::Fault;
use store::{Account, Cursor};

use crate::desk::{SECOND, noted, order_no};
use crate::ground::{Kind, on_every_database};
use crate::shop::{self, Shop, words};

on_every_database!(
    a_decision_is_kept_with_who_and_why,
    of_two_nodes_one_decides,
    a_list_has_those_that_wait_newest_first,
    what_a_shop_asks_is_what_was_set_last,
    refunds_of_before_never_waited,
    who_acts_is_named_as_others_may,
    what_is_sent_once_more_waits_as_well,
);

/// A paid order of 400.
async fn paid(shop: &Shop, name: &str) -> OrderNo {
    let place = shop.desk.place(name, &[("tea", 4)]);
    let number = order_no(&place);
    let [start, said] = shop.desk.pay(number, 400);
    shop.run(&[place, start, said]).await;
    number
}

async fn payment(shop: &Shop, number: OrderNo) -> Payment {
    shop.store.payment_for(shop.desk.tenant, number).await.expect("it is read").expect("it is there")
}

async fn a_decision_is_kept_with_who_and_why(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let (desk, number) = (&shop.desk, paid(&shop, "k").await);
    // Its name stands in the log.
    let account = Account { tenant: desk.tenant, kind: "service", name: "second", public_id: "acc_2" };
    assert_eq!(shop.store.account(&account, Timestamp(0)).await.expect("a new account"), SECOND);
    let because = |command: Command| noted(command, Some("they \u{8bf7} asked; it's \"due\""));
    shop.run(&[desk.refund_over(number, 1, 100), desk.refund_over(number, 2, 50)]).await;
    let waiting = payment(&shop, number).await;
    assert_eq!(waiting.refund_reserved, 150);
    assert!(waiting.refunds.iter().all(|refund| refund.status == RefundStatus::AwaitingApproval));
    assert_eq!(shop.count("select count(*) from outbox where task = 'refund'").await, 0);
    shop.run(&[because(desk.approve("yes", number, 1)), because(desk.withdraw("no", number, 2))]).await;
    let decided = payment(&shop, number).await;
    assert_eq!(decided.refund_reserved, 100);
    let of = |at: usize| {
        let refund = &decided.refunds[at];
        let decision = refund.decision.as_ref().expect("it is decided");
        let asked = refund.requested_by.as_ref().map(|party| (party.principal, party.id.as_str().to_owned()));
        assert_eq!(decision.reason.as_ref().map(Reason::as_str), Some("they \u{8bf7} asked; it's \"due\""));
        assert_eq!(asked, Some((desk.principal, format!("acc_{}", desk.principal.0))));
        (refund.status, decision.is_approved, decision.by.principal)
    };
    assert_eq!(of(0), (RefundStatus::Created, true, SECOND));
    assert_eq!(of(1), (RefundStatus::Rejected, false, desk.principal));
    assert_eq!(shop.count("select count(*) from outbox where task = 'refund'").await, 1);
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}

/// Both have looked before either has written: who comes second is told to look again, and finds it decided.
async fn of_two_nodes_one_decides(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let (desk, number) = (&shop.desk, paid(&shop, "k").await);
    shop.run(&[desk.refund_over(number, 1, 100)]).await;
    let (yes, no) = (desk.approve("yes", number, 1), desk.withdraw("no", number, 1));
    if kind == Kind::Sqlite {
        // One process, and one turn.
        let verdicts = shop.run(&[yes, no]).await;
        assert_eq!(words(&verdicts), ["200", "409"]);
    } else {
        let nodes = shop.nodes().await;
        let batches = [[yes], [no]];
        let (here, there) = tokio::join!(until_done(&nodes[0], &batches[0]), until_done(&nodes[1], &batches[1]));
        let mut words = [here, there].concat();
        words.sort_unstable();
        assert_eq!(words, ["200", "409"]);
    }
    let decided = payment(&shop, number).await;
    let sent = shop.count("select count(*) from outbox where task = 'refund'").await;
    let (reserved, asked) = if decided.refunds[0].is_approved() { (100, 1) } else { (0, 0) };
    assert_eq!((decided.refund_reserved, sent), (reserved, asked));
    assert_eq!(shop.count("select count(*) from payment_events where event in ('approve', 'reject')").await, 1);
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}

/// As the engine does: what another node was faster with is run again.
async fn until_done(store: &store::Store, batch: &[Command]) -> Vec<String> {
    for _ in 0..20 {
        match shop::run(store, batch).await {
            Ok(verdicts) => return words(&verdicts),
            Err(Fault::Retry(_)) => {}
            Err(fault) => panic!("{fault}"),
        }
    }
    panic!("the other one is always faster")
}

async fn a_list_has_those_that_wait_newest_first(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let (desk, mut waiting) = (&shop.desk, Vec::new());
    for at in 0..7 {
        let number = paid(&shop, &format!("k{at}")).await;
        let mut ask = desk.refund_over(number, 1, 100);
        // Always two of the same moment.
        ask.at = Timestamp(1_000_000 + at / 2);
        waiting.push((ask.at.0, RefundId::new(number.bits() + 1)));
        shop.run(&[ask, desk.refund(number, 2, Some(1))]).await;
        match at {
            0 => drop(shop.run(&[desk.approve("yes", number, 1)]).await),
            1 => drop(shop.run(&[desk.withdraw("no", number, 1)]).await),
            _ => {}
        }
    }
    let ids = |listed: &[(i64, RefundId)]| {
        let mut listed: Vec<_> = listed.iter().map(|(at, id)| (*at, id.to_string())).collect();
        listed.sort_unstable_by(|one, other| other.cmp(one));
        listed.into_iter().map(|(_, id)| id).collect::<Vec<_>>()
    };
    assert_eq!(all(&shop, RefundStatus::AwaitingApproval).await, ids(&waiting[2..]));
    assert_eq!(all(&shop, RefundStatus::Rejected).await, ids(&waiting[1..2]));
}

async fn all(shop: &Shop, status: RefundStatus) -> Vec<String> {
    let (mut ids, mut after): (Vec<String>, Option<Cursor>) = (Vec::new(), None);
    loop {
        let page = shop.store.refunds(shop.desk.tenant, Some(status), after.as_ref(), 2).await.expect("a page");
        assert!(page.rows.len() <= 2 && page.rows.iter().all(|row| row.payment.refund(row.refund).is_some()));
        ids.extend(page.rows.iter().map(|row| row.refund.to_string()));
        after = page.next;
        if after.is_none() {
            return ids;
        }
    }
}

async fn what_a_shop_asks_is_what_was_set_last(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let (desk, tenant) = (&shop.desk, shop.desk.tenant);
    let limits = |of: &[(i64, &str)]| {
        let money = |(minor, code): &(i64, &str)| Money::new(*minor, code.parse().expect("a currency"));
        RefundLimits::new(of.iter().map(money)).expect("good limits")
    };
    let asked = async || shop.store.refund_policy(tenant).await.expect("it is read");
    assert_eq!(asked().await, RefundPolicy::unset(tenant));
    let all = [limits(&[(100, "CNY"), (0, "JPY")]), limits(&[]), limits(&[(i64::MAX, "KWD")])];
    for (version, limits) in (2..).zip(&all) {
        let set = desk.limits(&format!("set {version}"), limits.clone());
        let at = Some(set.at);
        shop.run(&[set]).await;
        assert_eq!(asked().await, RefundPolicy { tenant, limits: limits.clone(), version, changed_at: at });
    }
    let twice = [desk.limits("one", all[0].clone()), desk.limits("other", all[1].clone())];
    shop.run(&twice).await;
    assert_eq!((asked().await.limits, asked().await.version), (all[1].clone(), 6));
    assert_eq!(shop.store.refund_policy(TenantId(99)).await.expect("it is read").version, 1);
}

/// What the step of approvals added, taken away again; and a refund that a node of before writes beside those of now.
async fn refunds_of_before_never_waited(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let (desk, number) = (&shop.desk, paid(&shop, "k").await);
    shop.run(&[desk.refund(number, 1, Some(50))]).await;
    shop.store.close().await;
    let on = if kind == Kind::MariaDb { " on refunds" } else { "" };
    shop.ground.plant(&format!("drop index refunds_tenant_id_approval_created_at_refund_id{on}")).await;
    shop.ground.plant("drop table refund_policies").await;
    let columns = ["approval", "requester_principal_id", "requested_by", "decider_principal_id", "decided_by"];
    for column in columns.into_iter().chain(["decided_at", "decision_reason"]) {
        shop.ground.plant(&format!("alter table refunds drop column {column}")).await;
    }
    shop.ground.plant("delete from seaql_migrations where version = 'm0008_approvals'").await;
    let shop = Shop { store: shop.ground.store().await, ..shop };
    assert_eq!(shop.store.migrate().await.expect("one step"), 1);
    let before = payment(&shop, number).await;
    assert_eq!((before.refunds[0].status, before.refunds[0].requested_by.as_ref()), (RefundStatus::Created, None));
    // Money of which nobody knows who asked for it counts as asked for alone.
    let over = shop.desk.refund_over(number, 2, 1);
    shop.run(&[over, shop.desk.approve("yes", number, 2)]).await;
    assert_eq!(words(&shop.run(&[shop.desk.approve("late", number, 1)]).await), ["409"]);
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}

async fn who_acts_is_named_as_others_may(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let of = async |tenant, principal| shop.store.actor_id(tenant, principal).await.expect("it is read");
    let id = of(shop.desk.tenant, shop.desk.principal).await.expect("it is there");
    assert!(id.as_str().starts_with("acc_"), "{id}");
    assert_eq!(of(TenantId(99), shop.desk.principal).await, None);
    assert_eq!(of(shop.desk.tenant, PrincipalId(99)).await, None);
}

/// The channel knew of none: it is the same refund that is to be sent once more, and waits.
async fn what_is_sent_once_more_waits_as_well(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let (desk, number) = (&shop.desk, paid(&shop, "k").await);
    let no = desk.back(number, 1, Verdict::Failed);
    let none = |question| desk.back_asked(number, 1, (Verdict::NotFound, question));
    let mut late = none(2);
    late.at = late.at.plus_ms(100_000);
    shop.run(&[desk.refund(number, 1, Some(100)), no, none(1), late]).await;
    assert_eq!(payment(&shop, number).await.refunds[0].status, RefundStatus::Failed);
    let mut again = desk.retry("again", number, 1, 77);
    if let Action::RetryRefund(retry) = &mut again.action {
        retry.asking = desk.asking(Some(99));
    }
    shop.run(&[again]).await;
    let held = payment(&shop, number).await;
    assert_eq!((held.refunds[0].status, held.refund_reserved), (RefundStatus::AwaitingApproval, 100));
    shop.run(&[desk.approve("yes", number, 1)]).await;
    let approved = payment(&shop, number).await;
    assert_eq!((approved.refunds[0].status, approved.refunds[0].provider_key), (RefundStatus::Created, 77));
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}
