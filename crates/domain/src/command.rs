//! Owns the command: a request to change business data, with everything that the decision needs and cannot ask for.

mod api_keys;
mod money;
mod origin;
mod people;

pub use api_keys::IssueApiKey;
pub use origin::Origin;
pub use people::{AddPerson, EndSession, PutSessionRules, SetCheckoutPolicy, StepPerson, StepTenant};

pub use money::{
    ApplyChannelFact, ApproveRefund, Asking, NoteSilence, QueryPayment, RefundPayment, RejectRefund, ResolveReview,
    RetryRefund, SetRefundLimits, StartPayment, SwitchChannel,
};

use idempotency::{CommandId, Fingerprints, Key};

use crate::api_key;
use crate::order::{CloseReason, Parcel, PendingLimit};
use crate::text::{Carrier, CustomerId, MoveReason, Note, ProductName, Sku, TrackingNo};
use crate::{Money, MovementId, OrderNo, PrincipalId, Refusal, ShipmentId, TenantId, Timestamp, audit};

/// A command under its key. Ids and time are stamped at intake and stay as they are through every rerun.
#[derive(Clone, Debug)]
pub struct Command {
    /// Names this arrival.
    pub id: CommandId,
    /// Whose data.
    pub tenant: TenantId,
    /// Who asks.
    pub principal: PrincipalId,
    /// Under which key; the key's scope is (tenant, principal, key).
    pub key: Key,
    /// What the request asks for.
    pub fingerprints: Fingerprints,
    /// When it arrived.
    pub at: Timestamp,
    /// The request's id, kept in a stored problem.
    pub request_id: String,
    /// What came, and from where, kept beside the answer for people who ask.
    pub origin: Origin,
    /// Further names of the request, each claimed by at most one that is accepted.
    pub aliases: Vec<Alias>,
    /// What is to be said of a one-time token if no name of the request is taken.
    pub token: Token,
    /// Whose orders it may touch.
    pub whose: Whose,
    /// That it is written into the audit log, if it is.
    pub note: Option<audit::Note>,
    /// What is wanted.
    pub action: Action,
}

/// Another name of a request beside its key: a one-time token, or what it asks for within some time. Who is accepted
/// claims it in the same change; whoever comes later under the name, with whichever key, gets the outcome that it led
/// to. A refusal claims nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// The name, in the scope of the command's own key. Derived, so that no client's key is the same.
    pub key: Key,
    /// A claim of before this moment is history: the name is free again.
    pub since: Option<Timestamp>,
}

/// Requests that ask for the same are told apart by the time where they are this far from each other, in milliseconds: a
/// day. The same for every setting and node, so that who looks by a new setting finds what came by the old one.
const PIECE_MS: i64 = 86_400_000;

impl Alias {
    /// What a request asks for, within so many milliseconds, at most a day. It is named by the piece of time as well, and by
    /// the next one: two moments that are no further apart than a piece is long share one of two names.
    pub fn same_within(what: &Fingerprints, at: Timestamp, within_ms: i64) -> [Self; 2] {
        let piece = at.0.div_euclid(PIECE_MS);
        let since = Some(at.plus_ms(-within_ms.clamp(0, PIECE_MS)));
        let name = |piece: i64| Key::derived("same", &format!("{}:{piece}", what.current));
        [piece, piece.saturating_add(1)].map(|piece| Self { key: name(piece), since })
    }
}

/// Whose orders a command may touch. Those of others are, for it, not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// All of the tenant's.
    Anybodys,
    /// Those of these customers: a member, and the guest that they were before.
    Only(Vec<CustomerId>),
}

