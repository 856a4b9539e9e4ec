//! Owns random requests: few skus, little stock and few keys, so that they get in each other's way. A request is
//! picked by small numbers and made concrete once it is known which orders there are.

mod money;
mod people;

use std::sync::Arc;

use domain::order::{CloseReason, PendingLimit, Status};
use domain::text::{Carrier, CustomerId, MoveReason, Note, ProductName, Reason, Sku, TrackingNo};
use domain::{
    Action, Alias, Command, CorrectShipment, LineRequest, MoveStock, MovementId, Order, OrderNo, OrderNumberSource,
    PaymentId, PlaceOrder, PrincipalId, PutProduct, ShipLine, ShipOrder, ShipmentId, TenantId, Timestamp, Whose, audit,
};
use engine::memory::Tables;
use idempotency::{CommandId, Key};
use proptest::prelude::{Just, Strategy, any, prop_oneof};

use super::subjects::{self, ACCOUNTS, CHANNELS, PEOPLE, SESSIONS, TENANTS, principal};
use people::SHOPS_NAMED;

use crate::desk::{fingerprints, money};
pub use people::login;

/// How long issued numbers and unpaid orders last: short, so that some of them are past.
const SHORT: i64 = 70;

/// What somebody wants, before it is known which orders there are.
#[derive(Clone, Debug)]
pub struct Wish {
    tenant: i64,
    account: i64,
    key: u8,
    /// Whether it is written into the audit log, and why.
    note: Option<bool>,
    /// Whose orders it may touch: all, a guest's or a member's.
    whose: Option<bool>,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Put { sku: u8, price: i64, stock: i64, version: Option<u32>, derived: bool },
    Move { sku: u8, quantity: i64 },
    Issue,
    Place { lines: Vec<(u8, i64, Option<i64>)>, number: Option<u8>, note: bool, token: Option<u8>, limit: u8 },
    Start { order: u8, channel: u128 },
    Said { order: u8, attempt: u8, verdict: u8, short: i64, source: u8 },
    Silent { order: u8, attempt: u8, task: u8 },
    Refund { order: u8, amount: Option<i64>, line: Option<(u32, i64, bool)>, limit: Option<i64> },
    Approve { order: u8, refund: u8 },
    Reject { order: u8, refund: u8, staff: bool },
    Limits { limit: Option<i64>, stale: Option<u32>, derived: bool },
    Back { order: u8, refund: u8, verdict: u8, source: u8 },
    Retry { order: u8, refund: u8 },
    Stray { number: u8 },
    Look { review: u8 },
    Cancel { order: u8, merchant: bool },
    Expire { order: u8 },
    Ship { order: u8, stale: u32, tracking: u8, lines: Option<Vec<(u32, i64)>> },
    Correct { order: u8, stale: u32, tracking: u8 },
    Receive { order: u8, automatic: bool },
    Add { person: u8, role: u8, password: bool },
    Step { person: u8, step: u8, stale: Option<u32>, by: Option<u8> },
    Shop { shop: i64, step: u8 },
    Kick { person: u8, session: u8, whose: u8 },
    Rules { staff: bool, pick: u8, stale: Option<u32>, derived: bool },
    Checkout { pick: u8, stale: Option<u32>, derived: bool },
}

/// A request as its client keeps it: sent again, it is the same.
#[derive(Clone, Debug)]
pub struct Request {
    tenant: i64,
    principal: PrincipalId,
    key: Key,
    /// The body's meaning, in words.
    body: String,
    token: Option<u8>,
    note: Option<audit::Note>,
    whose: Whose,
    action: Action,
}

