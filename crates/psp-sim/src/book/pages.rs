//! Owns what the book holds in memory, kept up by the same records that the journal has. It does not know the rules.

use std::collections::{BTreeMap, HashMap};

use super::entries::{Charge, Letter, Movement, Record, Refund, Saved, Status};
use crate::clock;
use crate::kind::Kind;
use crate::merchant::account;

/// The book as it stands.
#[derive(Default)]
pub(crate) struct Pages {
    charges: BTreeMap<String, Charge>,
    by_trade: HashMap<(Kind, String), Vec<String>>,
    refunds: BTreeMap<String, Refund>,
    by_refund: HashMap<(Kind, String), Vec<String>>,
    refunds_of: HashMap<String, Vec<String>>,
    saved: HashMap<String, Saved>,
    letters: BTreeMap<u64, Letter>,
    movements: Vec<Movement>,
    numbers: u64,
    letter_numbers: u64,
    unwritten: Vec<Record>,
    unwritten_movements: usize,
}

impl Pages {
    pub(crate) fn charges(&self) -> impl Iterator<Item = &Charge> {
        self.charges.values()
    }

    pub(crate) fn charge(&self, charge_no: &str) -> Option<&Charge> {
        self.charges.get(charge_no)
    }

    /// The charge of this number of the merchant's; where a provider lets there be more of them, the latest.
    pub(crate) fn trade(&self, kind: Kind, out_trade_no: &str) -> Option<&Charge> {
        let numbers = self.by_trade.get(&(kind, out_trade_no.to_owned()))?;
        self.charges.get(numbers.last()?)
    }

    pub(crate) fn refunds(&self) -> impl Iterator<Item = &Refund> {
        self.refunds.values()
    }

    pub(crate) fn refund(&self, refund_no: &str) -> Option<&Refund> {
        self.refunds.get(refund_no)
    }

    /// The refund of this number of the merchant's. Alipay's numbers count within their trade only.
    pub(crate) fn refund_numbered(&self, kind: Kind, out_trade_no: &str, out_refund_no: &str) -> Option<&Refund> {
        let numbers = self.by_refund.get(&(kind, out_refund_no.to_owned()))?;
        let mut found = numbers.iter().rev().filter_map(|number| self.refunds.get(number));
        found.find(|refund| kind != Kind::Alipay || refund.out_trade_no == out_trade_no)
    }

    pub(crate) fn refunds_of(&self, charge_no: &str) -> impl Iterator<Item = &Refund> {
        let numbers = self.refunds_of.get(charge_no).into_iter().flatten();
        numbers.filter_map(|number| self.refunds.get(number))
    }

    /// The answer under a key, where it is not older than this.
    pub(crate) fn saved(&self, key: &str, since: i64) -> Option<&Saved> {
        self.saved.get(key).filter(|saved| saved.at > since)
    }

    /// The callbacks that are not acknowledged yet.
    pub(crate) fn letters(&self) -> impl Iterator<Item = &Letter> {
        self.letters.values()
    }

    pub(crate) fn movements(&self) -> &[Movement] {
        &self.movements
    }

    /// Counts up with each charge and refund, so that their numbers differ.
    pub(crate) fn next_number(&self) -> u64 {
        self.numbers + 1
    }

    pub(crate) fn next_letter(&self) -> u64 {
        self.letter_numbers + 1
    }

    /// Changes the book, and leaves the record to be written.
    pub(crate) fn write(&mut self, record: Record) {
        self.apply(record.clone());
        self.unwritten.push(record);
    }

    /// What was changed since the last call: for the journal and for the ledger.
    pub(super) fn take_unwritten(&mut self) -> (Vec<Record>, Vec<Movement>) {
        let movements = self.movements[self.unwritten_movements..].to_vec();
        self.unwritten_movements = self.movements.len();
        (std::mem::take(&mut self.unwritten), movements)
    }

    /// Changes the book as a record says, be it new or read again.
    pub(super) fn apply(&mut self, record: Record) {
        match record {
            Record::Charge(charge) => self.apply_charge(charge),
            Record::Refund(refund) => self.apply_refund(refund),
            Record::Saved(saved) => {
                self.saved.insert(saved.key.clone(), saved);
            }
            Record::Letter(letter) => {
                self.letter_numbers = self.letter_numbers.max(letter.number);
                self.letters.insert(letter.number, *letter);
            }
            Record::Sent { number, done: true, .. } => {
                self.letters.remove(&number);
            }
            Record::Sent { number, attempts, .. } => {
                if let Some(letter) = self.letters.get_mut(&number) {
                    letter.attempts = attempts;
                }
            }
        }
    }

    fn apply_charge(&mut self, charge: Charge) {
        let before = self.charges.get(&charge.charge_no).map(|charge| charge.status);
        if before.is_none() {
            self.numbers += 1;
            let key = (charge.kind, charge.out_trade_no.clone());
            self.by_trade.entry(key).or_default().push(charge.charge_no.clone());
        }
        if before != Some(Status::Succeeded)
            && charge.status == Status::Succeeded
            && let Some(at) = charge.paid_at
        {
            self.movements.push(Movement {
                at: clock::utc(at),
                account: account(charge.kind),
                kind: "charge",
                out_trade_no: charge.out_trade_no.clone(),
                out_refund_no: None,
                amount: charge.amount,
                currency: charge.currency.clone(),
                of: charge.kind,
                moved_at: at,
                channel_no: charge.charge_no.clone(),
            });
        }
        self.charges.insert(charge.charge_no.clone(), charge);
    }

    fn apply_refund(&mut self, refund: Refund) {
        let before = self.refunds.get(&refund.refund_no).map(|refund| refund.status);
        if before.is_none() {
            self.numbers += 1;
            let key = (refund.kind, refund.out_refund_no.clone());
            self.by_refund.entry(key).or_default().push(refund.refund_no.clone());
            self.refunds_of.entry(refund.charge_no.clone()).or_default().push(refund.refund_no.clone());
        }
        if before != Some(Status::Succeeded)
            && refund.status == Status::Succeeded
            && let Some(at) = refund.done_at
        {
            self.movements.push(Movement {
                at: clock::utc(at),
                account: account(refund.kind),
                kind: "refund",
                out_trade_no: refund.out_trade_no.clone(),
                out_refund_no: Some(refund.out_refund_no.clone()),
                amount: refund.amount,
                currency: refund.currency.clone(),
                of: refund.kind,
                moved_at: at,
                channel_no: refund.refund_no.clone(),
            });
        }
        self.refunds.insert(refund.refund_no.clone(), refund);
    }
}
