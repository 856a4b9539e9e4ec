//! Owns how a test writes commands down: one method an action, ids and times counted up.

mod approvals;
mod people;

use std::cell::Cell;

use domain::channel::{Account, Conditions, Digest, Fact, Kind, Source, Subject, Verdict};
use domain::order::{CloseReason, PendingLimit};
use domain::text::{
    Carrier, CustomerId, MoveReason, Note, ProductName, Reference, RefundReason, Resolution, Sku, TrackingNo,
};
use domain::{
    Action, ApplyChannelFact, AttemptId, ChannelAccountId, Command, CorrectShipment, LineRequest, Money, MoveStock,
    MovementId, OrderNo, OrderNumberSource, PaymentId, PlaceOrder, PrincipalId, PutProduct, RefundId, RefundPayment,
    ResolveReview, RetryRefund, ReviewId, ShipLine, ShipOrder, ShipmentId, StartPayment, SwitchChannel, TenantId,
    Timestamp, Whose,
};
use idempotency::{CommandId, Fingerprints, Key, Target};

pub use approvals::{SECOND, named};
pub use people::noted;

/// Every shop's account with a provider.
pub const ACCOUNT: ChannelAccountId = ChannelAccountId::new(1);

/// An account with a provider as the rules look at it.
pub fn account(tenant: TenantId, id: ChannelAccountId) -> Account {
    let (name, conditions) = (format!("channel {}", id.bits()), Conditions::default());
    Account { tenant, id, kind: Kind::Sandbox, name, is_enabled: true, conditions }
}

/// How long an order waits for its payment.
pub const PAY_WITHIN_MS: i64 = 1_800_000;

/// Where one account of one tenant hands in its commands.
#[derive(Debug)]
pub struct Desk {
    pub tenant: TenantId,
    pub principal: PrincipalId,
    arrivals: Cell<u64>,
}

impl Desk {
    /// A desk whose first command has the number `first` and comes at that time.
    pub const fn new(tenant: TenantId, principal: PrincipalId, first: u64) -> Self {
        Self { tenant, principal, arrivals: Cell::new(first) }
    }

    /// The time of the next command.
    pub fn now(&self) -> Timestamp {
        Timestamp(i64::try_from(self.arrivals.get()).expect("few commands"))
    }

    /// Any action under a key. The same key always asks for the same.
    pub fn command(&self, key: &str, action: Action) -> Command {
        let number = self.arrivals.get();
        let at = self.now();
        self.arrivals.set(number + 1);
        Command {
            id: CommandId(number.into()),
            tenant: self.tenant,
            principal: self.principal,
            key: Key::from_stored(key),
            fingerprints: fingerprints(key),
            at,
            request_id: format!("req-{number}"),
            aliases: Vec::new(),
            token: domain::Token::None,
            origin: domain::Origin::default(),
            whose: Whose::Anybodys,
            note: None,
            action,
        }
    }

    fn made(&self) -> u128 {
        self.arrivals.get().into()
    }

    pub fn put(&self, sku: &str, price: i64, initial_stock: i64) -> Command {
        let action = PutProduct {
            sku: Sku::from_stored(sku),
            name: ProductName::from_stored(&format!("{sku} at {price}")),
            price: money(price),
            initial_stock,
            expected_version: None,
            must_be_new: false,
        };
        self.command(&format!("put-{sku}-{price}"), Action::PutProduct(action))
    }

    pub fn move_stock(&self, key: &str, sku: &str, quantity: i64) -> Command {
        let (sku, reason) = (Sku::from_stored(sku), MoveReason::from_stored("a count"));
        self.command(key, Action::MoveStock(MoveStock { id: MovementId::new(self.made()), sku, quantity, reason }))
    }

    pub fn issue(&self, key: &str) -> Command {
        let (order_no, expires_at) = (OrderNo::new(self.made()), self.now().plus_ms(PAY_WITHIN_MS));
        self.command(key, Action::IssueOrderNumber { order_no, expires_at })
    }

    pub fn place(&self, key: &str, lines: &[(&str, i64)]) -> Command {
        self.place_for(key, "guest", lines)
    }

    pub fn place_for(&self, key: &str, customer: &str, lines: &[(&str, i64)]) -> Command {
        let line =
            |&(sku, quantity): &(&str, i64)| LineRequest { sku: Sku::from_stored(sku), quantity, unit_price: None };
        let action = PlaceOrder {
            number: OrderNumberSource::Made(OrderNo::new(self.made())),
            customer_id: CustomerId::from_stored(customer),
            lines: lines.iter().map(line).collect(),
            note: Some(Note::from_stored("ring \"twice\" \u{2014} 按两次")),
            expires_at: self.now().plus_ms(PAY_WITHIN_MS),
            pending_limit: PendingLimit::Unlimited,
        };
        self.command(key, Action::PlaceOrder(action))
    }

    /// Where the shop lets one order of a member wait for payment.
    pub fn place_alone(&self, key: &str, customer: &str, lines: &[(&str, i64)]) -> Command {
        let mut placing = self.place_for(key, customer, lines);
        if let Action::PlaceOrder(place) = &mut placing.action {
            place.pending_limit = PendingLimit::OnePerMember;
        }
        placing
    }

    /// An attempt through the shop's account, and the channel's word that it succeeded.
    pub fn pay(&self, order_no: OrderNo, minor: i64) -> [Command; 2] {
        [self.start(order_no), self.said(order_no, Verdict::Succeeded, Some(minor))]
    }

