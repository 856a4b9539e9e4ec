//! Owns the lines about payments, and what commands leave in the outbox, the human queue and the ledger.

use std::collections::BTreeMap;

use super::{Said, Shop, TENANT};
use crate::channel::{
    Account, Conditions, Digest, Fact, Kind, NextAction, RawAnswer, Source, State as Became, Subject, Verdict,
};
use crate::decide::tests::words;
use crate::order::Order;
use crate::outbox::Task;
use crate::payment::{Payment, RefundLimits, RefundLine};
use crate::text::{ActorId, ChannelNo, Code, Reference, RefundReason};
use crate::{
    Action, ApplyChannelFact, ApproveRefund, Asking, AttemptId, Change, ChannelAccountId, Money, NoteSilence, OrderNo,
    Outcome, PaymentId, QueryPayment, RefundId, RefundPayment, RejectRefund, Reply, RetryRefund, SetRefundLimits,
    StartPayment,
};

/// What commands left since somebody looked.
#[derive(Default)]
pub(super) struct Left {
    queue: Vec<String>,
    reviews: Vec<&'static str>,
    kept: Vec<String>,
    ledger: BTreeMap<String, i64>,
}

impl Left {
    pub(super) fn note(&mut self, change: &Change) {
        match change {
            Change::MessageQueued(message) => {
                let pause = (message.due_at.0 - message.created_at.0) / 1_000;
                let text = if pause == 0 { String::new() } else { format!("+{pause}s") };
                self.queue.push(format!("{}{text}", message.task.name()));
            }
            Change::EventSet(event) => {
                let way = event.source.map_or("nobody knows how", |way| way.name());
                let raw = event.raw.as_ref().map_or(String::new(), |raw| format!(":{}", raw.as_str()));
                self.kept.push(format!("{way}:{}{raw}", event.state));
            }
            Change::ReviewRaised(review) => self.reviews.push(review.kind.name()),
            Change::Posted(posting) => {
                let name = |account: crate::ledger::Account| {
                    let name = account.name();
                    name.split(':').next().unwrap_or_default().to_owned()
                };
                *self.ledger.entry(name(posting.to)).or_default() += posting.amount;
                *self.ledger.entry(name(posting.from)).or_default() -= posting.amount;
            }
            _ => {}
        }
    }
}

impl Shop {
    pub(super) fn ask(&mut self, said: &Said<'_>) -> String {
        match said.words[0] {
            "queue" => std::mem::take(&mut self.left.queue).join(" "),
            "kept" => std::mem::take(&mut self.left.kept).join(" "),
            "reviews" => std::mem::take(&mut self.left.reviews).join(" "),
            "keys" => {
                let payment = self.state.payment_for(TENANT, said.order_no()).expect("a known payment");
                let keys: Vec<_> = payment.refunds.iter().map(|refund| refund.provider_key.to_string()).collect();
                keys.join(" ")
            }
            "decided" => self.decided(said),
            "ledger" => {
                let sums = self.left.ledger.iter().filter(|(_, sum)| **sum != 0);
                sums.map(|(name, sum)| format!("{name}={sum}")).collect::<Vec<_>>().join(" ")
            }
            _ => {
                let kind = said.options.get("kind").and_then(|kind| Kind::from_name(kind)).unwrap_or(Kind::Sandbox);
                self.account(said.number(1), kind, said.words.get(2) != Some(&"off"));
                String::new()
            }
        }
    }

    fn account(&mut self, number: i64, kind: Kind, is_enabled: bool) {
        let id = account_id(number);
        let (name, conditions) = (format!("account {number}"), Conditions::default());
        self.state.put_account(Account { tenant: TENANT, id, kind, name, is_enabled, conditions });
    }

    pub(super) fn payment(&self, said: &Said<'_>) -> String {
        self.state.payment_for(TENANT, said.order_no()).map_or("none".to_owned(), |payment| words::payment(payment))
    }

    /// An attempt, unless one is open, and the channel's word that it succeeded; spelled as the order then is.
    pub(super) fn pay(&mut self, said: &Said<'_>) -> String {
        let order_no = said.order_no();
        let live = |payment: &Payment| payment.live().next().map(|attempt| attempt.id);
        let open = |shop: &Self| shop.state.payment_for(TENANT, order_no).and_then(|payment| live(payment));
        if open(self).is_none() {
            let start = self.start(said);
            if let refused @ Outcome::Refused(_) = self.decide(said, start) {
                return words::outcome(&refused);
            }
        }
        let attempt = open(self).expect("an attempt was begun");
        let fact = Fact {
            subject: Subject::Charge(Reference::from_stored(&attempt.to_string())),
            verdict: Verdict::Succeeded,
            amount: Some(said.money(2)),
            channel_no: None,
            code: None,
            stranger: None,
        };
        let action = self.fact(said, fact);
        match self.decide(said, action) {
            Outcome::Accepted(accepted) if matches!(accepted.reply, Reply::Noted(Became::Applied)) => {
                let order: &Order = self.state.order(TENANT, order_no).expect("it was paid");
                format!("{} v{}", order.status, order.version)
            }
            other => words::outcome(&other),
        }
    }