/// What a command wants.
#[derive(Clone, Debug)]
pub enum Action {
    /// Create or change a product.
    PutProduct(PutProduct),
    /// Move stock by hand.
    MoveStock(MoveStock),
    /// Issue an order number.
    IssueOrderNumber {
        /// The number, made at intake.
        order_no: OrderNo,
        /// How long it is good.
        expires_at: Timestamp,
    },
    /// Place an order.
    PlaceOrder(PlaceOrder),
    /// Give an order up before it is paid.
    CancelOrder {
        /// Which order.
        order_no: OrderNo,
        /// Who gives it up.
        reason: CloseReason,
    },
    /// Close an order whose time to pay ran out. The sweeper submits it.
    ExpireOrder {
        /// Which order.
        order_no: OrderNo,
    },
    /// Send some or all of an order.
    ShipOrder(ShipOrder),
    /// Correct the carrier and number of the latest parcel.
    CorrectShipment(CorrectShipment),
    /// Take note that an order arrived.
    ReceiveOrder {
        /// Which order.
        order_no: OrderNo,
        /// True from the sweeper, when nobody said so for so many days.
        automatic: bool,
    },
    /// Try to collect what an order owes.
    StartPayment(StartPayment),
    /// Ask the channels to take back every attempt of an order whose time to pay ran out. The sweeper submits it.
    CloseAttempts {
        /// Which order.
        order_no: OrderNo,
    },
    /// Give money back.
    RefundPayment(RefundPayment),
    /// Give money back of which a refund failed for good.
    RetryRefund(RetryRefund),
    /// Let a refund go that waits for a second person.
    ApproveRefund(ApproveRefund),
    /// Let it not go.
    RejectRefund(RejectRefund),
    /// Change what the shop asks of refunds.
    SetRefundLimits(SetRefundLimits),
    /// Ask the channels anew about what nobody asks about any more.
    QueryPayment(QueryPayment),
    /// Take note of what a channel said: the one way in for answers, callbacks, queries and statements.
    ApplyChannelFact(ApplyChannelFact),
    /// Take note that a channel gave no answer.
    NoteSilence(NoteSilence),
    /// Add a member, or one of the staff.
    AddPerson(AddPerson),
    /// Change what a person may do.
    StepPerson(StepPerson),
    /// Open, suspend or resume a tenant.
    StepTenant(StepTenant),
    /// Say what was done about something that a person had to look at.
    ResolveReview(ResolveReview),
    /// Switch an account with a provider on or off.
    SwitchChannel(SwitchChannel),
    /// Put somebody out on one device.
    EndSession(EndSession),
    /// Say what the shop asks of sessions.
    PutSessionRules(PutSessionRules),
    /// Issue an API key.
    IssueApiKey(IssueApiKey),
    /// Take an API key no more.
    RevokeApiKey(api_key::Name),
    /// Say what the shop asks of a checkout.
    SetCheckoutPolicy(SetCheckoutPolicy),
}

/// What a request says, or should say, of a one-time token. A token that is good for it is one of its [`Alias`]es.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Token {
    /// None was sent, and none is needed.
    #[default]
    None,
    /// None was sent, and the shop wants one.
    Missing,
    /// One was sent that is good before this moment.
    Until(Timestamp),
}

/// Create or change a product.
#[derive(Clone, Debug)]
pub struct PutProduct {
    /// Its code.
    pub sku: Sku,
    /// Its name.
    pub name: ProductName,
    /// Its price.
    pub price: Money,
    /// Units in the warehouse; looked at only when the product is new.
    pub initial_stock: i64,
    /// The version that If-Match names.
    pub expected_version: Option<u32>,
    /// Whether there must be none yet: If-None-Match says `*`.
    pub must_be_new: bool,
}

/// Move stock by hand.
#[derive(Clone, Debug)]
pub struct MoveStock {
    /// The movement's id, made at intake.
    pub id: MovementId,
    /// Of which product.
    pub sku: Sku,
    /// Signed, not zero.
    pub quantity: i64,
    /// Why.
    pub reason: MoveReason,
}

/// Where an order's number comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderNumberSource {
    /// The client took it before, with [`Action::IssueOrderNumber`].
    Issued(OrderNo),
    /// Made at intake.
    Made(OrderNo),
}

/// One wanted line.
#[derive(Clone, Debug)]
pub struct LineRequest {
    /// What.
    pub sku: Sku,
    /// How many; at least 1.
    pub quantity: i64,
    /// A price other than the product's; only from trusted callers. Not negative.
    pub unit_price: Option<Money>,
}

/// Place an order.
#[derive(Clone, Debug)]
pub struct PlaceOrder {
    /// Its number.
    pub number: OrderNumberSource,
    /// For whom.
    pub customer_id: CustomerId,
    /// 1 to [`crate::order::LINES_MAX`] lines.
    pub lines: Vec<LineRequest>,
    /// The buyer's words.
    pub note: Option<Note>,
    /// When it is closed if it is not paid.
    pub expires_at: Timestamp,
    /// Which of the buyer's orders may wait for payment beside it.
    pub pending_limit: PendingLimit,
}

/// Units of a line to ship.
pub type ShipLine = Parcel;

/// Send some or all of an order.
#[derive(Clone, Debug)]
pub struct ShipOrder {
    /// Which order.
    pub order_no: OrderNo,
    /// The parcel's id, made at intake.
    pub shipment: ShipmentId,
    /// The version that If-Match names.
    pub expected_version: u32,
    /// Who carries it.
    pub carrier: Carrier,
    /// Under which number.
    pub tracking_no: TrackingNo,
    /// What is in it, each line at most once; none means everything that is left.
    pub lines: Option<Vec<ShipLine>>,
}

