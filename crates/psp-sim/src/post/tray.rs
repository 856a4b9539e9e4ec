//! Owns the order of the callbacks: which is due, which waits for another, and what became of those that left. It does
//! not know how one is sent.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use crate::book::Letter;
use crate::clock;
use crate::kind::Kind;

/// So many deliveries are remembered.
const REMEMBERED: usize = 10_000;
/// A callback that is held back for the next one leaves after so long where no next one comes.
const HELD_MAX_MS: i64 = 3_000;

/// The callbacks, and what became of those that left.
#[derive(Default)]
pub(super) struct Tray {
    letters: HashMap<u64, Letter>,
    due: BTreeSet<(i64, u64)>,
    following: HashMap<u64, Vec<u64>>,
    held: BTreeMap<Kind, u64>,
    deliveries: VecDeque<Delivery>,
}

/// A callback that left, and its answer.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Delivery {
    at: String,
    took_ms: i64,
    kind: Kind,
    event: String,
    event_no: u64,
    letter: u64,
    attempt: u32,
    out_trade_no: String,
    out_refund_no: Option<String>,
    url: String,
    acknowledged: bool,
    /// `{status, body}`, where there was an answer.
    answer: Option<Value>,
    error: Option<String>,
    #[serde(skip)]
    charge_no: String,
}

/// A callback of a charge that left, as its payer may see it.
pub(crate) struct Told {
    pub(crate) at: String,
    /// What was told, in the provider's word.
    pub(crate) event: String,
    /// The status that the merchant answered with; none where no answer came.
    pub(crate) answer: Option<u64>,
    /// Whether the provider takes it for heard.
    pub(crate) acknowledged: bool,
}

impl Tray {
    /// Takes a letter in: it is due, or follows another, or is held back for the next of its kind.
    pub(super) fn put(&mut self, mut letter: Letter) {
        let number = letter.number;
        if let Some(before) = letter.follows.filter(|before| self.letters.contains_key(before)) {
            self.following.entry(before).or_default().push(number);
        } else if letter.held && !self.held.contains_key(&letter.kind) {
            self.held.insert(letter.kind, number);
            self.due.insert((letter.due + HELD_MAX_MS, number));
        } else {
            letter.held = false;
            self.due.insert((letter.due, number));
        }
        self.letters.insert(number, letter);
    }

    /// What is due by now, or how long nothing is.
    pub(super) fn take_due(&mut self, now: i64) -> Result<Vec<Letter>, Duration> {
        let mut taken = Vec::new();
        while let Some(&(at, number)) = self.due.first() {
            if at > now {
                let wait = Duration::from_millis(u64::try_from(at - now).unwrap_or_default());
                return if taken.is_empty() { Err(wait.min(Duration::from_hours(1))) } else { Ok(taken) };
            }
            self.due.pop_first();
            taken.extend(self.letters.get(&number).cloned());
        }
        if taken.is_empty() { Err(Duration::from_hours(1)) } else { Ok(taken) }
    }

    /// A letter was tried; it leaves again at that time, or is done with.
    pub(super) fn tried(&mut self, letter: Letter, next: Option<i64>, now: i64) {
        let (number, kind) = (letter.number, letter.kind);
        if self.held.get(&kind) == Some(&number) {
            self.held.remove(&kind);
        } else if let Some(held) = self.held.remove(&kind) {
            self.due.retain(|(_, waiting)| *waiting != held);
            self.due.insert((now, held));
        }
        if let Some(at) = next {
            self.letters.insert(number, letter);
            self.due.insert((at, number));
            return;
        }
        self.letters.remove(&number);
        for follower in self.following.remove(&number).unwrap_or_default() {
            let due = self.letters.get(&follower).map_or(now, |letter| letter.due.max(now));
            self.due.insert((due, follower));
        }
    }

    pub(super) fn log(&mut self, delivery: Delivery) {
        if self.deliveries.len() == REMEMBERED {
            self.deliveries.pop_front();
        }
        self.deliveries.push_back(delivery);
    }

    /// What was told of a charge, the first word first.
    pub(super) fn told(&self, charge_no: &str) -> Vec<Told> {
        let of_it = self.deliveries.iter().filter(|delivery| delivery.charge_no == charge_no);
        let told = |delivery: &Delivery| Told {
            at: delivery.at.clone(),
            event: delivery.event.clone(),
            answer: delivery.answer.as_ref().and_then(|answer| answer["status"].as_u64()),
            acknowledged: delivery.acknowledged,
        };
        of_it.map(told).collect()
    }

    pub(super) fn has_tried(&self, charge_no: &str) -> bool {
        self.deliveries.iter().rev().any(|delivery| delivery.charge_no == charge_no)
    }

    pub(super) fn deliveries(&self) -> Vec<&Delivery> {
        self.deliveries.iter().collect()
    }

    pub(super) fn waiting(&self) -> Vec<Value> {
        let next: HashMap<_, _> = self.due.iter().map(|(at, number)| (*number, *at)).collect();
        let mut letters: Vec<_> = self.letters.values().collect();
        letters.sort_by_key(|letter| letter.number);
        let shown = letters.into_iter().rev().take(REMEMBERED).map(|letter| {
            json!({
                "letter": letter.number,
                "kind": letter.kind,
                "event": letter.name,
                "event_no": letter.event,
                "out_trade_no": letter.charge.out_trade_no,
                "out_refund_no": letter.refund.as_ref().map(|refund| &refund.out_refund_no),
                "url": letter.url,
                "attempts": letter.attempts,
                "next_at": next.get(&letter.number).map(|at| clock::utc(*at)),
            })
        });
        shown.collect()
    }
}

impl Delivery {
    pub(super) fn of(
        letter: &Letter,
        at: i64,
        took_ms: i64,
        acknowledged: bool,
        answer: Result<(u16, Vec<u8>), String>,
    ) -> Self {
        let (answer, error) = match answer {
            Ok((status, body)) => {
                let body: String = String::from_utf8_lossy(&body).chars().take(200).collect();
                (Some(json!({"status": status, "body": body})), None)
            }
            Err(error) => (None, Some(error)),
        };
        Self {
            at: clock::utc(at),
            took_ms,
            kind: letter.kind,
            event: letter.name.clone(),
            event_no: letter.event,
            letter: letter.number,
            attempt: letter.attempts,
            out_trade_no: letter.charge.out_trade_no.clone(),
            out_refund_no: letter.refund.as_ref().map(|refund| refund.out_refund_no.clone()),
            url: letter.url.clone(),
            acknowledged,
            answer,
            error,
            charge_no: letter.charge.charge_no.clone(),
        }
    }
}