    fn start(&mut self, said: &Said<'_>) -> Action {
        let number = said.option("via").unwrap_or(1);
        if self.state.account(TENANT, account_id(number)).is_none() {
            self.account(number, Kind::Sandbox, true);
        }
        let order_no = said.order_no();
        let before = self.state.payment_for(TENANT, order_no).map_or(0, |payment| payment.attempts.len());
        let mut candidates = vec![account_id(number)];
        candidates.extend(said.option("or").map(account_id));
        Action::StartPayment(StartPayment {
            order_no,
            payment: PaymentId::new(order_no.bits()),
            attempt: said.named("id").map_or(attempt_id(order_no, before + 1), |(of, number)| attempt_id(of, number)),
            provider_key: 7,
            candidates,
            method: None,
            return_url: None,
        })
    }

    pub(super) fn money_action(&mut self, said: &Said<'_>) -> Action {
        match said.words[0] {
            "start" => self.start(said),
            "sweep" => Action::CloseAttempts { order_no: said.order_no() },
            "refund" => self.refund(said),
            "query" => Action::QueryPayment(QueryPayment { payment: PaymentId::new(said.order_no().bits()) }),
            "retry" => {
                let provider_key = said.option("number").map_or(self.commands, |number| number.unsigned_abs().into());
                Action::RetryRefund(RetryRefund {
                    failed: self.refund_id(said),
                    provider_key,
                    asking: self.asking(said),
                })
            }
            "approve" => Action::ApproveRefund(ApproveRefund { refund: self.refund_id(said), by: said.actor() }),
            "reject" => {
                let may_decide = said.words.get(2) == Some(&"staff");
                Action::RejectRefund(RejectRefund { refund: self.refund_id(said), by: said.actor(), may_decide })
            }
            "limits" => {
                let limits = said.words[1..].chunks(2).map(|pair| {
                    let currency = pair[1].parse().expect("a known currency");
                    Money::new(pair[0].parse().expect("a number"), currency)
                });
                let limits = RefundLimits::new(limits).expect("good limits");
                Action::SetRefundLimits(SetRefundLimits { limits, expected_version: said.version() })
            }
            "said" => {
                let fact = said
                    .fact(Subject::Charge(said.reference(|order_no, number| attempt_id(order_no, number).to_string())));
                self.fact(said, fact)
            }
            "dispute" => {
                let mut fact = said.fact_of(Subject::Charge(Reference::from_stored("dp_1")), Verdict::Disputed);
                fact.channel_no = Some(ChannelNo::from_stored(said.words[1]));
                self.fact(said, fact)
            }
            "back" => {
                let id = self.refund_id(said);
                let fact = said.fact(Subject::Refund(Reference::from_stored(&id.to_string())));
                self.fact(said, fact)
            }
            "silent" => {
                let (order_no, number) = said.place();
                let id = attempt_id(order_no, number);
                let payment = self.state.payment_for(TENANT, order_no).expect("a known payment");
                let task = match said.words[2] {
                    "charge" => Task::Charge(id),
                    "close" => Task::CloseCharge(id),
                    _ => Task::QueryCharge(id, payment.attempt(id).expect("a known attempt").queries),
                };
                Action::NoteSilence(NoteSilence { task, code: None })
            }
            "mute" => {
                let id = self.refund_id(said);
                let payment = self.state.payment_of_refund(TENANT, id).expect("a known refund");
                let task = match said.words[2] {
                    "refund" => Task::Refund(id),
                    _ => Task::QueryRefund(id, payment.refund(id).expect("a known refund").queries),
                };
                Action::NoteSilence(NoteSilence { task, code: None })
            }
            other => panic!("no command {other:?}"),
        }
    }

    fn refund_id(&self, said: &Said<'_>) -> RefundId {
        self.refund_at(said.place())
    }

    fn refund_at(&self, (order_no, number): (OrderNo, usize)) -> RefundId {
        let payment = self.state.payment_for(TENANT, order_no).expect("a known payment");
        payment.refunds[number - 1].id
    }

    fn fact(&self, said: &Said<'_>, fact: Fact) -> Action {
        let source = match said.options.get("src").copied().unwrap_or("callback") {
            "answer" => Source::Answer,
            "closing" => Source::Closing,
            "statement" => Source::Statement,
            "query" => Source::Query(said.option("asked").map_or_else(|| self.queries(&fact), asked)),
            _ => Source::Callback,
        };
        let digest = said.options.get("event").map_or(self.commands, |event| u128::from(event.as_bytes()[0]));
        Action::ApplyChannelFact(ApplyChannelFact {
            account: account_id(said.option("via").unwrap_or(1)),
            source,
            action: said.options.get("go").map(|url| NextAction::Redirect((*url).to_owned())),
            digest: Digest(digest.to_be_bytes()),
            raw: said.options.get("raw").map(|text| RawAnswer::of_masked(text)),
            is_again: said.options.contains_key("event"),
            fact,
        })
    }

