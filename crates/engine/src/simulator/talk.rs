//! Owns what clients heard, and tell each other: orders, numbers, money that was asked for, and what they wished for.

use std::collections::VecDeque;
use std::sync::Arc;

use domain::{OrderNo, PaymentId, PrincipalId, TenantId};
use idempotency::Answer;

use super::wish::{What, Wish};

/// How many orders and numbers a client has in mind: few, so that clients meet.
const IN_MIND: usize = 5;

/// An order as some answer told of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) tenant: TenantId,
    pub(super) order_no: OrderNo,
    pub(super) version: u32,
    pub(super) expires_at: i64,
}

/// An attempt, or a refund, as some answer told of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begun {
    pub(super) tenant: TenantId,
    pub(super) payment: PaymentId,
    pub(super) account: u128,
    pub(super) mark: u64,
    pub(super) minor: i64,
    pub(super) is_refund: bool,
}

/// What the clients tell each other, as people around a shop do.
#[derive(Default)]
pub(super) struct Talk {
    pub(super) orders: VecDeque<Seen>,
    pub(super) numbers: VecDeque<(TenantId, PrincipalId, OrderNo)>,
    /// Attempts and refunds that were begun: of which payment, through which account.
    pub(super) money: VecDeque<Begun>,
    pub(super) wishes: Vec<Arc<Wish>>,
}

impl Talk {
    /// Takes in what an answer says of an order, a number, or money that was asked for.
    pub(super) fn hear(&mut self, wish: &Wish, answer: &Answer) {
        if let Some(payment) = answer.header("payment").and_then(|text| text.parse().ok()) {
            return self.hear_of_money(wish, payment, answer);
        }
        let Some(order_no) = answer.header("location").and_then(|text| text.parse().ok()) else { return };
        let number = |name| answer.header(name).and_then(|text| text.trim_matches('"').parse::<i64>().ok());
        if number("total").is_none() {
            self.numbers.push_back((wish.tenant, wish.principal, order_no));
            return;
        }
        let version = number("etag").and_then(|version| u32::try_from(version).ok()).unwrap_or(0);
        let expires_at = number("expires").unwrap_or(0);
        self.orders.retain(|seen| seen.order_no != order_no);
        self.orders.push_back(Seen { tenant: wish.tenant, order_no, version, expires_at });
        if self.orders.len() > IN_MIND {
            self.orders.pop_front();
        }
    }

    fn hear_of_money(&mut self, wish: &Wish, payment: PaymentId, answer: &Answer) {
        let number = |name| answer.header(name).and_then(|text| text.parse().ok());
        let (mark, account, is_refund) = match wish.what {
            What::Start { mark, account, .. } => (mark, account, false),
            What::Refund { mark, .. } => {
                (mark, number("account").map_or(0, |account: i64| account.unsigned_abs().into()), true)
            }
            _ => return,
        };
        let minor: i64 = number("minor").unwrap_or(0);
        self.money.retain(|begun| (begun.mark, begun.is_refund) != (mark, is_refund));
        self.money.push_back(Begun { tenant: wish.tenant, payment, account, mark, minor, is_refund });
        if self.money.len() > 2 * IN_MIND {
            self.money.pop_front();
        }
    }
}