pub fn wish() -> impl Strategy<Value = Wish> {
    let line = (0..4_u8, 1..4_i64, proptest::option::weighted(0.25, 0..2_i64));
    let other_line = line.clone();
    let stale = prop_oneof![9 => Just(0_u32), 1 => Just(1)];
    let parcels = proptest::collection::vec((1..4_u32, 1..3_i64), 1..3);
    let order = any::<u8>();
    let what = prop_oneof![
        5 => (0..4_u8, 1..3_i64, 0..30_i64, proptest::option::weighted(0.1, 0..3_u32))
            .prop_map(|(sku, price, stock, version)| What::Put { sku, price, stock, version, derived: false }),
        4 => (0..2_u8, 1..3_i64)
            .prop_map(|(sku, price)| What::Put { sku, price, stock: 20, version: None, derived: true }),
        2 => (0..4_u8, -5..9_i64).prop_map(|(sku, by)| What::Move { sku, quantity: if by < 0 { by } else { by + 1 } }),
        1 => Just(What::Issue),
        7 => (proptest::collection::vec(line, 1..4), proptest::option::weighted(0.4, any::<u8>()), any::<bool>())
            .prop_map(|(lines, number, note)| What::Place { lines, number, note, token: None, limit: 0 }),
        5 => (0..8_u8, proptest::collection::vec(other_line, 1..3), 0..3_u8).prop_map(|(token, lines, limit)| {
            // Half of the tokens are always sent with the same.
            let lines = if token < 4 { vec![(token, 1, None)] } else { lines };
            What::Place { lines, number: None, note: token < 4, token: Some(token), limit: if token < 4 { token % 3 } else { limit } }
        }),
        12 => (order, 1..=CHANNELS + 1).prop_map(|(order, channel)| What::Start { order, channel }),
        20 => (order, 0..2_u8, 0..16_u8, prop_oneof![9 => Just(0_i64), 1 => Just(1)], 0..6_u8).prop_map(
            |(order, attempt, verdict, short, source)| What::Said { order, attempt, verdict, short, source }),
        3 => (order, 0..2_u8, 0..3_u8).prop_map(|(order, attempt, task)| What::Silent { order, attempt, task }),
        9 => (order, proptest::option::of(1..4_i64), proptest::option::of((1..3_u32, 1..2_i64, any::<bool>())),
            proptest::option::weighted(0.6, 0..2_i64))
            .prop_map(|(order, amount, line, limit)| What::Refund { order, amount, line, limit }),
        10 => (order, 0..2_u8).prop_map(|(order, refund)| What::Approve { order, refund }),
        8 => (order, 0..2_u8, any::<bool>()).prop_map(|(order, refund, staff)| What::Reject { order, refund, staff }),
        1 => (proptest::option::of(0..3_i64), proptest::option::weighted(0.3, 0..2_u32), any::<bool>())
            .prop_map(|(limit, stale, derived)| What::Limits { limit, stale, derived }),
        18 => (order, 0..2_u8, 0..12_u8, 0..6_u8)
            .prop_map(|(order, refund, verdict, source)| What::Back { order, refund, verdict, source }),
        1 => (order, 0..3_u8).prop_map(|(order, refund)| What::Retry { order, refund }),
        1 => (0..3_u8).prop_map(|number| What::Stray { number }),
        2 => any::<u8>().prop_map(|review| What::Look { review }),
        2 => (order, any::<bool>()).prop_map(|(order, merchant)| What::Cancel { order, merchant }),
        1 => order.prop_map(|order| What::Expire { order }),
        6 => (order, stale.clone(), 0..3_u8, proptest::option::of(parcels))
            .prop_map(|(order, stale, tracking, lines)| What::Ship { order, stale, tracking, lines }),
        4 => (order, stale, 0..3_u8).prop_map(|(order, stale, tracking)| What::Correct { order, stale, tracking }),
        2 => (order, any::<bool>()).prop_map(|(order, automatic)| What::Receive { order, automatic }),
        3 => (0..PEOPLE, 0..40_u8, any::<bool>())
            .prop_map(|(person, role, password)| What::Add { person, role, password }),
        6 => (0..PEOPLE, 0..10_u8, proptest::option::weighted(0.3, 0..2_u32), proptest::option::weighted(0.2, 0..PEOPLE))
            .prop_map(|(person, step, stale, by)| What::Step { person, step, stale, by }),
        3 => (1..=SHOPS_NAMED, 0..3_u8).prop_map(|(shop, step)| What::Shop { shop, step }),
        2 => (0..PEOPLE, 0..=SESSIONS, prop_oneof![9 => Just(0), 1 => Just(1)])
            .prop_map(|(person, session, whose)| What::Kick { person, session, whose }),
        1 => (any::<bool>(), 0..3_u8, proptest::option::weighted(0.3, 0..2_u32))
            .prop_map(|(staff, pick, stale)| What::Rules { staff, pick, stale, derived: false }),
        1 => (any::<bool>(), 0..2_u8)
            .prop_map(|(staff, pick)| What::Rules { staff, pick, stale: None, derived: true }),
        1 => (0..3_u8, proptest::option::weighted(0.3, 0..2_u32), any::<bool>())
            .prop_map(|(pick, stale, derived)| What::Checkout { pick, stale, derived }),
    ];
    let mostly_first = |last: i64| prop_oneof![3 => Just(1), 1 => 1..=last];
    let note = proptest::option::weighted(0.3, any::<bool>());
    let whose = proptest::option::weighted(0.1, any::<bool>());
    (mostly_first(TENANTS), mostly_first(ACCOUNTS), 0..60_u8, note, whose, what)
        .prop_map(|(tenant, account, key, note, whose, what)| Wish { tenant, account, key, note, whose, what })
}

