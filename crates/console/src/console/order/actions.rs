//! Owns what the staff may do with an order: the steps that its status allows and their role may take, each with a form.

use domain::access::Permission;
use domain::order::{Event, Status};
use http::Method;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answers::Order;
use crate::inside::{Change, part};
use crate::lang::Lang;
use crate::refused::Refused;
use crate::visit::Visit;

/// Something that is done with an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// Give it up.
    Cancel,
    /// Send what is left of it.
    Ship,
    /// Correct the latest parcel.
    Correct,
    /// Note that it arrived.
    Receive,
}

/// What a form says.
#[derive(Default, Deserialize)]
pub(in crate::console) struct Filled {
    /// The wish's name, made where the form was.
    key: String,
    /// The order's version that the person saw.
    version: String,
    #[serde(default)]
    carrier: String,
    #[serde(default)]
    tracking_no: String,
    /// Why, for the audit log.
    #[serde(default)]
    why: String,
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
            Self::Ship => lang.say("Send all that is left", "发货"),
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
    pub(super) fn change<'a>(self, order_no: &str, filled: &'a Filled) -> Change<'a> {
        let parcel = || json!({"carrier": filled.carrier.trim(), "tracking_no": filled.tracking_no.trim()});
        let (method, body): (Method, Option<Value>) = match self {
            Self::Cancel => (Method::POST, Some(json!({"reason": "merchant"}))),
            Self::Ship => (Method::POST, Some(parcel())),
            Self::Correct => (Method::PUT, Some(parcel())),
            Self::Receive => (Method::POST, None),
        };
        Change {
            method,
            path: format!("/orders/{}/{}", part(order_no), self.name()),
            key: Some(&filled.key),
            version: self.has_parcel().then_some(filled.version.as_str()),
            reason: Some(filled.why.trim()).filter(|why| !why.is_empty()),
            body,
            ..Change::default()
        }
    }
}

/// A form for each step that may be taken now.
pub(super) fn forms(visit: &Visit, order: &Order, trouble: Option<(Deed, &Filled, &Refused)>) -> Markup {
    let lang = visit.lang();
    let of = |deed: Deed| trouble.filter(|(refused, _, _)| *refused == deed);
    let offered: Vec<_> = Deed::ALL
        .into_iter()
        .filter(|deed| of(*deed).is_some() || (deed.is_legal(order) && visit.may(deed.asks())))
        .collect();
    html! {
        section.deeds {
            h2 { (lang.say("What can be done", "可执行操作")) }
            @if offered.is_empty() { p.empty { (lang.say("Nothing, by you and as it stands.", "当前状态下没有可执行的操作。")) } }
            @for deed in offered { (form(order, deed, of(deed).map(|(_, filled, refused)| (filled, refused)), lang)) }
        }
    }
}

fn form(order: &Order, deed: Deed, trouble: Option<(&Filled, &Refused)>, lang: Lang) -> Markup {
    let said = |pick: fn(&Filled) -> &str| trouble.map_or("", |(filled, _)| pick(filled));
    let wrong = |pointer: &str| trouble.and_then(|(_, refused)| refused.at(pointer));
    html! {
        details.deed open[trouble.is_some()] {
            summary { (deed.word(lang)) }
            @if let Some((_, refused)) = trouble {
                (refused.notice(lang))
                @if refused.code == "version_mismatch" {
                    p.notice {
                        (lang.say("Somebody changed the order meanwhile; what they did stands at the end of this page. Look, and send it again if you still want it.",
                            "订单已被他人修改，变更见页面底部的操作历史。请核对后再提交。"))
                    }
                }
            }
            form method="post" action={ "/console/orders/" (order.order_no) "/" (deed.name()) } {
                input type="hidden" name="key" value=(crate::visit::new_key());
                input type="hidden" name="version" value=(order.version);
                @if deed.has_parcel() {
                    label {
                        (lang.say("Carrier", "承运商"))
                        input name="carrier" required maxlength="64" value=(said(|filled| &filled.carrier)) aria-invalid[wrong("/carrier").is_some()];
                        @if let Some(wrong) = wrong("/carrier") { span.wrong { (wrong) } }
                    }
                    label {
                        (lang.say("Tracking number", "运单号"))
                        input name="tracking_no" required maxlength="64" value=(said(|filled| &filled.tracking_no)) aria-invalid[wrong("/tracking_no").is_some()];
                        @if let Some(wrong) = wrong("/tracking_no") { span.wrong { (wrong) } }
                    }
                }
                label {
                    (lang.say("Why (for the audit log)", "原因（记入审计日志）"))
                    input name="why" maxlength="200" value=(said(|filled| &filled.why));
                }
                button type="submit" class=(if deed == Deed::Cancel { "danger" } else { "" }) { (deed.word(lang)) }
            }
        }
    }
}