    pub fn start(&self, order_no: OrderNo) -> Command {
        let start = StartPayment {
            order_no,
            payment: PaymentId::new(order_no.bits()),
            attempt: AttemptId::new(order_no.bits()),
            provider_key: 1,
            candidates: vec![ACCOUNT],
            method: None,
            return_url: None,
        };
        self.command(&format!("start-{order_no}"), Action::StartPayment(start))
    }

    /// A callback about the order's attempt.
    pub fn said(&self, order_no: OrderNo, verdict: Verdict, minor: Option<i64>) -> Command {
        let reference = Reference::from_stored(&AttemptId::new(order_no.bits()).to_string());
        self.fact(&format!("said-{order_no}-{verdict}"), Subject::Charge(reference), (verdict, minor))
    }

    /// A refund once more that failed. This key of the provider's is what it would be sent again under.
    pub fn retry(&self, key: &str, order_no: OrderNo, number: u128, provider_key: u128) -> Command {
        let failed = RefundId::new(order_no.bits() + number);
        self.command(key, Action::RetryRefund(RetryRefund { failed, provider_key, asking: self.asking(None) }))
    }

    /// A refund of all of it, or of so much.
    pub fn refund(&self, order_no: OrderNo, number: u128, minor: Option<i64>) -> Command {
        let refund = refund_of(self, order_no, number, minor);
        self.command(&format!("refund-{order_no}-{number}"), Action::RefundPayment(refund))
    }

    /// A callback about a refund.
    pub fn back(&self, order_no: OrderNo, number: u128, verdict: Verdict) -> Command {
        let reference = Reference::from_stored(&RefundId::new(order_no.bits() + number).to_string());
        self.fact(&format!("back-{order_no}-{number}-{verdict}"), Subject::Refund(reference), (verdict, None))
    }

    /// The answer to a question about a refund.
    pub fn back_asked(&self, order_no: OrderNo, number: u128, (verdict, question): (Verdict, u32)) -> Command {
        let mut command = self.back(order_no, number, verdict);
        let Action::ApplyChannelFact(apply) = &mut command.action else { panic!("{command:?}") };
        apply.source = Source::Query(question);
        command.key = Key::derived("answer", &question.to_string());
        command
    }

    fn fact(&self, key: &str, subject: Subject, (verdict, minor): (Verdict, Option<i64>)) -> Command {
        let fact = Fact { subject, verdict, amount: minor.map(money), channel_no: None, code: None, stranger: None };
        let apply = ApplyChannelFact {
            account: ACCOUNT,
            source: Source::Callback,
            fact,
            digest: Digest(self.made().to_be_bytes()),
            raw: None,
            action: None,
            is_again: false,
        };
        self.command(key, Action::ApplyChannelFact(apply))
    }

    /// Switches an account with a provider.
    pub fn switch(&self, key: &str, account: ChannelAccountId, is_enabled: bool) -> Command {
        self.command(key, Action::SwitchChannel(SwitchChannel { account, is_enabled }))
    }

    /// What was done about a review.
    pub fn resolve(&self, key: &str, review: ReviewId, words: &str) -> Command {
        let resolution = Resolution::from_stored(words);
        self.command(key, Action::ResolveReview(ResolveReview { review, resolution }))
    }

    pub fn cancel(&self, order_no: OrderNo) -> Command {
        self.command(&format!("cancel-{order_no}"), Action::CancelOrder { order_no, reason: CloseReason::Customer })
    }

    /// Ships some lines, or what is left.
    pub fn ship(
        &self,
        order_no: OrderNo,
        expected_version: u32,
        tracking: &str,
        lines: Option<&[(u32, i64)]>,
    ) -> Command {
        let parcels =
            |lines: &[(u32, i64)]| lines.iter().map(|&(line, quantity)| ShipLine { line, quantity }).collect();
        let action = ShipOrder {
            order_no,
            shipment: ShipmentId::new(self.made()),
            expected_version,
            carrier: Carrier::from_stored("SF"),
            tracking_no: TrackingNo::from_stored(tracking),
            lines: lines.map(parcels),
        };
        self.command(&format!("ship-{order_no}-{tracking}"), Action::ShipOrder(action))
    }

    pub fn correct(&self, order_no: OrderNo, expected_version: u32, tracking: &str) -> Command {
        let (carrier, tracking_no) = (Carrier::from_stored("SF"), TrackingNo::from_stored(tracking));
        let action = CorrectShipment { order_no, expected_version, carrier, tracking_no };
        self.command(&format!("correct-{order_no}-{tracking}"), Action::CorrectShipment(action))
    }

    pub fn receive(&self, order_no: OrderNo) -> Command {
        self.command(&format!("receive-{order_no}"), Action::ReceiveOrder { order_no, automatic: false })
    }
}

/// The number of the order that a command speaks of.
pub fn order_no(command: &Command) -> OrderNo {
    command.action.order_no().expect("the command speaks of an order")
}

/// The fingerprint of a request that is told by this text.
pub fn fingerprints(text: &str) -> Fingerprints {
    let target = Target { method: "POST", route: "/", ids: &[], query: "", precondition: "" };
    Fingerprints::of(&target, text)
}

pub fn money(minor: i64) -> Money {
    Money::new(minor, "CNY".parse().expect("a known currency"))
}

fn refund_of(desk: &Desk, order_no: OrderNo, number: u128, minor: Option<i64>) -> RefundPayment {
    RefundPayment {
        payment: PaymentId::new(order_no.bits()),
        refund: RefundId::new(order_no.bits() + number),
        provider_key: number,
        amount: minor.map(money),
        reason: RefundReason::from_stored("unwanted"),
        lines: Vec::new(),
        asking: desk.asking(None),
    }
}