impl Request {
    /// The request of a wish; `None` where there is no order to speak of. `made` names what it would make.
    pub fn of(wish: &Wish, tables: &Tables, made: u64) -> Option<Self> {
        let action = action(wish, tables)?;
        let body = format!("{:?} {action:?}", wish.what);
        let key = match &wish.what {
            What::Put { derived: true, sku, price, .. } => Key::derived("put", &format!("{sku}-{price}")),
            What::Rules { derived: true, staff, pick, .. } => Key::derived("put", &format!("{staff} {pick}")),
            What::Checkout { derived: true, pick, .. } => Key::derived("put", &format!("checkout {pick}")),
            What::Limits { derived: true, limit, .. } => Key::derived("put", &format!("limit {limit:?}")),
            // Most keys are new: else most requests would be refused for their key.
            _ if wish.key < 50 => Key::from_stored(&format!("k{made}")),
            _ => Key::from_stored(&format!("again{}", wish.key)),
        };
        let token = if let What::Place { token, .. } = wish.what { token } else { None };
        let (principal, actor) = match wish.what {
            What::Step { by: Some(by), .. } => {
                let tenant = TenantId(wish.tenant);
                (subjects::acts(tenant, by), subjects::person(tenant, by).to_string())
            }
            _ => (acting(wish), subjects::account(wish.tenant, account_of(wish))),
        };
        let reason = |told: bool| told.then(|| Reason::from_stored("they \u{8bf7} asked; it's \"due\""));
        let note = wish.note.map(|told| audit::Note { actor: actor.clone(), reason: reason(told) });
        let only = |member: bool| Whose::Only(vec![CustomerId::from_stored(if member { "member" } else { "guest" })]);
        let whose = wish.whose.map_or(Whose::Anybodys, only);
        Some(Self { tenant: wish.tenant, principal, key, body, token, note, whose, action })
    }

    /// One arrival of it. Ids and time are stamped as intake does.
    pub fn arrive(&self, arrival: u64) -> Command {
        let at = Timestamp(i64::try_from(arrival).expect("few arrivals"));
        Command {
            id: CommandId(arrival.into()),
            tenant: TenantId(self.tenant),
            principal: self.principal,
            key: self.key.clone(),
            fingerprints: fingerprints(&self.body),
            at,
            request_id: format!("req-{arrival}"),
            aliases: self.token.map(|token| alias(token, at)).into_iter().collect(),
            token: domain::Token::None,
            origin: domain::Origin::default(),
            whose: self.whose.clone(),
            note: self.note.clone(),
            action: stamped(self.action.clone(), arrival.into(), at),
        }
    }
}

/// Who hands the wish in. Refunds are mostly let go by another than who mostly asks for them.
fn acting(wish: &Wish) -> PrincipalId {
    principal(wish.tenant, account_of(wish))
}

const fn account_of(wish: &Wish) -> i64 {
    match wish.what {
        What::Approve { .. } => ACCOUNTS + 1 - wish.account,
        _ => wish.account,
    }
}

