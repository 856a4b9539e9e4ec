//! Owns what operators look at and do: every list of theirs, a review of which somebody says what they did, and API keys.

use std::collections::BTreeSet;

use domain::access::Role;
use domain::api_key::{Name, SecretHash};
use domain::review::{Kind as Why, Review};
use domain::text::{AccountName, ChannelNo, CustomerId, Sku};
use domain::{
    Action, ApiKeyId, ChannelAccountId, Command, IssueApiKey, OrderNo, PaymentId, PersonId, PrincipalId, ReviewId,
    TenantId, Timestamp, payment,
};
use engine::Scope;
use idempotency::Key;
use store::{Cursor, PaymentFilter, Senders, Store};

use crate::desk::{ACCOUNT, Desk};
use crate::shop::Shop;

/// Many reviews, of which somebody has looked at most.
pub(super) async fn populate(shop: &Shop) {
    let row = |at: u32| {
        let (tenant, id) = (1 + at % 3, ReviewId::new(u128::from(at)));
        let looked = if at.is_multiple_of(10) { "null, null".to_owned() } else { format!("{at}, 'looked'") };
        format!("({tenant}, '{id}', 'stuck', 'att_{at}', 'no word', {at}, {looked})")
    };
    let rows: Vec<_> = (0..3_000).map(row).collect();
    let columns = "tenant_id, review_id, kind, subject, detail, raised_at, resolved_at, resolution";
    shop.ground.plant(&format!("insert into reviews ({columns}) values {}", rows.join(", "))).await;
}

/// Pages of each list, with every filter.
pub(super) async fn pages(store: &Store, tenant: TenantId, order_no: OrderNo) {
    let cursor = Cursor { at: Timestamp(900), id: PaymentId::new(order_no.bits()).to_string() };
    for bits in 0..64_u8 {
        let set = |bit: u8| bits & (1 << bit) != 0;
        let filter = PaymentFilter {
            status: set(0).then_some(payment::Status::Paid),
            account: set(1).then_some(ACCOUNT),
            order_no: set(2).then_some(order_no),
            created_from: set(3).then_some(Timestamp(100)),
            created_to: set(4).then_some(Timestamp(1_000)),
        };
        store.payments_page(tenant, &filter, set(5).then_some(&cursor), 20).await.expect("a page");
    }
    let page = store.payments_page(tenant, &PaymentFilter::default(), None, 20).await.expect("a page");
    assert!(page.next.is_some());
    let mut payment = store.payment_for(tenant, order_no).await.expect("an answer").expect("it was paid");
    payment.attempts[0].channel_no = Some(ChannelNo::from_stored("no"));
    assert!(!store.payment_facts(&payment, 20).await.expect("facts").is_empty());
    let tea = Sku::from_stored("tea");
    let page = store.stock_movements(tenant, &tea, None, 5).await.expect("a page");
    assert!(page.next.is_some());
    store.stock_movements(tenant, &tea, page.next.as_ref(), 5).await.expect("a page");
    // A day is little of all the time that a shop is there.
    let since = (Timestamp(1_000_000_000), Timestamp(1_000_000_001));
    store.attempts_ended(tenant, &[ACCOUNT, ChannelAccountId::new(2)], since).await.expect("counts");
    for all in [false, true] {
        let page = store.reviews_page(tenant, all, None, 20).await.expect("a page");
        assert!(page.next.is_some());
        store.reviews_page(tenant, all, page.next.as_ref(), 20).await.expect("a page");
    }
}

/// What people ask of keys.
pub(super) async fn keys_asked_for(store: &Store, tenant: TenantId) {
    let key = Key::from_stored("k");
    assert!(!store.key_senders(tenant, &key).await.expect("senders").is_empty());
    let scopes = BTreeSet::from([Scope { tenant, principal: PrincipalId(1), key }]);
    store.keys_under(tenant, &scopes).await.expect("rows");
    let page = store.keys_latest(tenant, Senders::All, None, 2).await.expect("a page");
    assert!(page.next.is_some());
    for senders in [Senders::Clients, Senders::One(PrincipalId(1))] {
        store.keys_latest(tenant, senders, page.next.as_ref(), 2).await.expect("a page");
    }
    for name in ["service:checkout", "acc_1"] {
        store.sender_named(tenant, name).await.expect("an answer");
    }
}

/// Who bought, by their ids and by their logins.
pub(super) async fn customers_asked_for(store: &Store, tenant: TenantId) {
    let page = (0..50).map(|at| CustomerId::from_stored(&PersonId::new(at).to_string())).collect();
    assert!(!store.customers_named(tenant, page).await.expect("names").is_empty());
    for word in ["login 0", "member:login 0"] {
        assert!(store.customer_called(tenant, word).await.expect("an answer").is_some());
    }
}

/// Somebody says what they did about something new.
pub(super) async fn looked(store: &Store, desk: &Desk, name: &str) -> Command {
    let id = ReviewId::new(u128::from(desk.now().0.unsigned_abs()) << 64);
    let (subject, detail) = (name.to_owned(), "no word".to_owned());
    let review =
        Review { id, tenant: desk.tenant, kind: Why::Stuck, subject, detail, at: Timestamp(1), resolved: None };
    assert!(store.review_raise(&review).await.expect("it is new"));
    desk.resolve(&format!("{name} looked"), id, "looked")
}

/// A key that is issued.
pub(super) fn issued(desk: &Desk, name: &str) -> Command {
    let id = u128::from(desk.now().0.unsigned_abs());
    let mut hash = [0xab; 32];
    hash[..16].copy_from_slice(&id.to_be_bytes());
    let action = IssueApiKey {
        id: ApiKeyId::new(id),
        principal: desk.principal,
        account: AccountName::from_stored("checkout"),
        role: Role::Service,
        shown_prefix: "mk_0123456".to_owned(),
        secret_hash: SecretHash(hash),
    };
    desk.command(&format!("{name} issued"), Action::IssueApiKey(action))
}

/// That it is revoked, and that one is which has no id.
pub(super) fn revoked(desk: &Desk, name: &str, issued: &Command) -> [Command; 2] {
    let Action::IssueApiKey(issue) = &issued.action else { panic!("{issued:?}") };
    // Of those that are there, the tenant has each third.
    let number = if name == "new" { 9 } else { 12 };
    [Name::Id(issue.id), Name::Number(number)]
        .map(|key| desk.command(&format!("{name} revoked {key}"), Action::RevokeApiKey(key)))
}
