//! Owns what the protocols share, and a turn: one step of the book with the callbacks and the appointments that follow
//! from it. It does not know how a provider speaks.

use std::collections::BTreeMap;

use crate::agenda::{Agenda, Due};
use crate::book::{Asking, Book, Charge, Letter, Pages, Record, Refund, Refusal, Status, Twist};
use crate::certificates::Certificates;
use crate::kind::Kind;
use crate::merchant::Merchant;
use crate::mischief::{Do, Mischief};
use crate::post::Post;
use crate::settings::Kept;
use crate::teller::{Change, Teller};
use crate::{clock, numbers};

/// What the protocols share.
pub(crate) struct World {
    pub(crate) book: Book,
    pub(crate) merchant: Merchant,
    pub(crate) certificates: Certificates,
    pub(crate) mischief: Mischief,
    pub(crate) settings: Kept,
    pub(crate) agenda: Agenda,
    pub(crate) post: Post,
    pub(crate) teller: &'static dyn Teller,
    /// `http://127.0.0.1:…`, with no slash at its end.
    pub(crate) gateway: String,
}

/// What a new charge is to be.
pub(crate) struct Opening {
    pub(crate) kind: Kind,
    pub(crate) out_trade_no: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) subject: String,
    pub(crate) method: String,
    pub(crate) notify_url: Option<String>,
    pub(crate) return_url: Option<String>,
    pub(crate) expires_at: Option<i64>,
    pub(crate) metadata: BTreeMap<String, String>,
}

/// One step.
pub(crate) struct Turn<'a> {
    pub(crate) pages: &'a mut Pages,
    pub(crate) now: i64,
    pub(crate) world: &'a World,
    letters: Vec<Letter>,
    dues: Vec<(i64, Due)>,
}

impl World {
    /// Takes a turn. What it did is in the book at once, and on the disk when `book.settled` says so.
    pub(crate) fn turn<T>(&self, step: impl FnOnce(&mut Turn<'_>) -> T) -> T {
        let (value, letters, dues) = self.book.change(|pages| {
            let mut turn = Turn { pages, now: clock::now(), world: self, letters: Vec::new(), dues: Vec::new() };
            let value = step(&mut turn);
            (value, turn.letters, turn.dues)
        });
        self.post.take(letters);
        self.agenda.note(dues);
        value
    }

    /// Takes up what was left when the simulator ended: callbacks, refunds that are pending, charges that pay
    /// themselves or expire.
    pub(crate) fn resume(&self) {
        let auto_pay_ms = self.settings.now().auto_pay_ms;
        let (letters, dues) = self.book.read(|pages| {
            let mut dues = Vec::new();
            for charge in pages.charges().filter(|charge| charge.status == Status::Pending) {
                dues.extend(charge.expires_at.map(|at| (at, Due::Expire(charge.charge_no.clone()))));
                dues.extend(auto_pay_ms.map(|ms| (charge.created_at + whole(ms), Due::Pay(charge.charge_no.clone()))));
            }
            let pending = pages.refunds().filter(|refund| refund.status == Status::Pending);
            dues.extend(pending.map(|refund| (refund.created_at, Due::Refund(refund.refund_no.clone()))));
            (pages.letters().cloned().collect(), dues)
        });
        self.post.take(letters);
        self.agenda.note(dues);
    }

    /// The page where a charge is paid.
    pub(crate) fn pay_url(&self, charge: &Charge) -> String {
        format!("{}/pay/{}/{}", self.gateway, charge.kind, crate::exchange::escape(&charge.out_trade_no))
    }
}

impl Turn<'_> {
    pub(crate) fn open(&mut self, opening: Opening) -> Charge {
        let charge = Charge {
            kind: opening.kind,
            charge_no: numbers::charge(opening.kind, self.pages.next_number(), self.now),
            out_trade_no: opening.out_trade_no,
            status: Status::Pending,
            amount: opening.amount,
            currency: opening.currency,
            refunded: 0,
            subject: opening.subject,
            method: opening.method,
            notify_url: opening.notify_url,
            return_url: opening.return_url,
            created_at: self.now,
            expires_at: opening.expires_at,
            paid_at: None,
            closed_at: None,
            code: None,
            seen: false,
            metadata: opening.metadata,
        };
        self.pages.write(Record::Charge(charge.clone()));
        self.dues.extend(charge.expires_at.map(|at| (at, Due::Expire(charge.charge_no.clone()))));
        if let Some(ms) = self.world.settings.now().auto_pay_ms {
            self.dues.push((self.now + whole(ms), Due::Pay(charge.charge_no.clone())));
        }
        charge
    }

    pub(crate) fn pay(&mut self, charge_no: &str) -> Result<Charge, Refusal> {
        let charge = self.pages.pay(charge_no, self.now)?;
        self.tell(Change::Paid, &charge, None);
        Ok(charge)
    }

