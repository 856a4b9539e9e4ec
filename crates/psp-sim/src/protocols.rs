//! Owns which provider speaks which protocol, and what a world asks of them all. It does not know any of them from inside.

use crate::alipay::Alipay;
use crate::book::{Charge, Letter, Refund, Status, Twist};
use crate::kind::Kind;
use crate::post::Parcel;
use crate::protocol::Protocol;
use crate::sandbox::Sandbox;
use crate::settings::Settings;
use crate::stripe::Stripe;
use crate::teller::{Change, Teller};
use crate::wechat::Wechat;
use crate::world::World;

/// All of them.
pub(crate) struct Protocols;

pub(crate) fn of(kind: Kind) -> &'static dyn Protocol {
    match kind {
        Kind::Sandbox => &Sandbox,
        Kind::Alipay => &Alipay,
        Kind::WechatPay => &Wechat,
        Kind::Stripe => &Stripe,
    }
}

impl Teller for Protocols {
    fn address(&self, settings: &Settings, charge: &Charge, refund: Option<&Refund>) -> Option<String> {
        let given = match charge.kind {
            // Alipay tells of refunds where it told of the payment.
            Kind::Alipay => charge.notify_url.clone(),
            Kind::Stripe => charge.metadata.get("notify_url").cloned().or_else(|| settings.stripe_webhook_url.clone()),
            Kind::Sandbox | Kind::WechatPay => refund.map_or(&charge.notify_url, |refund| &refund.notify_url).clone(),
        };
        let known = given.filter(|url| url.starts_with("http://"));
        if known.is_none() {
            tracing::debug!(kind = %charge.kind, "there is no http:// address to send a callback to");
        }
        known
    }

    fn events(&self, charge: &Charge, news: Change) -> &'static [&'static str] {
        of(charge.kind).events(charge, news)
    }

    fn contradiction(&self, letter: Letter, follows: u64) -> Letter {
        let protocol = of(letter.kind);
        let mut charge = letter.charge;
        charge.status = if letter.kind == Kind::Stripe { Status::Pending } else { Status::Failed };
        charge.paid_at = None;
        charge.code = Some("card_declined".to_owned());
        let name = protocol.contradiction().to_owned();
        Letter { event: 0, name, charge, follows: Some(follows), held: false, ..letter }
    }
}

/// Writes and signs a callback.
pub(crate) fn parcel(world: &World, letter: &Letter) -> Parcel {
    let mut letter = letter.clone();
    if letter.is(Twist::Amount) {
        letter.charge.amount += 1;
        if let Some(refund) = &mut letter.refund {
            refund.amount += 1;
        }
    }
    if letter.is(Twist::Currency) {
        let other = if letter.charge.currency == "USD" { "EUR" } else { "USD" };
        other.clone_into(&mut letter.charge.currency);
        if let Some(refund) = &mut letter.refund {
            other.clone_into(&mut refund.currency);
        }
    }
    of(letter.kind).parcel(world, &letter)
}