    /// The number of the last question about what a fact is about.
    fn queries(&self, fact: &Fact) -> u32 {
        let id = fact.subject.reference().as_str();
        let of_attempt = id
            .parse()
            .ok()
            .and_then(|id: AttemptId| Some(self.state.payment_of_attempt(TENANT, id)?.attempt(id)?.queries));
        let of_refund = id
            .parse()
            .ok()
            .and_then(|id: RefundId| Some(self.state.payment_of_refund(TENANT, id)?.refund(id)?.queries));
        of_attempt.or(of_refund).unwrap_or(0)
    }

    fn refund(&self, said: &Said<'_>) -> Action {
        let order_no = said.order_no();
        let amount = said.words.get(2).filter(|word| !word.contains('*')).map(|word| said.priced(word));
        let lines = said.words[2..].iter().filter_map(|word| word.split_once('*'));
        let lines = lines.map(|(line, quantity)| RefundLine {
            line: line.parse().expect("a line"),
            quantity: quantity.trim_end_matches('!').parse().expect("a quantity"),
            restock: quantity.ends_with('!'),
        });
        Action::RefundPayment(RefundPayment {
            payment: PaymentId::new(order_no.bits()),
            refund: said.named("id").map_or(RefundId::new(self.commands), |place| self.refund_at(place)),
            provider_key: self.commands,
            amount,
            reason: RefundReason::from_stored("unwanted"),
            lines: lines.collect(),
            asking: self.asking(said),
        })
    }

    fn asking(&self, said: &Said<'_>) -> Asking {
        Asking { by: said.actor(), limits: self.state.refund_policy(TENANT).limits }
    }

    fn decided(&self, said: &Said<'_>) -> String {
        let payment = self.state.payment_for(TENANT, said.place().0).expect("a known payment");
        let refund = payment.refund(self.refund_id(said)).expect("a known refund");
        let by = refund.requested_by.as_ref().map_or("nobody", |party| party.id.as_str());
        let decision = refund.decision.as_ref().map_or(String::new(), |decision| {
            let what = if decision.is_approved { "approved" } else { "rejected" };
            format!(", {what} by {} at {}", decision.by.id, decision.at.0)
        });
        format!("by {by}{decision}")
    }
}

impl Said<'_> {
    /// `A.2`: the second of A.
    fn place(&self) -> (OrderNo, usize) {
        place(self.words[1])
    }

    /// Who sends the line, as others name them.
    fn actor(&self) -> ActorId {
        ActorId::from_stored(self.options.get("by").unwrap_or(&"1"))
    }

    /// `id=A.2`: made from a key that made the second of A.
    fn named(&self, option: &str) -> Option<(OrderNo, usize)> {
        self.options.get(option).map(|word| place(word))
    }

    fn reference(&self, text: impl Fn(OrderNo, usize) -> String) -> Reference {
        let (order_no, number) = self.place();
        Reference::from_stored(&text(order_no, number))
    }

    fn fact(&self, subject: Subject) -> Fact {
        let verdict = Verdict::from_name(self.words[2]).expect("a verdict");
        let amount = self.words.get(3).map(|minor| self.priced(minor));
        Fact { amount, ..self.fact_of(subject, verdict) }
    }

    fn fact_of(&self, subject: Subject, verdict: Verdict) -> Fact {
        Fact {
            subject,
            verdict,
            amount: self.words.get(2).and_then(|minor| minor.parse().ok().map(|_: i64| self.priced(minor))),
            channel_no: self.options.get("no").map(|no| ChannelNo::from_stored(no)),
            code: self.options.get("code").map(|code| Code::from_stored(code)),
            stranger: self.options.get("stranger").map(|other| Code::from_stored(other)),
        }
    }
}

fn place(word: &str) -> (OrderNo, usize) {
    let (_, number) = word.split_once('.').expect("order.number");
    (OrderNo::new(u128::from(word.as_bytes()[0])), number.parse().expect("a number"))
}

/// `asked=1`: an answer to an earlier question.
fn asked(number: i64) -> u32 {
    u32::try_from(number).expect("a small number")
}

fn account_id(number: i64) -> ChannelAccountId {
    ChannelAccountId::new(u128::try_from(number).expect("a small number"))
}

fn attempt_id(order_no: OrderNo, number: usize) -> AttemptId {
    AttemptId::new(order_no.bits() * 1_000 + number as u128)
}
