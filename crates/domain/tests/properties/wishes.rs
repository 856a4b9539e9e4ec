//! Owns random commands: few skus, little stock and few keys, so that they get in each other's way.

mod money;

use domain::order::{CloseReason, PendingLimit};
use domain::text::{Carrier, CustomerId, MoveReason, ProductName, Sku, TrackingNo};
use domain::{
    Action, Command, CorrectShipment, LineRequest, Money, MoveStock, MovementId, OrderNo, OrderNumberSource,
    PlaceOrder, PrincipalId, PutProduct, ShipLine, ShipOrder, ShipmentId, TenantId, Timestamp, Whose,
};
use idempotency::{CommandId, Fingerprints, Key, Target};
use proptest::prelude::{Just, Strategy, any, prop_oneof};

use crate::books::Books;

/// A command before it knows which orders there are: they are picked by a number, modulo how many there are.
#[derive(Clone, Debug)]
pub struct Wish {
    tenant: i64,
    principal: i64,
    key: u8,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Put { sku: u8, price: i64, stock: i64, version: Option<u32> },
    Move { sku: u8, quantity: i64 },
    Issue,
    Place { lines: Vec<(u8, i64, Option<i64>)>, number: Option<u8>, limit: u8 },
    Start { order: u8, account: u8 },
    Said { order: u8, attempt: u8, verdict: u8, short: i64, source: u8 },
    Silent { order: u8, attempt: u8, task: u8 },
    Refund { order: u8, amount: Option<i64>, line: Option<(u32, i64, bool)>, limit: Option<i64> },
    Approve { order: u8, refund: u8 },
    Reject { order: u8, refund: u8, staff: bool },
    Back { order: u8, refund: u8, verdict: u8, source: u8 },
    Sweep { order: u8 },
    Query { order: u8 },
    Cancel { order: u8 },
    Expire { order: u8 },
    Ship { order: u8, stale: u32, tracking: u8, lines: Option<Vec<(u32, i64)>> },
    Correct { order: u8, stale: u32, tracking: u8 },
    Receive { order: u8, automatic: bool },
}

pub fn wish() -> impl Strategy<Value = Wish> {
    let line = (0..3_u8, 1..4_i64, proptest::option::weighted(0.2, 0..3_i64));
    let stale = prop_oneof![9 => Just(0_u32), 1 => Just(1)];
    let order = any::<u8>();
    let what = prop_oneof![
        3 => (0..3_u8, 0..4_i64, 0..9_i64, proptest::option::weighted(0.2, 0..3_u32))
            .prop_map(|(sku, price, stock, version)| What::Put { sku, price, stock, version }),
        2 => (0..3_u8, -5..6_i64).prop_map(|(sku, quantity)| What::Move { sku, quantity }),
        1 => Just(What::Issue),
        6 => (proptest::collection::vec(line, 1..4), proptest::option::weighted(0.4, any::<u8>()), 0..6_u8)
            .prop_map(|(lines, number, limit)| What::Place { lines, number, limit }),
        4 => (order, 0..2_u8).prop_map(|(order, account)| What::Start { order, account }),
        8 => (order, 0..3_u8, 0..9_u8, prop_oneof![9 => Just(0_i64), 1 => Just(1)], 0..5_u8).prop_map(
            |(order, attempt, verdict, short, source)| What::Said { order, attempt, verdict, short, source }),
        2 => (order, 0..3_u8, 0..3_u8).prop_map(|(order, attempt, task)| What::Silent { order, attempt, task }),
        3 => (order, proptest::option::of(0..6_i64), proptest::option::of((1..3_u32, 1..3_i64, any::<bool>())),
            proptest::option::of(0..3_i64))
            .prop_map(|(order, amount, line, limit)| What::Refund { order, amount, line, limit }),
        3 => (order, 0..3_u8).prop_map(|(order, refund)| What::Approve { order, refund }),
        2 => (order, 0..3_u8, any::<bool>()).prop_map(|(order, refund, staff)| What::Reject { order, refund, staff }),
        8 => (order, 0..3_u8, 0..8_u8, prop_oneof![1 => 0..4_u8, 1 => Just(4)])
            .prop_map(|(order, refund, verdict, source)| What::Back { order, refund, verdict, source }),
        1 => order.prop_map(|order| What::Sweep { order }),
        1 => order.prop_map(|order| What::Query { order }),
        2 => order.prop_map(|order| What::Cancel { order }),
        1 => order.prop_map(|order| What::Expire { order }),
        4 => (order, stale.clone(), 0..3_u8, proptest::option::of(proptest::collection::vec((1..4_u32, 1..3_i64), 1..3)))
            .prop_map(|(order, stale, tracking, lines)| What::Ship { order, stale, tracking, lines }),
        1 => (order, stale, 0..3_u8).prop_map(|(order, stale, tracking)| What::Correct { order, stale, tracking }),
        2 => (order, any::<bool>()).prop_map(|(order, automatic)| What::Receive { order, automatic }),
    ];
    (1..3_i64, 1..3_i64, 0..40_u8, what).prop_map(|(tenant, principal, key, what)| Wish {
        tenant,
        principal,
        key,
        what,
    })
}

