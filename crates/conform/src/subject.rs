//! Owns the service under question: its addresses, its process where there is one, and what every row asks it.

use std::future::Future;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{Mutex, OnceCell};
use tokio::time::Instant;

use crate::Error;
use crate::answer::Answer;
use crate::call::{Call, Caller};
use crate::client::{Client, Lost};
use crate::process::Process;
use crate::profile::{Profile, wrong};
use crate::report::Finding;
use crate::storm::Storm;
use crate::wish::{Fill, Wish};

/// Between two questions whether a request is done.
const PAUSE: Duration = Duration::from_millis(50);

/// The service.
pub(crate) struct Subject {
    profile: Profile,
    client: Client,
    /// Nodes beside the first.
    nodes: Vec<String>,
    turn: AtomicUsize,
    /// Where the numbers of wishes go on. It starts anywhere, so that a second run makes new wishes too.
    number: AtomicU64,
    pub(crate) process: Mutex<Option<Process>>,
    /// What several rows want to know of one storm.
    pub(crate) storm: OnceCell<Result<Storm, Finding>>,
}

impl Subject {
    /// Checks the profile, starts the service where it is to be started, and waits until it answers.
    pub(crate) async fn new(profile: &Profile) -> Result<Self, Error> {
        let trimmed = |url: &String| url.trim_end_matches('/').to_owned();
        if !profile.url.starts_with("http://") && !profile.url.starts_with("https://") {
            return Err(wrong("url", "it must begin with http:// or https://"));
        }
        if !profile.route.starts_with('/') {
            return Err(wrong("route", "it must be a path, such as /orders"));
        }
        let headers = profile.headers.iter().chain(&profile.other_headers).chain(&profile.slow_header);
        if headers.chain(&profile.slower_header).chain(&profile.panic_header).any(|line| !line.contains(':')) {
            return Err(wrong("header", "a header is written as Name: value"));
        }
        let profile = Profile { url: trimmed(&profile.url), ..profile.clone() };
        let nodes = profile.more_urls.iter().map(trimmed).collect();
        let client = Client::new(Duration::from_secs(profile.timeout_s))?;
        let subject = Self {
            client,
            nodes,
            turn: AtomicUsize::new(0),
            number: AtomicU64::new(random() % 1_000_000_000),
            process: Mutex::new(None),
            storm: OnceCell::new(),
            profile,
        };
        for template in [&subject.profile.body, &subject.profile.slow_body].into_iter().flatten() {
            Wish::of(&subject.profile, Some(template), subject.fill())?;
        }
        if let Some(command) = &subject.profile.start {
            if subject.is_there().await {
                return Err(Error::Start(format!("somebody answers at {} already", subject.profile.url)));
            }
            *subject.process.lock().await = Some(Process::start(command).map_err(Error::Start)?);
        }
        subject.answers().await.map_err(|why| Error::NotThere { url: subject.profile.url.clone(), why })?;
        Ok(subject)
    }

    /// Stops what was started.
    pub(crate) async fn close(&self) {
        if let Some(process) = self.process.lock().await.take() {
            let _gone = process.kill(None).await;
        }
    }

    pub(crate) const fn profile(&self) -> &Profile {
        &self.profile
    }

    pub(crate) const fn timeout(&self) -> Duration {
        Duration::from_secs(self.profile.timeout_s)
    }

    /// How many nodes there are.
    pub(crate) const fn nodes(&self) -> usize {
        self.nodes.len() + 1
    }

    /// A key that nobody had before.
    #[expect(clippy::unused_self, reason = "keys belong to the service that is asked")]
    pub(crate) fn key(&self) -> String {
        format!("{:016x}-{:016x}", random(), random())
    }

    /// A wish that nobody had before.
    pub(crate) fn wish(&self) -> Wish {
        self.wish_of(self.profile.body.as_deref())
    }

    /// A wish of this template.
    pub(crate) fn wish_of(&self, template: Option<&str>) -> Wish {
        let wish = Wish::of(&self.profile, template, self.fill());
        // Templates other than the main one may lack what is varied in it.
        wish.unwrap_or_else(|_| Wish { body: self.fill().fill(template.unwrap_or_default()).into(), other: None })
    }

    /// A wish that takes its time.
    pub(crate) fn slow_wish(&self) -> Wish {
        self.wish_of(self.profile.slow_body.as_deref().or(self.profile.body.as_deref()))
    }

    fn fill(&self) -> Fill {
        Fill { number: self.number.fetch_add(1, Ordering::Relaxed), random: random() }
    }

    /// A request for this wish, without a key.
    pub(crate) fn call(&self, wish: &Wish) -> Call {
        Call::new(self, Caller::First, &self.profile.route, wish)
    }

    /// The same of somebody else.
    pub(crate) fn call_of(&self, caller: Caller, wish: &Wish) -> Call {
        Call::new(self, caller, &self.profile.route, wish)
    }

