//! Owns the store in Redis: one hash for a record, scripts that are each one step, Redis's own clock.
//!
//! **What it keeps, it keeps as well as Redis does.** A request is executed at most once only where Redis loses nothing it
//! acknowledged: `appendonly yes` with `appendfsync always`, `maxmemory-policy noeviction`, and no fail-over to a replica,
//! since replicas are behind. A Redis that was flushed, restarted without its file or replaced by its replica executes
//! again what it forgot. It is never the default for money: a store in SQL, in the transaction of the effect, is.
//!
//! Records that run or are in doubt never expire. Answers expire by themselves, so that there is nothing to purge.

mod fault;
mod record;
mod script;

use std::sync::Arc;
use std::time::Duration;

use ::redis::aio::ConnectionLike;
use ::redis::{FromRedisValue, ScriptInvocation};
use async_trait::async_trait;
use sha2::{Digest as _, Sha256};

use self::fault::Attempt;
use self::record::{Fields, from_member, kept, member};
use self::script::Scripts;
use super::claims::{self, Records};
use super::kept::{Claim, Kept};
use super::limits::{ANSWER_BYTES_MAX, check_answer};
use super::stored::{broken, headers_to_bytes, microseconds, number_of};
use crate::Answer;
use crate::protocol::{Begun, Doubt, Error, Finding, Lease, Name, Released, Request, Standing, Store, Written};

/// Records are spread over so many places of a cluster. Each has a list of its doubts. The number never changes: a record
/// would be looked for elsewhere.
const PLACES: u8 = 16;
/// How long one call of the store may take, where nothing else is set.
const BOUND: Duration = Duration::from_secs(5);
/// With what the names of its keys begin, where nothing else is set.
const PREFIX: &str = "idempotency";

/// Keeps records in Redis, on a connection of the user's: redis-rs's `ConnectionManager`, a multiplexed connection, or one
/// to a cluster.
#[derive(Clone)]
pub struct Redis<C> {
    connection: C,
    scripts: Arc<Scripts>,
    prefix: String,
    bound: Duration,
    answer_bytes_max: usize,
}

impl<C: ConnectionLike + Clone + Send + Sync + 'static> Redis<C> {
    /// A store whose keys begin with `{idempotency:`.
    pub fn new(connection: C) -> Self {
        Self {
            connection,
            scripts: Arc::new(Scripts::new()),
            prefix: PREFIX.to_owned(),
            bound: BOUND,
            answer_bytes_max: ANSWER_BYTES_MAX,
        }
    }

    /// The same under another prefix, without braces: they say where in a cluster a key is.
    pub fn with_prefix(self, prefix: &str) -> Result<Self, Error> {
        if prefix.is_empty() || prefix.contains(['{', '}']) {
            return Err(broken(&format!("{prefix:?} cannot begin a key of Redis")));
        }
        Ok(Self { prefix: prefix.to_owned(), ..self })
    }

    /// Keeps answers whose bodies have at most so many bytes.
    #[must_use]
    pub fn with_answer_bytes_max(self, answer_bytes_max: usize) -> Self {
        Self { answer_bytes_max, ..self }
    }

    /// Lets one exchange with Redis take so long; 5 s where nothing else is set. A write that took longer is
    /// [`Error::Unresolved`]. A connection of redis-rs has a response timeout too, of half a second where nothing else is
    /// set, and the shorter one counts.
    #[must_use]
    pub fn with_bound(self, bound: Duration) -> Self {
        Self { bound, ..self }
    }

    async fn invoke<T: FromRedisValue>(&self, kind: Attempt, script: &ScriptInvocation<'_>) -> Result<T, Error> {
        let mut connection = self.connection.clone();
        match tokio::time::timeout(self.bound, script.invoke_async(&mut connection)).await {
            Ok(answer) => answer.map_err(|error| fault::told(kind, &error)),
            Err(_) => Err(fault::lost(kind, format!("no answer from Redis within {:?}", self.bound))),
        }
    }

    /// Moves a record to another state if its fence and state let it.
    async fn step(&self, script: &ScriptInvocation<'_>) -> Result<Written, Error> {
        let stands: bool = self.invoke(Attempt::Write, script).await?;
        Ok(if stands { Written::Done } else { Written::Lost })
    }

    /// A script for a record, under a fence.
    fn fenced<'a>(&self, script: &'a ::redis::Script, name: &Name, fence: i64) -> ScriptInvocation<'a> {
        let mut invocation = self.named(script, name);
        invocation.arg(fence);
        invocation
    }

    /// A script for a record: its hash, the doubts of its place, and how it is listed there.
    fn named<'a>(&self, script: &'a ::redis::Script, name: &Name) -> ScriptInvocation<'a> {
        let member = member(name);
        let tag = self.tag(Sha256::digest(&member)[0] % PLACES);
        let mut invocation = script.prepare_invoke();
        invocation.key([&tag, &b":record:"[..], &member].concat()).key([&tag, &b":doubts"[..]].concat()).arg(member);
        invocation
    }

    fn tag(&self, place: u8) -> Vec<u8> {
        format!("{{{}:{place}}}", self.prefix).into_bytes()
    }

    fn completion<'a>(&self, script: &'a ::redis::Script, doubt: &Doubt, answer: &Answer) -> ScriptInvocation<'a> {
        let mut invocation = self.fenced(script, &doubt.name, doubt.fence);
        invocation.arg(answer.status).arg(headers_to_bytes(&answer.headers)).arg(&answer.body[..]);
        invocation
    }
}