impl Wish {
    /// The command; `None` where there is no order to speak of.
    pub fn command(&self, books: &Books) -> Option<Command> {
        let tenant = TenantId(self.tenant);
        let target = Target { method: "POST", route: "", ids: &[], query: "", precondition: "" };
        Some(Command {
            id: CommandId(u128::from(books.commands)),
            tenant,
            principal: PrincipalId(self.principal),
            key: Key::new(&format!("k{}", self.key)).expect("a good key"),
            fingerprints: Fingerprints::of(&target, &format!("{:?}", self.what)),
            at: Timestamp(i64::from(books.commands)),
            request_id: String::new(),
            aliases: Vec::new(),
            token: domain::Token::None,
            origin: domain::Origin::default(),
            whose: Whose::Anybodys,
            note: None,
            action: self.action(books, tenant)?,
        })
    }

    fn action(&self, books: &Books, tenant: TenantId) -> Option<Action> {
        let order = |pick: u8| books.pick(tenant, pick);
        Some(match &self.what {
            What::Put { sku: at, price, stock, version } => Action::PutProduct(PutProduct {
                sku: sku(*at),
                name: ProductName::new("a product").expect("a good name"),
                price: money(*price),
                initial_stock: *stock,
                expected_version: *version,
                must_be_new: false,
            }),
            What::Move { sku: at, quantity } => Action::MoveStock(MoveStock {
                id: MovementId::new(u128::from(books.commands)),
                sku: sku(*at),
                quantity: *quantity,
                reason: MoveReason::new("a count").expect("a good reason"),
            }),
            What::Issue => Action::IssueOrderNumber {
                order_no: OrderNo::new(u128::from(books.commands)),
                expires_at: Timestamp(i64::from(books.commands) + 20),
            },
            What::Place { lines, number, limit } => Action::PlaceOrder(PlaceOrder {
                number: match number.and_then(|pick| books.pick_number(tenant, pick)) {
                    Some(issued) => OrderNumberSource::Issued(issued),
                    None => OrderNumberSource::Made(OrderNo::new(u128::from(books.commands))),
                },
                customer_id: CustomerId::new("c").expect("a good id"),
                lines: lines.iter().map(line).collect(),
                note: None,
                expires_at: Timestamp(i64::from(books.commands) + 10),
                // Mostly none, or orders would hardly ever come about.
                pending_limit: PendingLimit::ALL[usize::from(limit.saturating_sub(3))],
            }),
            What::Start { order, .. }
            | What::Said { order, .. }
            | What::Silent { order, .. }
            | What::Refund { order, .. }
            | What::Back { order, .. }
            | What::Approve { order, .. }
            | What::Reject { order, .. }
            | What::Sweep { order }
            | What::Query { order } => self.what.money(books, (tenant, PrincipalId(self.principal)), *order)?,
            What::Cancel { order: pick } => {
                Action::CancelOrder { order_no: order(*pick)?.order_no, reason: CloseReason::Customer }
            }
            What::Expire { order: pick } => Action::ExpireOrder { order_no: order(*pick)?.order_no },
            What::Ship { order: pick, stale, tracking, lines } => Action::ShipOrder(ShipOrder {
                order_no: order(*pick)?.order_no,
                shipment: ShipmentId::new(u128::from(books.commands)),
                expected_version: order(*pick)?.version - stale,
                carrier: Carrier::new("SF").expect("a good carrier"),
                tracking_no: tracking_no(*tracking),
                lines: lines.as_deref().map(parcels),
            }),
            What::Correct { order: pick, stale, tracking } => Action::CorrectShipment(CorrectShipment {
                order_no: order(*pick)?.order_no,
                expected_version: order(*pick)?.version - stale,
                carrier: Carrier::new("SF").expect("a good carrier"),
                tracking_no: tracking_no(*tracking),
            }),
            What::Receive { order: pick, automatic } => {
                Action::ReceiveOrder { order_no: order(*pick)?.order_no, automatic: *automatic }
            }
        })
    }
}

fn sku(at: u8) -> Sku {
    Sku::new(&format!("sku-{at}")).expect("a good sku")
}

fn money(minor: i64) -> Money {
    Money::new(minor, "CNY".parse().expect("a known currency"))
}

fn tracking_no(at: u8) -> TrackingNo {
    TrackingNo::new(&format!("T{at}")).expect("a good number")
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
