//! Owns what a client asks for, and how intake makes a command of it: ids and time are stamped at each arrival.

use domain::channel::{Digest, Fact, RawAnswer, Source, Subject, Verdict};
use domain::order::{CloseReason, PendingLimit};
use domain::payment::RefundLimits;
use domain::text::{
    ActorId, Carrier, CustomerId, MoveReason, Note, ProductName, Reference, RefundReason, Sku, TrackingNo,
};
use domain::{
    Action, Alias, ApplyChannelFact, ApproveRefund, Asking, AttemptId, ChannelAccountId, Command, CorrectShipment,
    LineRequest, Money, MoveStock, MovementId, OrderNo, OrderNumberSource, PaymentId, PlaceOrder, PrincipalId,
    PutProduct, RefundId, RefundPayment, RejectRefund, ShipLine, ShipOrder, ShipmentId, StartPayment, TenantId,
    Timestamp, Token, Whose,
};
use idempotency::{CommandId, Fingerprints, Key, Target};

use super::gate::Member;

/// How many people buy: few, so that one has several orders that wait.
const MEMBERS: u64 = 7;

/// One request as its client has it. Sending it again sends the same.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub(super) tenant: TenantId,
    pub(super) principal: PrincipalId,
    pub(super) key: Key,
    pub(super) pass: Pass,
    pub(super) what: What,
}

/// What says beside its key which request it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass {
    /// Nothing.
    None,
    /// A one-time token, good before this moment.
    Token { number: u64, until: Timestamp },
    /// No token, where the shop wants one.
    Missing,
    /// It has no key of its own: whoever wants the same within so many milliseconds is a repetition.
    SameWithin(i64),
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
        limit: PendingLimit,
    },
    /// `mark` is the client's own: no two wishes make the same attempt, or the same refund.
    Start {
        order_no: OrderNo,
        mark: u64,
        account: u128,
    },
    Said {
        attempt: u64,
        account: u128,
        verdict: Verdict,
        minor: i64,
    },
    Refund {
        payment: PaymentId,
        mark: u64,
        minor: i64,
        limit: Option<i64>,
    },
    Decide {
        refund: u64,
        approves: bool,
    },
    Back {
        refund: u64,
        account: u128,
        verdict: Verdict,
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

    /// Whose turn it must be: one order request of a member at a time.
    pub(super) fn member(&self) -> Option<Member> {
        match self.what {
            What::Place { customer, .. } => Some((self.tenant, customer % MEMBERS)),
            _ => None,
        }
    }

    /// The command of an arrival. `arrival` is a number that no other arrival has.
    pub(super) fn command(&self, arrival: u64, at: Timestamp) -> Command {
        let (key, aliases, token) = match self.pass {
            Pass::None => (self.key.clone(), Vec::new(), Token::None),
            Pass::Missing => (self.key.clone(), Vec::new(), Token::Missing),
            Pass::Token { number, until } => {
                let alias = Alias { key: Key::derived("token", &number.to_string()), since: None };
                (self.key.clone(), vec![alias], Token::Until(until))
            }
            Pass::SameWithin(within_ms) => {
                let aliases = Alias::same_within(&self.fingerprints(), at, within_ms);
                (Key::derived("arrival", &arrival.to_string()), aliases.to_vec(), Token::None)
            }
        };
        Command {
            id: CommandId(arrival.into()),
            tenant: self.tenant,
            principal: self.principal,
            key,
            fingerprints: self.fingerprints(),
            at,
            request_id: format!("req-{arrival}"),
            aliases,
            token,
            origin: domain::Origin::default(),
            whose: Whose::Anybodys,
            note: None,
            action: self.what.action(self.principal, arrival.into(), at),
        }
    }
}

