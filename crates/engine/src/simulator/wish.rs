//! Owns what a client asks for, and how intake makes a command of it: ids and time are stamped at each arrival.

use domain::order::CloseReason;
use domain::text::{Carrier, CustomerId, MoveReason, ProductName, Sku, TrackingNo};
use domain::{
    Action, Command, CorrectShipment, LineRequest, Money, MoveStock, MovementId, OrderNo, OrderNumberSource,
    PlaceOrder, PrincipalId, PutProduct, ShipLine, ShipOrder, ShipmentId, TenantId, Timestamp,
};
use idempotency::{CommandId, Fingerprints, Key, Target};

/// One request as its client has it. Sending it again sends the same.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub(super) tenant: TenantId,
    pub(super) principal: PrincipalId,
    pub(super) key: Key,
    pub(super) what: What,
}

/// The request's route and body.
#[derive(Clone, Debug)]
pub(super) enum What {
    Put {
        sku: u32,
        price: i64,
        initial_stock: i64,
    },
    Move {
        sku: u32,
        quantity: i64,
    },
    Issue,
    /// `customer` is the client's own mark: no two wishes have the same.
    Place {
        number: Option<OrderNo>,
        customer: u64,
        lines: Vec<(u32, i64)>,
        gift: bool,
    },
    Pay {
        order_no: OrderNo,
        minor: i64,
    },
    Cancel {
        order_no: OrderNo,
    },
    Expire {
        order_no: OrderNo,
    },
    Ship {
        order_no: OrderNo,
        version: u32,
        tracking: u32,
        part: bool,
    },
    Correct {
        order_no: OrderNo,
        version: u32,
        tracking: u32,
    },
    Receive {
        order_no: OrderNo,
        automatic: bool,
    },
}

impl Wish {
    pub(super) fn fingerprints(&self) -> Fingerprints {
        let target = Target { method: "POST", route: "/", ids: &[], query: "", precondition: "" };
        Fingerprints::of(&target, &format!("{:?}", self.what))
    }

    /// The command of an arrival. `arrival` is a number that no other arrival has.
    pub(super) fn command(&self, arrival: u64, at: Timestamp) -> Command {
        Command {
            id: CommandId(arrival.into()),
            tenant: self.tenant,
            principal: self.principal,
            key: self.key.clone(),
            fingerprints: self.fingerprints(),
            at,
            request_id: format!("req-{arrival}"),
            action: self.what.action(arrival.into(), at),
        }
    }
}

impl What {
    fn action(&self, made: u128, at: Timestamp) -> Action {
        match *self {
            Self::Put { sku: at, price, initial_stock } => Action::PutProduct(PutProduct {
                sku: sku(at),
                name: ProductName::from_stored("a product"),
                price: money(price),
                initial_stock,
                expected_version: None,
            }),
            Self::Move { sku: at, quantity } => Action::MoveStock(MoveStock {
                id: MovementId::new(made),
                sku: sku(at),
                quantity,
                reason: MoveReason::from_stored("a count"),
            }),
            Self::Issue => Action::IssueOrderNumber { order_no: OrderNo::new(made), expires_at: at.plus_ms(2_000) },
            Self::Place { number, customer, ref lines, gift } => Action::PlaceOrder(PlaceOrder {
                number: number.map_or(OrderNumberSource::Made(OrderNo::new(made)), OrderNumberSource::Issued),
                customer_id: CustomerId::from_stored(&format!("c-{customer}")),
                lines: lines
                    .iter()
                    .map(|&(at, quantity)| LineRequest { sku: sku(at), quantity, unit_price: gift.then(|| money(0)) })
                    .collect(),
                note: None,
                expires_at: at.plus_ms(300),
            }),
            Self::Pay { order_no, minor } => Action::PayOrder { order_no, captured: money(minor) },
            Self::Cancel { order_no } => Action::CancelOrder { order_no, reason: CloseReason::Customer },
            Self::Expire { order_no } => Action::ExpireOrder { order_no },
            Self::Ship { order_no, version, tracking, part } => Action::ShipOrder(ShipOrder {
                order_no,
                shipment: ShipmentId::new(made),
                expected_version: version,
                carrier: Carrier::from_stored("SF"),
                tracking_no: tracking_no(tracking),
                lines: part.then(|| vec![ShipLine { line: 1, quantity: 1 }]),
            }),
            Self::Correct { order_no, version, tracking } => Action::CorrectShipment(CorrectShipment {
                order_no,
                expected_version: version,
                carrier: Carrier::from_stored("SF"),
                tracking_no: tracking_no(tracking),
            }),
            Self::Receive { order_no, automatic } => Action::ReceiveOrder { order_no, automatic },
        }
    }
}

fn sku(at: u32) -> Sku {
    Sku::from_stored(&format!("sku-{at}"))
}

fn money(minor: i64) -> Money {
    Money::new(minor, "CNY".parse().expect("a known currency"))
}

fn tracking_no(at: u32) -> TrackingNo {
    TrackingNo::from_stored(&format!("T{at}"))
}