    pub(crate) fn refuse(&mut self, charge_no: &str, code: &str) -> Result<Charge, Refusal> {
        let charge = self.pages.refuse(charge_no, code)?;
        self.tell(Change::PaymentRefused, &charge, None);
        Ok(charge)
    }

    pub(crate) fn close(&mut self, charge_no: &str, code: Option<&str>) -> Result<Charge, Refusal> {
        let charge = self.pages.close(charge_no, self.now, code)?;
        self.tell(Change::Closed, &charge, None);
        Ok(charge)
    }

    /// Gives money back, at once or after the time that is set. True where this is new.
    pub(crate) fn refund(&mut self, asking: Asking) -> Result<(Refund, bool), Refusal> {
        let (refund, fresh) = self.pages.claim(asking, self.now)?;
        if !fresh {
            return Ok((refund, false));
        }
        let wait = self.world.settings.now().refund_ms.get(&refund.kind).copied().unwrap_or(0);
        let number = refund.refund_no.clone();
        let at_once = refund.kind == Kind::Alipay || (wait == 0 && refund.fails.is_none());
        if !at_once {
            self.dues.push((self.now + whole(wait), Due::Refund(number.clone())));
        } else if let Some((charge, refund)) = self.pages.end_refund(&number, None, self.now) {
            self.tell(Change::RefundTaken, &charge, Some(&refund));
            self.tell(Change::Refunded { at_once: true }, &charge, Some(&refund));
            return Ok((refund, true));
        }
        if let Some(charge) = self.pages.charge(&refund.charge_no).cloned() {
            self.tell(Change::RefundTaken, &charge, Some(&refund));
        }
        Ok((refund, true))
    }

    pub(crate) fn end_refund(&mut self, refund_no: &str) {
        let code = self.pages.refund(refund_no).and_then(|refund| refund.fails.clone());
        if let Some((charge, refund)) = self.pages.end_refund(refund_no, code.as_deref(), self.now) {
            let news = if code.is_some() { Change::RefundFailed } else { Change::Refunded { at_once: false } };
            self.tell(news, &charge, Some(&refund));
        }
    }

    /// Writes the callbacks of a change, with what a tester wants to be wrong with them.
    fn tell(&mut self, news: Change, charge: &Charge, refund: Option<&Refund>) {
        let teller = self.world.teller;
        let Some(url) = teller.address(&self.world.settings.now(), charge, refund) else { return };
        let names = teller.events(charge, news);
        if names.is_empty() {
            return;
        }
        let wrongs = self.world.mischief.of_callback(charge.kind, &charge.out_trade_no);
        if wrongs.contains(&Do::None) {
            return;
        }
        for name in names {
            let letter = Letter {
                number: 0,
                event: self.pages.next_letter(),
                kind: charge.kind,
                name: (*name).to_owned(),
                url: url.clone(),
                charge: charge.clone(),
                refund: refund.cloned(),
                twists: wrongs.iter().filter_map(twist).collect(),
                at: self.now,
                due: self.now,
                follows: None,
                held: wrongs.contains(&Do::Reorder),
                attempts: 0,
            };
            let last = self.copies(&letter, &wrongs);
            if news == Change::Paid && wrongs.contains(&Do::FailedAfterSucceeded) {
                self.post(teller.contradiction(letter, last));
            }
        }
    }

    /// Posts a letter as often as it is wanted; the number of the last.
    fn copies(&mut self, letter: &Letter, wrongs: &[Do]) -> u64 {
        let delay: u64 = wrongs.iter().map(|it| if let Do::Delay { ms } = it { *ms } else { 0 }).sum();
        let due = letter.due + whole(delay);
        let mut last = self.post(Letter { due, ..letter.clone() });
        for wrong in wrongs {
            match wrong {
                Do::Repeat { times } => {
                    for _ in 0..*times {
                        last = self.post(Letter { due, follows: Some(last), held: false, ..letter.clone() });
                    }
                }
                Do::Parallel { times } => {
                    for _ in 1..*times {
                        last = self.post(Letter { due, ..letter.clone() });
                    }
                }
                _ => (),
            }
        }
        last
    }

    fn post(&mut self, letter: Letter) -> u64 {
        let number = self.pages.next_letter();
        let event = if letter.event == 0 { number } else { letter.event };
        let letter = Letter { number, event, ..letter };
        self.pages.write(Record::Letter(Box::new(letter.clone())));
        self.letters.push(letter);
        number
    }
}

fn twist(wrong: &Do) -> Option<Twist> {
    match wrong {
        Do::WrongAmount => Some(Twist::Amount),
        Do::WrongCurrency => Some(Twist::Currency),
        Do::WrongApp => Some(Twist::App),
        Do::WrongSeller => Some(Twist::Seller),
        Do::WrongSignature => Some(Twist::Signature),
        Do::Stale => Some(Twist::Time),
        Do::GarbledAnswer => Some(Twist::Answer),
        _ => None,
    }
}

fn whole(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX / 4)
}
