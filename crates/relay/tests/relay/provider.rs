//! Owns a provider that says what a test wants, and remembers what it was asked.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use channels::{
    Acknowledgement, Callback, Channel, Charge, Failure, Heard, Notice, Opened, Receipt, Rejected, Reversal,
    StatementLine,
};
use domain::Money;
use domain::channel::{Fact, Kind, Method, RawAnswer, Subject, Verdict};
use domain::text::Reference;
use tokio::sync::Semaphore;

/// What it does when it is asked.
#[derive(Clone, Copy, Debug)]
pub enum Say {
    Fact(Verdict),
    Refuse(&'static str),
    /// Does not let the account ask.
    Deny(&'static str),
    Silent,
    /// Cannot be reached.
    Away,
    /// Is not asked, and the adapter says that nothing is known.
    Unclear,
    /// Is not asked, and the adapter says no.
    Unfit,
    /// Asked too often; how long it wants to be left alone.
    TooOften(Option<Duration>),
    /// Breaks the task that asks.
    Panic,
    /// Answers with this only once [`Provider::release`] was called.
    Held(Verdict),
}

type Script = Box<dyn Fn(&str) -> Say + Send + Sync>;

/// The provider. It is asked as `refund REFUND`, with our number of it.
pub struct Provider {
    script: Script,
    calls: Mutex<Vec<String>>,
    gate: Semaphore,
    standing: AtomicUsize,
    is_made_here: bool,
}

impl Provider {
    pub fn new(script: impl Fn(&str) -> Say + Send + Sync + 'static) -> Self {
        Self {
            script: Box::new(script),
            calls: Mutex::default(),
            gate: Semaphore::new(0),
            standing: AtomicUsize::default(),
            is_made_here: false,
        }
    }

    /// One whose charges are made without asking it.
    pub fn made_here(self) -> Self {
        Self { is_made_here: true, ..self }
    }

    /// What it was asked, in order.
    pub fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many calls wait for [`Self::release`].
    pub fn standing(&self) -> usize {
        self.standing.load(Ordering::SeqCst)
    }

    /// Lets every call that is held, and those to come, have their answer.
    pub fn release(&self) {
        self.gate.add_permits(Semaphore::MAX_PERMITS / 2);
    }

    async fn asked(&self, call: String) -> Result<(Verdict, Option<&'static str>), Failure> {
        let say = (self.script)(&call);
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
        match say {
            Say::Fact(verdict) => Ok((verdict, None)),
            Say::Refuse(code) => {
                Err(Failure::Refused { code: code.to_owned(), message: "words".to_owned(), raw: words() })
            }
            Say::Deny(code) => {
                Err(Failure::Denied { code: code.to_owned(), message: "words".to_owned(), raw: words() })
            }
            Say::Unclear => Err(Failure::Unclear("nobody was asked".to_owned())),
            Say::Unfit => Err(Failure::Unfit { code: "unfit".to_owned(), message: "words".to_owned() }),
            Say::Away => Err(Failure::NotSent("nobody is there".to_owned())),
            Say::Silent => Err(Failure::Unknown("the line is dead".to_owned())),
            Say::TooOften(pause) => Err(Failure::TooOften { said: "slower".to_owned(), pause }),
            Say::Panic => panic!("as the test wants it"),
            Say::Held(verdict) => {
                self.standing.fetch_add(1, Ordering::SeqCst);
                let _let_through = self.gate.acquire().await.expect("it is never closed");
                self.standing.fetch_sub(1, Ordering::SeqCst);
                Ok((verdict, None))
            }
        }
    }

    async fn of_charge(&self, call: &str, charge: &Charge) -> Result<Heard, Failure> {
        let (verdict, _) = self.asked(format!("{call} {}", charge.out_trade_no)).await?;
        Ok(heard(Subject::Charge(Reference::from_stored(&charge.out_trade_no)), verdict, charge.amount))
    }

    async fn of_refund(&self, call: &str, reversal: &Reversal) -> Result<Heard, Failure> {
        let (verdict, _) = self.asked(format!("{call} {}", reversal.out_refund_no)).await?;
        Ok(heard(Subject::Refund(Reference::from_stored(&reversal.out_refund_no)), verdict, reversal.amount))
    }
}

fn heard(subject: Subject, verdict: Verdict, amount: Money) -> Heard {
    let fact = Fact { subject, verdict, amount: Some(amount), channel_no: None, code: None, stranger: None };
    Heard { fact, raw: Some(words()) }
}

fn words() -> RawAnswer {
    RawAnswer::of_masked("words")
}

/// The provider as an adapter.
#[async_trait]
impl Channel for Provider {
    fn kind(&self) -> Kind {
        Kind::Sandbox
    }

    fn is_made_here(&self, _method: Method) -> bool {
        self.is_made_here
    }

    async fn charge(&self, charge: &Charge) -> Result<Opened, Failure> {
        Ok(Opened { heard: self.of_charge("charge", charge).await?, action: None })
    }

    async fn query(&self, charge: &Charge) -> Result<Heard, Failure> {
        self.of_charge("query", charge).await
    }

    async fn close(&self, charge: &Charge) -> Result<Heard, Failure> {
        self.of_charge("close", charge).await
    }

    async fn refund(&self, reversal: &Reversal) -> Result<Heard, Failure> {
        self.of_refund("refund", reversal).await
    }

    async fn query_refund(&self, reversal: &Reversal) -> Result<Heard, Failure> {
        self.of_refund("query_refund", reversal).await
    }

    fn read(&self, _callback: &Callback<'_>) -> Result<Notice, Rejected> {
        Ok(Notice::Ignored("callbacks are no part of these tests".to_owned()))
    }

    fn acknowledge(&self, _receipt: Receipt) -> Acknowledgement {
        Acknowledgement { status: 200, content_type: None, body: "" }
    }

    async fn statement(&self, _day: &str) -> Result<Vec<u8>, Failure> {
        Err(Failure::Unknown("there is none".to_owned()))
    }

    fn read_statement(&self, _file: &[u8]) -> Result<Vec<StatementLine>, Rejected> {
        Ok(Vec::new())
    }
}