    /// A request that takes its time.
    pub(crate) fn slow_call(&self, wish: &Wish) -> Call {
        let call = self.call(wish);
        match &self.profile.slow_header {
            Some(line) => call.line(line),
            None => call,
        }
    }

    /// Sends a request to its node.
    pub(crate) async fn try_send(&self, call: &Call) -> Result<Answer, Lost> {
        let url = match call.node % self.nodes() {
            0 => &self.profile.url,
            node => &self.nodes[node - 1],
        };
        if call.target.starts_with("http") {
            return self.client.send("", call).await;
        }
        self.client.send(url, call).await
    }

    /// Sends a request that must be answered, whatever the answer is.
    pub(crate) async fn send(&self, call: &Call) -> Result<Answer, Finding> {
        self.try_send(call).await.map_err(|lost| Finding::failed("an answer", lost.shown()))
    }

    /// Sends a request until it is answered for good. A service may ask for patience, but not for ever.
    pub(crate) async fn settled(&self, call: &Call) -> Result<Answer, Finding> {
        let deadline = Instant::now() + self.timeout();
        loop {
            let answer = self.send(call).await?;
            if !answer.asks_to_wait() || Instant::now() >= deadline {
                return Ok(answer);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Sends a request and another one while the first is surely being worked on; the first one's answer comes first.
    pub(crate) async fn meanwhile<T>(
        &self,
        first: &Call,
        other: impl Future<Output = T>,
    ) -> (Result<Answer, Finding>, T) {
        futures_util::future::join(self.send(first), async {
            tokio::time::sleep(self.in_flight()).await;
            other.await
        })
        .await
    }

    /// After so long a slow request is being worked on.
    pub(crate) const fn in_flight(&self) -> Duration {
        Duration::from_millis(self.profile.in_flight_ms)
    }

    /// The nodes in turn.
    pub(crate) fn next_node(&self) -> usize {
        self.turn.fetch_add(1, Ordering::Relaxed)
    }

    /// The name of what an answer says was made. Where nothing names it, the body does.
    pub(crate) fn identity(&self, answer: &Answer) -> String {
        self.named(answer).unwrap_or_else(|| String::from_utf8_lossy(&answer.body).into_owned())
    }

    /// The same where there is a name.
    pub(crate) fn named(&self, answer: &Answer) -> Option<String> {
        let pointed = self.profile.identity.as_ref().and_then(|pointer| {
            let value = answer.json()?.pointer(pointer)?.clone();
            Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        });
        pointed.or_else(|| answer.text("location").map(str::to_owned))
    }

    /// Both tell of one thing that was made.
    pub(crate) fn same(&self, again: &Answer, first: &Answer, what: &str) -> Result<(), Finding> {
        if again.status == first.status && self.identity(again) == self.identity(first) {
            return Ok(());
        }
        let seen = if again.status == first.status { "another thing was made".to_owned() } else { again.shown() };
        Err(Finding::failed(format!("{what} to be the same operation"), seen))
    }

    /// Each tells of a thing of its own.
    pub(crate) fn apart(&self, one: &Answer, other: &Answer, what: &str) -> Result<(), Finding> {
        one.fresh(what)?;
        other.fresh(what)?;
        let names = [one, other].map(|answer| self.named(answer));
        // Answers without a name may well be equal.
        if names[0].is_none() || names[0] != names[1] {
            return Ok(());
        }
        Err(Finding::failed(format!("{what} to be two operations"), "both answers tell of one thing"))
    }

    /// Whether anybody answers there.
    pub(crate) async fn is_there(&self) -> bool {
        let call = Call::new(self, Caller::First, self.readable(), &Wish::nothing()).method("GET");
        self.try_send(&call).await.is_ok()
    }

    /// Waits until the service answers anything at all. Where its command has failed, whoever answers is another.
    pub(crate) async fn answers(&self) -> Result<(), String> {
        let deadline = Instant::now() + if self.profile.start.is_some() { self.timeout() * 3 } else { Duration::ZERO };
        let call = Call::new(self, Caller::First, self.readable(), &Wish::nothing()).method("GET");
        loop {
            let asked = self.try_send(&call).await;
            if let Some(why) = self.process.lock().await.as_mut().and_then(Process::failed) {
                return Err(why);
            }
            match asked {
                Ok(_) => return Ok(()),
                Err(lost) if Instant::now() >= deadline => return Err(lost.shown().to_owned()),
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    fn readable(&self) -> &str {
        let profile = &self.profile;
        profile.get_route.as_deref().or(profile.effects.as_deref()).unwrap_or("/")
    }
}

/// A number that nobody can foresee. Where the system has none, nothing can be asked.
pub(crate) fn random() -> u64 {
    getrandom::u64().expect("the system gives random numbers")
}

/// Text of a body's values, for looking where they should not be.
pub(crate) fn values(body: &[u8]) -> Vec<String> {
    serde_json::from_slice::<Value>(body).map(|value| crate::spelling::texts(&value)).unwrap_or_default()
}
