//! Owns the rows of what comes from outside, of what is to be done there, and of what a person has to look at.

use domain::channel::{RawAnswer, Way};
use domain::text::{ChannelNo, Code};
use domain::{Change, State};

use super::Batch;
use crate::found::Stored as _;
use crate::outbox;
use crate::rows::{ReviewRow, StandingOfChannel};
use crate::set::{Rows, Write, bytes, number, row, text};

/// Where messages of one payment wait: so many lanes there are, and the same one for it each time.
pub(crate) const LANES: u64 = 16;

static OUTBOX: Write = Write::insert(
    "outbox",
    &[
        number("tenant_id"),
        number("lane"),
        text("payment_id"),
        text("account_id"),
        text("task"),
        text("subject"),
        number("number"),
        number("due_at"),
        number("created_at"),
        number("tries"),
    ],
);

pub(super) fn take<'a>(batch: &mut Batch<'a>, change: &'a Change) {
    match change {
        Change::EventSet(event) => {
            batch.events.insert((event.tenant, event.digest), event);
        }
        Change::ReviewRaised(review) => batch.reviews.push(review),
        Change::ReviewResolved(review) => batch.reviews_resolved.push(review),
        Change::ChannelSwitched(standing) => {
            batch.switched.insert((standing.account.tenant, standing.account.id), standing);
        }
        Change::MessageQueued(message) => batch.messages.push(message),
        _ => {}
    }
}

/// In the order in which they were written: what is told first is done first.
pub(super) fn outbox(batch: &Batch<'_>) -> Rows {
    let mut rows = Rows::of(&OUTBOX);
    for message in &batch.messages {
        rows.add(row![
            message.tenant.0,
            outbox::lane(message.payment),
            message.payment.to_string(),
            message.account.to_string(),
            message.task.name(),
            message.task.subject(),
            message.task.number(),
            outbox::due_at(message),
            outbox::wanted_at(message),
            0_i64,
        ]);
    }
    rows
}

static REVIEWS: Write = Write::insert(
    "reviews",
    &[number("tenant_id"), text("review_id"), text("kind"), text("subject"), text("detail"), number("raised_at")],
);

pub(super) fn reviews(batch: &Batch<'_>) -> Rows {
    let mut rows = Rows::of(&REVIEWS);
    for review in &batch.reviews {
        let detail: String = review.detail.chars().take(500).collect();
        let subject: String = review.subject.chars().take(64).collect();
        let (id, kind) = (review.id.to_string(), review.kind.name());
        rows.add(row![review.tenant.0, id, kind, subject, detail, review.at.0]);
    }
    rows
}

static RESOLVED: Write =
    Write::update("reviews", ReviewRow::FIND.key, &[number("resolved_at"), text("resolution")], &[]);

/// Each once, and nobody else meanwhile: its row is locked where it is loaded.
pub(super) fn reviews_resolved(batch: &Batch<'_>) -> Rows {
    let mut rows = Rows::of(&RESOLVED);
    for review in &batch.reviews_resolved {
        let (at, words) = review.resolved.as_ref().map(|done| (done.at.0, done.resolution.as_str())).unzip();
        rows.add(row![review.tenant.0, review.id.to_string(), at, words]);
    }
    rows
}

static SWITCHED: Write = Write::update(
    "channel_accounts",
    StandingOfChannel::FIND.key,
    &[number("is_enabled"), number("version"), number("updated_at")],
    &[number("version")],
);

/// The version is expected that was loaded: at the command line they are changed without a lock.
pub(super) fn channels_switched(before: &State, batch: &Batch<'_>) -> Rows {
    let mut rows = Rows::of(&SWITCHED);
    for ((tenant, id), now) in &batch.switched {
        let was = before.standing(*tenant, *id).map_or(0, |standing| standing.version);
        let is_enabled = i64::from(now.account.is_enabled);
        rows.add(row![tenant.0, id.to_string(), is_enabled, now.version, now.changed_at.0, was]);
    }
    rows
}

static EVENTS: Write = Write::insert("channel_events", crate::rows::ChannelEventRow::FIND.read);

static EVENTS_CHANGED: Write = Write::update(
    "channel_events",
    &[number("tenant_id"), bytes("digest")],
    &[text("state"), number("updated_at")],
    &[text("state")],
);

/// What channels said: new, or known and other than before.
pub(super) fn events(before: &State, batch: &Batch<'_>) -> [Rows; 2] {
    let (mut new, mut changed) = (Rows::of(&EVENTS), Rows::of(&EVENTS_CHANGED));
    for event in batch.events.values() {
        let digest = &event.digest.0[..];
        if let Some(was) = before.event(event.tenant, event.digest) {
            changed.add(row![event.tenant.0, digest, event.state.name(), event.updated_at.0, was.state.name()]);
            continue;
        }
        let fact = &event.fact;
        new.add(row![
            event.tenant.0,
            digest,
            event.account.to_string(),
            fact.subject.name(),
            fact.subject.reference().as_str(),
            fact.verdict.name(),
            fact.amount.map(|amount| amount.minor),
            fact.amount.as_ref().map(|amount| amount.currency.code()),
            fact.channel_no.as_ref().map(ChannelNo::as_str),
            fact.code.as_ref().map(Code::as_str),
            fact.stranger.as_ref().map(Code::as_str),
            event.state.name(),
            event.received_at.0,
            event.updated_at.0,
            event.source.map(Way::name),
            event.raw.as_ref().map(RawAnswer::as_str),
        ]);
    }
    [new, changed]
}