/// One of the tokens is good again after some time, as a name made of what is asked for is.
fn alias(token: u8, at: Timestamp) -> Alias {
    let since = (token == 3).then(|| at.plus_ms(-20));
    Alias { key: Key::derived("token", &token.to_string()), since }
}

/// An order for a wish: mostly one that can take the step, so that more happens than refusals.
fn picked<'a>(wish: &Wish, tables: &'a Tables, pick: u8) -> Option<&'a Arc<Order>> {
    let (tenant, fit) = (TenantId(wish.tenant), fit(&wish.what));
    let decides = matches!(wish.what, What::Approve { .. } | What::Reject { .. });
    let orders = tables.orders.range(of(tenant)).map(|(_, order)| order);
    let is_asked = |order: &&Arc<Order>| {
        let payment = tables.money.payments.get(&(tenant, order.order_no));
        !decides || payment.is_some_and(|payment| payment.refunds.iter().any(money::waits))
    };
    let fitting = nth(orders.clone().filter(|order| fit.contains(&order.status)).filter(is_asked), pick);
    if pick.is_multiple_of(4) { nth(orders, pick) } else { fitting }
}

/// The action as the client names it; what intake makes is still zero.
fn action(wish: &Wish, tables: &Tables) -> Option<Action> {
    let tenant = TenantId(wish.tenant);
    let order = |pick: u8| picked(wish, tables, pick);
    Some(match &wish.what {
        What::Put { sku: at, price, stock, version, .. } => Action::PutProduct(PutProduct {
            sku: sku(*at),
            name: ProductName::from_stored(&format!("Ware \u{8336} \"{price}\"")),
            price: money(*price),
            initial_stock: *stock,
            expected_version: *version,
            must_be_new: false,
        }),
        What::Move { sku: at, quantity } => {
            let (id, reason) = (MovementId::new(0), MoveReason::from_stored("a count"));
            Action::MoveStock(MoveStock { id, sku: sku(*at), quantity: *quantity, reason })
        }
        What::Issue => Action::IssueOrderNumber { order_no: OrderNo::new(0), expires_at: Timestamp(0) },
        What::Place { lines, number, note, limit, .. } => Action::PlaceOrder(PlaceOrder {
            number: match number.and_then(|pick| number_of(tables, tenant, pick)) {
                Some(issued) => OrderNumberSource::Issued(issued),
                None => OrderNumberSource::Made(OrderNo::new(0)),
            },
            customer_id: CustomerId::from_stored(if *limit == 0 { "guest" } else { "member" }),
            lines: lines.iter().map(line).collect(),
            note: note.then(|| Note::from_stored("ring twice\u{2028}'or not'")),
            expires_at: Timestamp(0),
            pending_limit: PendingLimit::ALL[usize::from(*limit)],
        }),
        What::Start { order: pick, .. }
        | What::Said { order: pick, .. }
        | What::Silent { order: pick, .. }
        | What::Refund { order: pick, .. }
        | What::Back { order: pick, .. }
        | What::Approve { order: pick, .. }
        | What::Reject { order: pick, .. }
        | What::Retry { order: pick, .. } => money::action(&wish.what, (order(*pick)?, acting(wish)), tables)?,
        What::Limits { limit, stale, .. } => money::limits(tenant, (*limit, *stale), tables),
        What::Stray { number } => money::stray(tenant, *number),
        What::Look { review } => money::look(tenant, *review, tables)?,
        What::Add { .. }
        | What::Step { .. }
        | What::Shop { .. }
        | What::Kick { .. }
        | What::Rules { .. }
        | What::Checkout { .. } => people::action(&wish.what, tenant, tables)?,
        What::Cancel { order: pick, merchant } => {
            let reason = if *merchant { CloseReason::Merchant } else { CloseReason::Customer };
            Action::CancelOrder { order_no: order(*pick)?.order_no, reason }
        }
        What::Expire { order: pick } => Action::ExpireOrder { order_no: order(*pick)?.order_no },
        What::Ship { order: pick, stale, tracking, lines } => Action::ShipOrder(ShipOrder {
            order_no: order(*pick)?.order_no,
            shipment: ShipmentId::new(0),
            expected_version: order(*pick)?.version - stale,
            carrier: Carrier::from_stored("SF"),
            tracking_no: tracking_no(*tracking),
            lines: lines.as_deref().map(parcels),
        }),
        What::Correct { order: pick, stale, tracking } => Action::CorrectShipment(CorrectShipment {
            order_no: order(*pick)?.order_no,
            expected_version: order(*pick)?.version - stale,
            carrier: Carrier::from_stored("SF"),
            tracking_no: tracking_no(*tracking),
        }),
        What::Receive { order: pick, automatic } => {
            Action::ReceiveOrder { order_no: order(*pick)?.order_no, automatic: *automatic }
        }
    })
}

