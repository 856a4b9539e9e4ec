//! Owns what goes into a parcel: what of an order is left to send, the fields that say how many of it go, and what they ask for.

use domain::order::LINES_MAX;
use domain::payment::{RefundStatus, SENT_BACK};
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::answers::{Line, Order, Payment, Refund};
use crate::form::{Draft, Field, Typed};
use crate::lang::Lang;
use crate::refused::Refused;
use crate::show;

/// What is left to send of a line, beside what a refund is about to give back.
pub(super) struct Left<'a> {
    pub(super) line: &'a Line,
    pub(super) units: i64,
}

/// What is left of each line.
pub(super) fn left<'a>(order: &'a Order, payment: Option<&Payment>) -> Vec<Left<'a>> {
    let refunds = payment.map(|payment| payment.refunds.as_slice()).unwrap_or_default();
    let given_back = |line: u32| {
        let parts = refunds.iter().filter(|refund| takes_goods(refund)).flat_map(|refund| &refund.lines);
        parts.filter(|part| part.line == line).map(|part| part.quantity).sum::<i64>()
    };
    let left = |line: &'a Line| {
        let units = line.quantity - sent(order, line.line) - given_back(line.line);
        Left { line, units: units.max(0) }
    };
    order.lines.iter().map(left).collect()
}

/// How many of a line are in parcels.
pub(super) fn sent(order: &Order, line: u32) -> i64 {
    let packed = order.shipments.iter().flat_map(|parcel| &parcel.lines);
    packed.filter(|packed| packed.line == line).map(|packed| packed.quantity).sum()
}

/// Whether its goods are given back, or about to be. They stay so where the money came home again.
fn takes_goods(refund: &Refund) -> bool {
    let came_home = || refund.code.as_deref().is_some_and(|code| code.starts_with(SENT_BACK));
    match RefundStatus::from_name(&refund.status) {
        Some(RefundStatus::Succeeded) => true,
        Some(RefundStatus::Failed) => came_home(),
        Some(status) => status.is_under_way(),
        None => false,
    }
}

/// The field of a line.
fn field(line: usize) -> String {
    format!("units_{line}")
}

/// The lines that a form packs; their places are those of the lines that are sent.
fn packed(typed: &Typed) -> Vec<usize> {
    let is_packed = |line: &usize| typed.given(&field(*line)).is_some_and(|units| units.parse() != Ok(0_i64));
    (1..=LINES_MAX).filter(is_packed).collect()
}

/// The parcel that a form says. Where nothing goes into it, the API says so in its words.
pub(super) fn wish(typed: &Typed) -> Value {
    let lines: Vec<_> =
        packed(typed).into_iter().map(|line| json!({"line": line, "quantity": typed.number(&field(line))})).collect();
    json!({"carrier": typed.said("carrier").trim(), "tracking_no": typed.said("tracking_no").trim(), "lines": lines})
}

/// What is refused for one line, at its field.
pub(super) fn at_its_field(refused: Refused, typed: &Typed) -> Refused {
    let is_of_line = matches!(refused.code.as_str(), "quantity_exceeds_unshipped" | "refund_under_way");
    let line = refused.more.get("line").and_then(Value::as_u64).filter(|_| is_of_line);
    let place = line.and_then(|line| packed(typed).iter().position(|packed| u64::try_from(*packed) == Ok(line)));
    match place {
        Some(place) => {
            let detail = refused.detail.clone();
            refused.said_at(&format!("/lines/{place}/quantity"), detail)
        }
        None => refused,
    }
}

/// How many of each line go with it: all that is left, until somebody says otherwise.
pub(super) fn fields(left: &[Left<'_>], (typed, draft): (&Typed, Draft<'_>), lang: Lang) -> Markup {
    let packed = packed(typed);
    let is_shown = |left: &&Left<'_>| {
        let is_sent_again = draft.open_wish().is_some() && packed.contains(&number(left.line));
        left.units > 0 || is_sent_again
    };
    html! {
        fieldset.units {
            legend { (lang.say("How many go with it", "发货数量")) }
            p.fine { (lang.say("Fewer, or 0, and the rest is sent later.", "改小数量或填 0 即为部分发货，剩余商品可稍后再发。")) }
            @for left in left.iter().filter(is_shown) {
                @let place = packed.iter().position(|line| *line == number(left.line));
                (of_line(left, place, draft, lang))
            }
            @if let Some(wrong) = draft.wrong("/lines") { p.wrong { (wrong) } }
        }
    }
}

fn of_line(left: &Left<'_>, place: Option<usize>, draft: Draft<'_>, lang: Lang) -> Markup {
    let (name, filled) = (field(number(left.line)), left.units.to_string());
    let label = format!("{} ({})", left.line.name, left.line.sku);
    let (units, whole) = (show::count(left.units), show::count(left.line.quantity));
    let hint = match lang {
        Lang::En => format!("left to send: {units} of {whole}"),
        Lang::Zh => format!("待发 {units}，共 {whole}"),
    };
    // A line that was not sent has no place, and nothing is wrong with it.
    let pointer = place.map_or_else(String::new, |place| format!("/lines/{place}/quantity"));
    html! { (Field::number(&name, &label).filled(&filled).hint(&hint).of(draft, &pointer)) }
}

fn number(line: &Line) -> usize {
    usize::try_from(line.line).unwrap_or(usize::MAX)
}

/// What is in the parcels that were sent.
pub(super) fn sent_parcels(order: &Order, lang: Lang) -> Markup {
    let name = |line: u32| order.lines.iter().find(|known| known.line == line).map_or("", |known| known.name.as_str());
    html! {
        @if !order.shipments.is_empty() {
            section {
                h2 { (lang.say("Parcels", "包裹")) }
                ul { @for parcel in &order.shipments {
                    li {
                        (parcel.carrier) " " code { (parcel.tracking_no) } " · " (show::time(&parcel.shipped_at))
                        ul.fine { @for packed in &parcel.lines {
                            li { (show::count(packed.quantity)) " × " (name(packed.line)) }
                        } }
                    }
                } }
            }
        }
    }
}

#[cfg(test)]
mod tests;
