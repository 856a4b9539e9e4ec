//! Owns the promise of what a payment's page is told of its providers' words: of its attempts, its refunds and its disputes, and of
//! nobody else's.

use domain::channel::{Digest, RawAnswer, Source, Verdict, Way};
use domain::text::{ChannelNo, Reference};
use domain::{Action, ApplyChannelFact, Command, PaymentId};

use crate::desk::{ACCOUNT, order_no};
use crate::ground::{Kind, on_every_database};
use crate::shop::Shop;

on_every_database!(a_payment_is_told_what_was_said_of_it_and_no_more);

/// The same word, as it came in another way, in these words, of the charge that has this number there.
fn told(mut command: Command, how: (Source, Option<&str>), number: Option<&str>) -> Command {
    let Action::ApplyChannelFact(apply) = &mut command.action else { panic!("{command:?}") };
    apply.source = how.0;
    apply.raw = how.1.map(RawAnswer::of_masked);
    apply.fact.channel_no = number.map(ChannelNo::from_stored);
    command.key = idempotency::Key::from_stored(&format!("told-{:?}", apply.digest));
    command
}

/// A dispute, which has a number of its own.
fn disputed(command: Command, number: &str) -> Command {
    let mut command = told(command, (Source::Callback, Some("disputed")), Some(number));
    let Action::ApplyChannelFact(ApplyChannelFact { fact, digest, .. }) = &mut command.action else {
        panic!("what was told is a fact");
    };
    fact.subject = domain::channel::Subject::Charge(Reference::from_stored(&format!("dp-{number}")));
    *digest = Digest(u128::from_be_bytes(digest.0).wrapping_add(1 << 90).to_be_bytes());
    command
}

async fn a_payment_is_told_what_was_said_of_it_and_no_more(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let desk = &shop.desk;
    let places = ["one", "two"].map(|key| desk.place(key, &[("tea", 1)]));
    let [one, two] = [0, 1].map(|at| order_no(&places[at]));
    shop.run(&places).await;
    shop.run(&[desk.start(one), desk.start(two)]).await;
    let pending = || desk.said(one, Verdict::Pending, None);
    for command in [
        told(pending(), (Source::Answer, Some("{\"渠道\":1}")), None),
        // Nobody was asked.
        told(pending(), (Source::Answer, None), None),
        told(pending(), (Source::Query(7), Some("asked")), None),
        told(desk.said(one, Verdict::Succeeded, Some(100)), (Source::Callback, Some("paid")), Some("no-1")),
        told(desk.said(two, Verdict::Succeeded, Some(100)), (Source::Callback, Some("other")), Some("no-2")),
        desk.refund(one, 1, None),
        told(desk.back(one, 1, Verdict::Succeeded), (Source::Statement, None), None),
        disputed(desk.said(one, Verdict::Disputed, Some(100)), "no-1"),
        disputed(desk.said(two, Verdict::Disputed, Some(100)), "no-2"),
    ] {
        shop.run(&[command]).await;
    }
    let payment = shop.store.payment(desk.tenant, PaymentId::new(one.bits())).await.expect("an answer");
    let payment = payment.expect("a payment");
    let latest = async |limit| shop.store.payment_facts(&payment, limit).await.expect("facts");
    let facts = latest(200).await;
    let short = |raw: &Option<RawAnswer>| raw.as_ref().map(|raw| raw.as_str().to_owned());
    let seen: Vec<_> = facts.iter().map(|event| (event.source, event.fact.verdict, short(&event.raw))).collect();
    let words = |text: &str| Some(text.to_owned());
    assert_eq!(
        seen,
        [
            (Some(Way::Answer), Verdict::Pending, words("{\"渠道\":1}")),
            (Some(Way::Query), Verdict::Pending, words("asked")),
            (Some(Way::Callback), Verdict::Succeeded, words("paid")),
            (Some(Way::Statement), Verdict::Succeeded, None),
            (Some(Way::Callback), Verdict::Disputed, words("disputed")),
        ]
    );
    assert!(facts.iter().all(|event| event.account == ACCOUNT && event.tenant == desk.tenant), "{facts:?}");
    assert!(facts.is_sorted_by_key(|event| event.received_at), "{facts:?}");
    assert_eq!(latest(2).await, facts[3..], "the latest");
}