impl<C: ConnectionLike + Clone + Send + Sync + 'static> Records for &Redis<C> {
    async fn read(&mut self, name: &Name) -> Result<Option<Kept>, Error> {
        let fields: Option<Fields> = self.invoke(Attempt::Read, &self.named(&self.scripts.read, name)).await?;
        fields.map(kept).transpose()
    }

    async fn claim(&mut self, request: &Request, claim: Claim) -> Result<Option<i64>, Error> {
        let mut script = self.named(&self.scripts.claim, &request.name);
        match claim.from {
            None => script.arg("").arg(""),
            Some((state, fence)) => script.arg(state.number()).arg(fence),
        };
        script.arg(number_of(request.guarantee)).arg(claim.fingerprint.version);
        script.arg(&claim.fingerprint.digest[..]).arg(microseconds(request.lease));
        self.invoke(Attempt::Write, &script).await
    }
}

#[async_trait]
impl<C: ConnectionLike + Clone + Send + Sync + 'static> Store for Redis<C> {
    async fn begin(&self, request: &Request) -> Result<Begun, Error> {
        claims::begin(&mut &*self, request).await
    }

    async fn look(&self, request: &Request) -> Result<Option<Begun>, Error> {
        claims::look(&mut &*self, request).await
    }

    async fn renew(&self, lease: &Lease) -> Result<Written, Error> {
        let mut script = self.fenced(&self.scripts.renew, &lease.name, lease.fence);
        self.step(script.arg(microseconds(lease.length))).await
    }

    async fn complete(&self, lease: &Lease, answer: &Answer) -> Result<Written, Error> {
        check_answer(answer, self.answer_bytes_max)?;
        let of = Doubt { name: lease.name.clone(), fence: lease.fence };
        let mut script = self.completion(&self.scripts.complete, &of, answer);
        self.step(script.arg(microseconds(lease.retention))).await
    }

    async fn release(&self, lease: &Lease) -> Result<Released, Error> {
        match self.step(&self.fenced(&self.scripts.release, &lease.name, lease.fence)).await? {
            Written::Done => Ok(Released::Free),
            Written::Lost => claims::not_released(&mut &*self, lease).await,
        }
    }

    async fn doubt(&self, lease: &Lease) -> Result<Written, Error> {
        self.step(&self.fenced(&self.scripts.doubt, &lease.name, lease.fence)).await
    }

    async fn settle(&self, doubt: &Doubt, finding: &Finding, retention: Duration) -> Result<Written, Error> {
        match finding {
            Finding::Executed(answer) => {
                check_answer(answer, self.answer_bytes_max)?;
                let mut script = self.completion(&self.scripts.settle_executed, doubt, answer);
                self.step(script.arg(microseconds(retention))).await
            }
            Finding::NotExecuted => {
                self.step(&self.fenced(&self.scripts.settle_not_executed, &doubt.name, doubt.fence)).await
            }
        }
    }

    async fn standing(&self, name: &Name) -> Result<Option<Standing>, Error> {
        let kept = Records::read(&mut &*self, name).await?;
        kept.map_or(Ok(None), |kept| kept.standing(name))
    }

    async fn doubts(&self, limit: u32) -> Result<Vec<Doubt>, Error> {
        let mut doubts = Vec::new();
        for place in 0..PLACES {
            let tag = self.tag(place);
            let mut script = self.scripts.doubts.prepare_invoke();
            script.key([&tag, &b":doubts"[..]].concat()).arg([&tag, &b":record:"[..]].concat()).arg(limit);
            let found: Vec<(Vec<u8>, i64, i64)> = self.invoke(Attempt::Read, &script).await?;
            doubts.extend(found);
        }
        doubts.sort_by_key(|(_, since, fence)| (*since, *fence));
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        doubts
            .into_iter()
            .take(limit)
            .map(|(member, _, fence)| Ok(Doubt { name: from_member(&member)?, fence }))
            .collect()
    }

    /// Nothing: Redis removes answers by itself.
    async fn purge(&self, _limit: u32) -> Result<u64, Error> {
        Ok(0)
    }

    fn answer_bytes_max(&self) -> usize {
        self.answer_bytes_max
    }
}