impl What {
    fn action(&self, who: PrincipalId, made: u128, at: Timestamp) -> Action {
        match *self {
            Self::Put { sku: at, price, initial_stock } => Action::PutProduct(PutProduct {
                sku: sku(at),
                name: ProductName::from_stored("a product"),
                price: money(price),
                initial_stock,
                expected_version: None,
                must_be_new: false,
            }),
            Self::Move { sku: at, quantity } => Action::MoveStock(MoveStock {
                id: MovementId::new(made),
                sku: sku(at),
                quantity,
                reason: MoveReason::from_stored("a count"),
            }),
            Self::Issue => Action::IssueOrderNumber { order_no: OrderNo::new(made), expires_at: at.plus_ms(2_000) },
            Self::Place { number, customer, ref lines, gift, limit } => Action::PlaceOrder(PlaceOrder {
                number: number.map_or(OrderNumberSource::Made(OrderNo::new(made)), OrderNumberSource::Issued),
                customer_id: CustomerId::from_stored(&format!("c-{}", customer % MEMBERS)),
                lines: lines
                    .iter()
                    .map(|&(at, quantity)| LineRequest { sku: sku(at), quantity, unit_price: gift.then(|| money(0)) })
                    .collect(),
                note: Some(Note::from_stored(&format!("wish {customer}"))),
                expires_at: at.plus_ms(300),
                pending_limit: limit,
            }),
            Self::Start { .. } | Self::Said { .. } | Self::Refund { .. } | Self::Back { .. } | Self::Decide { .. } => {
                self.money(made, who)
            }
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

    fn money(&self, made: u128, who: PrincipalId) -> Action {
        let by = ActorId::from_stored(&format!("acc_{}", who.0));
        match *self {
            Self::Start { order_no, mark, account } => Action::StartPayment(StartPayment {
                order_no,
                payment: PaymentId::new(made),
                attempt: AttemptId::new(mark.into()),
                provider_key: mark.into(),
                candidates: vec![ChannelAccountId::new(account)],
                method: None,
                return_url: None,
            }),
            Self::Said { attempt, account, verdict, minor } => {
                let number = AttemptId::new(attempt.into()).to_string();
                let subject = Subject::Charge(Reference::from_stored(&number));
                said(account, (subject, verdict, Some(money(minor))))
            }
            Self::Refund { payment, mark, minor, limit } => Action::RefundPayment(RefundPayment {
                payment,
                refund: RefundId::new(mark.into()),
                provider_key: mark.into(),
                amount: Some(money(minor)),
                reason: RefundReason::from_stored("unwanted"),
                lines: Vec::new(),
                asking: Asking { by, limits: RefundLimits::new(limit.map(money)).expect("one limit") },
            }),
            Self::Decide { refund, approves: true } => {
                Action::ApproveRefund(ApproveRefund { refund: RefundId::new(refund.into()), by })
            }
            Self::Decide { refund, approves: false } => {
                Action::RejectRefund(RejectRefund { refund: RefundId::new(refund.into()), by, may_decide: true })
            }
            Self::Back { refund, account, verdict } => {
                let number = RefundId::new(refund.into()).to_string();
                said(account, (Subject::Refund(Reference::from_stored(&number)), verdict, None))
            }
            _ => unreachable!("only wishes about money are asked"),
        }
    }
}

/// A callback. Said again, it is the same event.
fn said(account: u128, (subject, verdict, amount): (Subject, Verdict, Option<Money>)) -> Action {
    let name = subject.reference().as_str().bytes().chain(verdict.name().bytes());
    let minor = amount.map_or(0, |money| money.minor);
    let digest = name.fold(account ^ u128::from(minor.unsigned_abs()), |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    });
    let fact = Fact { subject, verdict, amount, channel_no: None, code: None, stranger: None };
    Action::ApplyChannelFact(ApplyChannelFact {
        account: ChannelAccountId::new(account),
        source: Source::Callback,
        fact,
        digest: Digest(digest.to_be_bytes()),
        raw: Some(RawAnswer::of_masked("said")),
        action: None,
        is_again: false,
    })
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
