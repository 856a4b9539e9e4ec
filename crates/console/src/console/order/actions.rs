//! Owns what the staff may do with an order: the steps that its status allows and their role may take, each with a form.

use domain::access::Permission;
use domain::order::{Event, Status};
use http::Method;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::parcel::{self, Left};
use super::timeline::steps;
use crate::answers::{HistoryEntry, Order};
use crate::form::{self, Draft, Field, Trouble, Typed};
use crate::inside::{Change, part};
use crate::lang::Lang;
use crate::visit::Visit;

/// Something that is done with an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// Give it up.
    Cancel,
    /// Send some or all that is left of it.
    Ship,
    /// Correct the latest parcel.
    Correct,
    /// Note that it arrived.
    Receive,
}

impl Deed {
    const ALL: [Self; 4] = [Self::Ship, Self::Correct, Self::Receive, Self::Cancel];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Ship => "ship",
            Self::Correct => "shipment",
            Self::Receive => "receive",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|deed| deed.name() == name)
    }

    const fn word(self, lang: Lang) -> &'static str {
        match self {
            Self::Cancel => lang.say("Cancel the order", "取消订单"),
            Self::Ship => lang.say("Send a parcel", "发货"),
            Self::Correct => lang.say("Correct the parcel", "更正运单"),
            Self::Receive => lang.say("It has arrived", "确认收货"),
        }
    }

    pub(super) const fn done(self, lang: Lang) -> &'static str {
        match self {
            Self::Cancel => lang.say("The order is cancelled.", "订单已取消。"),
            Self::Ship => lang.say("The parcel is noted.", "已发货。"),
            Self::Correct => lang.say("The parcel is corrected.", "运单已更正。"),
            Self::Receive => lang.say("Its arrival is noted.", "已确认收货。"),
        }
    }

    const fn asks(self) -> Permission {
        match self {
            Self::Cancel => Permission::OrdersCancel,
            Self::Ship | Self::Correct => Permission::OrdersShip,
            Self::Receive => Permission::OrdersReceive,
        }
    }

    const fn event(self) -> Event {
        match self {
            Self::Cancel => Event::Cancel,
            Self::Ship => Event::ShipAll,
            Self::Correct => Event::CorrectShipment,
            Self::Receive => Event::Receive,
        }
    }

    const fn has_parcel(self) -> bool {
        matches!(self, Self::Ship | Self::Correct)
    }

    /// Whether the transition table has the step, and there is something to do it with.
    fn is_legal(self, order: &Order) -> bool {
        let status = Status::ALL.into_iter().find(|status| status.name() == order.status);
        let is_step = status.is_some_and(|status| status.on(self.event()).is_some());
        is_step && (self != Self::Correct || !order.shipments.is_empty())
    }

    /// What the API is asked for.
    pub(super) fn change<'a>(self, order_no: &str, typed: &'a Typed) -> Change<'a> {
        let numbers =
            || json!({"carrier": typed.said("carrier").trim(), "tracking_no": typed.said("tracking_no").trim()});
        let (method, body): (Method, Option<Value>) = match self {
            Self::Cancel => (Method::POST, Some(json!({"reason": "merchant"}))),
            Self::Ship => (Method::POST, Some(parcel::wish(typed))),
            Self::Correct => (Method::PUT, Some(numbers())),
            Self::Receive => (Method::POST, None),
        };
        Change {
            method,
            path: format!("/orders/{}/{}", part(order_no), self.name()),
            key: typed.key(),
            version: if self.has_parcel() { typed.given("version") } else { None },
            reason: typed.given("why"),
            body,
            ..Change::default()
        }
    }
}

/// A form for each step that may be taken now.
pub(super) fn forms(
    visit: &Visit,
    (order, history, left): (&Order, &[HistoryEntry], &[Left<'_>]),
    asked: &Typed,
    trouble: Option<&Trouble>,
) -> Markup {
    let lang = visit.lang();
    let tried = |deed: Deed| trouble.is_some_and(|trouble| trouble.deed == deed.name());
    let offered: Vec<_> =
        Deed::ALL.into_iter().filter(|deed| tried(*deed) || (deed.is_legal(order) && visit.may(deed.asks()))).collect();
    let page = format!("/console/orders/{}", order.order_no);
    let typed = trouble.map_or(asked, |trouble| &trouble.typed);
    html! {
        section.deeds {
            h2 { (lang.say("What can be done", "可执行操作")) }
            @if let Some(trouble) = trouble { (since(trouble, history, lang)) }
            @if offered.is_empty() { p.empty { (lang.say("Nothing, by you and as it stands.", "当前状态下没有可执行的操作。")) } }
            @for deed in offered {
                @let draft = Draft::of(deed.name(), trouble, asked);
                @let form = form::Deed {
                    page: &page, name: deed.name(), word: deed.word(lang), is_danger: deed == Deed::Cancel,
                    version: Some(order.version), says_why: true,
                };
                @let fields = html! {
                    (numbers(deed, draft, lang))
                    @if deed == Deed::Ship { (parcel::fields(left, (typed, draft), lang)) }
                };
                (form::deed(&form, draft, &fields, lang))
            }
        }
    }
}

fn numbers(deed: Deed, draft: Draft<'_>, lang: Lang) -> Markup {
    html! {
        @if deed.has_parcel() {
            (Field::text("carrier", lang.say("Carrier", "承运商")).at_most(64).required().of(draft, "/carrier"))
            (Field::text("tracking_no", lang.say("Tracking number", "运单号")).at_most(64).required().of(draft, "/tracking_no"))
        }
    }
}

/// What was done with the order since the person saw it, where that is why they were refused.
fn since(trouble: &Trouble, history: &[HistoryEntry], lang: Lang) -> Markup {
    let Some(seen) = trouble.typed.given("version").filter(|_| trouble.refused.code == "version_mismatch") else {
        return html! {};
    };
    let missed = missed(history, seen);
    html! {
        div.notice role="status" {
            strong { (lang.say("What happened since you saw it", "您打开页面之后的变更")) }
            @if missed.is_empty() {
                p { (lang.say("Nothing that its history has.", "操作历史中没有新的变更。")) }
            } @else { ol.timeline { (steps(&missed, lang)) } }
            p { (lang.say("Look at the order as it is now, and send it again if you still want it.", "请核对订单现状，仍需操作时再次提交。")) }
        }
    }
}

/// The steps behind the version that somebody saw, the latest first.
fn missed<'a>(history: &'a [HistoryEntry], seen: &str) -> Vec<&'a HistoryEntry> {
    let seen: u32 = seen.parse().unwrap_or_default();
    history.iter().rev().filter(|entry| entry.version > seen).collect()
}

#[cfg(test)]
mod tests;