/// Correct the carrier and number of the latest parcel.
#[derive(Clone, Debug)]
pub struct CorrectShipment {
    /// Which order.
    pub order_no: OrderNo,
    /// The version that If-Match names.
    pub expected_version: u32,
    /// Who carries it.
    pub carrier: Carrier,
    /// Under which number.
    pub tracking_no: TrackingNo,
}

impl Action {
    /// The order number that the action names or makes, where it has one.
    pub const fn order_no(&self) -> Option<OrderNo> {
        match self {
            Self::PutProduct(_)
            | Self::MoveStock(_)
            | Self::RefundPayment(_)
            | Self::RetryRefund(_)
            | Self::ApproveRefund(_)
            | Self::RejectRefund(_)
            | Self::SetRefundLimits(_)
            | Self::QueryPayment(_)
            | Self::ApplyChannelFact(_)
            | Self::NoteSilence(_)
            | Self::AddPerson(_)
            | Self::StepPerson(_)
            | Self::StepTenant(_)
            | Self::ResolveReview(_)
            | Self::SwitchChannel(_)
            | Self::EndSession(_)
            | Self::PutSessionRules(_)
            | Self::IssueApiKey(_)
            | Self::RevokeApiKey(_)
            | Self::SetCheckoutPolicy(_) => None,
            Self::PlaceOrder(PlaceOrder { number, .. }) => Some(number.order_no()),
            Self::IssueOrderNumber { order_no, .. }
            | Self::CancelOrder { order_no, .. }
            | Self::ExpireOrder { order_no }
            | Self::ShipOrder(ShipOrder { order_no, .. })
            | Self::CorrectShipment(CorrectShipment { order_no, .. })
            | Self::ReceiveOrder { order_no, .. }
            | Self::StartPayment(StartPayment { order_no, .. })
            | Self::CloseAttempts { order_no } => Some(*order_no),
        }
    }

    /// About how many rows the action reads and writes: the engine bounds a batch by their sum.
    pub fn rows(&self) -> usize {
        match self {
            Self::PlaceOrder(place) => 4 + 3 * place.lines.len(),
            Self::StartPayment(_)
            | Self::RefundPayment(_)
            | Self::RetryRefund(_)
            | Self::ApproveRefund(_)
            | Self::RejectRefund(_)
            | Self::QueryPayment(_)
            | Self::ApplyChannelFact(_)
            | Self::NoteSilence(_) => 16,
            _ => 8,
        }
    }

    /// About how many bytes the action and its answer take: the engine bounds a batch by their sum.
    pub fn bytes(&self) -> usize {
        match self {
            Self::PlaceOrder(place) => 1_024 + 256 * place.lines.len(),
            _ => 1_024,
        }
    }
}

impl Whose {
    /// Whether an order of this customer is there for it.
    pub fn includes(&self, customer: &CustomerId) -> bool {
        match self {
            Self::Anybodys => true,
            Self::Only(customers) => customers.contains(customer),
        }
    }
}

impl Command {
    /// Refuses a token that is missing or whose time is over. Asked once it is known that the request made nothing
    /// before: what was answered once is answered the same, whatever became of the token.
    pub(crate) fn check_token(&self) -> Result<(), Refusal> {
        match self.token {
            Token::Missing => Err(Refusal::TokenRequired),
            Token::Until(end) if self.at >= end => Err(Refusal::TokenExpired),
            Token::None | Token::Until(_) => Ok(()),
        }
    }
}

impl OrderNumberSource {
    /// The number, wherever it comes from.
    pub const fn order_no(self) -> OrderNo {
        match self {
            Self::Issued(order_no) | Self::Made(order_no) => order_no,
        }
    }
}

#[cfg(test)]
mod tests {
    use idempotency::Target;

    use super::*;

    /// Whoever looks by another setting, at whichever side of a midnight, finds what came within its own time.
    #[test]
    fn what_is_the_same_is_found_by_every_window() {
        let target = Target { method: "POST", route: "/", ids: &[], query: "", precondition: "" };
        let what = Fingerprints::of(&target, "tea");
        let midnight = 20_000 * PIECE_MS;
        for (first, second, window) in [(0, 1, 1), (-1, 0, 1), (-9_000, 900, 10_000), (0, PIECE_MS, PIECE_MS)] {
            let [claimed, found] = [(first, 30_000), (second, window)]
                .map(|(at, within)| Alias::same_within(&what, Timestamp(midnight + at), within));
            assert!(claimed.iter().any(|name| found.iter().any(|other| other.key == name.key)), "{first} {second}");
            assert!(found.iter().all(|name| name.since.is_some_and(|since| since.0 <= midnight + first)));
        }
        let apart = Alias::same_within(&what, Timestamp(midnight), 10)[0].since;
        assert_eq!(apart, Some(Timestamp(midnight - 10)));
    }
}
