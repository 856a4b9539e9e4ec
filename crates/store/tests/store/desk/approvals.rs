//! Owns how a test writes down refunds that wait for a second person, and what is said to them.

use domain::payment::RefundLimits;
use domain::text::ActorId;
use domain::{
    Action, ApproveRefund, Asking, Command, OrderNo, PrincipalId, RefundId, RefundPayment, RejectRefund,
    SetRefundLimits,
};

use super::{Desk, money, refund_of};

/// A second person of every shop; nobody looks whether they have an account.
pub const SECOND: PrincipalId = PrincipalId(2);

impl Desk {
    /// Whoever hands in here, with this limit.
    pub fn asking(&self, limit: Option<i64>) -> Asking {
        let limits = RefundLimits::new(limit.map(money)).expect("one limit");
        Asking { by: named(self.principal), limits }
    }

    /// A refund that waits, however small it is.
    pub fn refund_over(&self, order_no: OrderNo, number: u128, minor: i64) -> Command {
        let refund = RefundPayment { asking: self.asking(Some(0)), ..refund_of(self, order_no, number, Some(minor)) };
        self.command(&format!("refund-{order_no}-{number}"), Action::RefundPayment(refund))
    }

    /// A second person lets a refund go.
    pub fn approve(&self, key: &str, order_no: OrderNo, number: u128) -> Command {
        let action = ApproveRefund { refund: RefundId::new(order_no.bits() + number), by: named(SECOND) };
        Command { principal: SECOND, ..self.command(key, Action::ApproveRefund(action)) }
    }

    /// Whoever asked for a refund takes it back.
    pub fn withdraw(&self, key: &str, order_no: OrderNo, number: u128) -> Command {
        let refund = RefundId::new(order_no.bits() + number);
        let action = RejectRefund { refund, by: named(self.principal), may_decide: false };
        self.command(key, Action::RejectRefund(action))
    }

    /// What one may give back alone from now on.
    pub fn limits(&self, key: &str, limits: RefundLimits) -> Command {
        self.command(key, Action::SetRefundLimits(SetRefundLimits { limits, expected_version: None }))
    }
}

/// As others name them.
pub fn named(principal: PrincipalId) -> ActorId {
    ActorId::from_stored(&format!("acc_{}", principal.0))
}