/// Where an order stands that can take the step.
const fn fit(what: &What) -> &'static [Status] {
    match what {
        What::Start { .. } | What::Cancel { .. } | What::Expire { .. } => &[Status::PendingPayment],
        What::Said { attempt: 0, .. } | What::Silent { .. } => &[Status::PendingPayment, Status::Closed],
        What::Said { .. } | What::Back { .. } | What::Retry { .. } | What::Approve { .. } | What::Reject { .. } => {
            &[Status::Paid, Status::Shipped, Status::Completed, Status::Closed]
        }
        What::Refund { .. } => &[Status::Paid, Status::Shipped, Status::Completed],
        What::Ship { .. } => &[Status::Paid],
        What::Correct { .. } => &[Status::Paid, Status::Shipped],
        What::Receive { .. } => &[Status::Shipped],
        _ => &[],
    }
}

/// Puts in what intake makes.
fn stamped(mut action: Action, made: u128, at: Timestamp) -> Action {
    match &mut action {
        Action::MoveStock(movement) => movement.id = MovementId::new(made),
        Action::IssueOrderNumber { order_no, expires_at } => {
            (*order_no, *expires_at) = (OrderNo::new(made), at.plus_ms(SHORT));
        }
        Action::PlaceOrder(place) => {
            place.expires_at = at.plus_ms(SHORT);
            if matches!(place.number, OrderNumberSource::Made(_)) {
                place.number = OrderNumberSource::Made(OrderNo::new(made));
            }
        }
        Action::ShipOrder(ship) => ship.shipment = ShipmentId::new(made),
        Action::StartPayment(start) => start.payment = PaymentId::new(made),
        _ => {}
    }
    action
}

/// A number that was issued: one that is still to be had, or one that became an order.
fn number_of(tables: &Tables, tenant: TenantId, pick: u8) -> Option<OrderNo> {
    let free = tables.numbers.range(of(tenant)).map(|(row, _)| row.1);
    let used = tables.orders.range(of(tenant)).map(|(row, _)| row.1);
    if pick.is_multiple_of(4) { nth(used, pick) } else { nth(free, pick) }
}

fn of(tenant: TenantId) -> std::ops::RangeInclusive<(TenantId, OrderNo)> {
    (tenant, OrderNo::new(0))..=(tenant, OrderNo::new(u128::MAX))
}

/// The later ones are picked more often: they are the ones that can still take a step.
fn nth<T>(rows: impl DoubleEndedIterator<Item = T>, pick: u8) -> Option<T> {
    let mut latest: Vec<T> = rows.rev().take(6).collect();
    let at = usize::from(pick) % latest.len().max(1);
    (at < latest.len()).then(|| latest.swap_remove(at))
}

fn line(&(at, quantity, price): &(u8, i64, Option<i64>)) -> LineRequest {
    LineRequest { sku: sku(at), quantity, unit_price: price.map(money) }
}

/// Each line at most once, as intake sees to it.
fn parcels(lines: &[(u32, i64)]) -> Vec<ShipLine> {
    let mut parcels: Vec<ShipLine> = lines.iter().map(|&(line, quantity)| ShipLine { line, quantity }).collect();
    parcels.sort_unstable();
    parcels.dedup_by_key(|parcel| parcel.line);
    parcels
}

/// Two of them differ only by case.
fn sku(at: u8) -> Sku {
    Sku::from_stored(["85123A", "85123a", "BANK CHARGES", "字'\"\\"][usize::from(at)])
}

fn tracking_no(at: u8) -> TrackingNo {
    TrackingNo::from_stored(&format!("T{at}"))
}
