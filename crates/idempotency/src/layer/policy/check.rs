//! Owns which policies cannot hold what they promise. They are refused when a service is set up, not at its first request.

use std::time::Duration;

use http::Method;
use thiserror::Error;

use super::{Duplicates, Outage, Policy};
use crate::protocol::{Guarantee, Store};

/// Why a route cannot be served under its policy.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Misconfigured {
    /// F-11: somebody would take over from a handler that is within its time.
    #[error("the lease of {lease:?} is shorter than the handler's time-out of {handler:?}")]
    LeaseTooShort {
        /// The lease.
        lease: Duration,
        /// The handler's time-out.
        handler: Duration,
    },
    /// A setting of no time, or of more than a century.
    #[error("{0} is no time that can be waited for")]
    Time(&'static str),
    /// The provider would answer a request of long ago under a key that is new here.
    #[error("answers are kept for {retention:?}, but {provider} remembers for {window:?}; keep them longer")]
    RetentionTooShort {
        /// Who is asked under derived numbers.
        provider: String,
        /// How long it remembers them.
        window: Duration,
        /// How long answers are kept here.
        retention: Duration,
    },
    /// The store would refuse the answer when it is too late.
    #[error("answers of {wanted} bytes are to be kept, but the store keeps {kept} at most")]
    AnswerTooLong {
        /// The policy's limit.
        wanted: usize,
        /// The store's.
        kept: usize,
    },
    /// B-11.
    #[error("an answer that is a stream cannot be given again: the route is no place for keys")]
    Stream,
    /// The record lies in the database of the effect: where that is away, nothing can be executed either.
    #[error("a transactional route cannot execute without its store")]
    OpenTransactional,
    /// Effect and answer would not stand together.
    #[error("no transaction can complete a record of this store: the route can only be at most once")]
    NoTransactions,
    /// H-10: such a request is never guarded.
    #[error("{0} changes nothing and is not guarded")]
    Safe(Method),
    /// A pointer that is none.
    #[error("{0}")]
    Pointer(#[from] crate::canonical::BadPointer),
    /// The route has a policy already.
    #[error("{0} has a policy already")]
    Twice(String),
}

/// No deadline is later.
const CENTURY: Duration = Duration::from_hours(100 * 365 * 24);

impl Policy {
    /// Finds what cannot hold, and gives how long an answer may be.
    pub(in crate::layer) fn check(&self, method: &Method, store: &dyn Store) -> Result<usize, Misconfigured> {
        if method.is_safe() {
            return Err(Misconfigured::Safe(method.clone()));
        }
        if self.streams {
            return Err(Misconfigured::Stream);
        }
        if self.guarantee == Guarantee::Transactional && self.outage == Outage::Execute {
            return Err(Misconfigured::OpenTransactional);
        }
        if self.guarantee == Guarantee::Transactional && !store.has_transactions() {
            return Err(Misconfigured::NoTransactions);
        }
        self.check_times()?;
        for reading in [Some(&self.reading), self.reading_before.as_ref()].into_iter().flatten() {
            reading.check()?;
        }
        let kept = store.answer_bytes_max();
        match self.answer_bytes_max {
            Some(wanted) if wanted > kept => Err(Misconfigured::AnswerTooLong { wanted, kept }),
            wanted => Ok(wanted.unwrap_or(kept)),
        }
    }

    fn check_times(&self) -> Result<(), Misconfigured> {
        let times = [
            ("the lease", self.lease),
            ("the handler's time-out", self.handler_timeout),
            ("the retention", self.retention),
            ("the time for a body", self.body_timeout),
            ("the resolver's time-out", self.resolver_timeout),
        ];
        if let Some((name, _)) = times.iter().find(|(_, time)| time.is_zero() || *time > CENTURY) {
            return Err(Misconfigured::Time(name));
        }
        if matches!(self.duplicates, Duplicates::Attach { wait } if wait > CENTURY) {
            return Err(Misconfigured::Time("the wait of a duplicate"));
        }
        if self.lease < self.handler_timeout {
            return Err(Misconfigured::LeaseTooShort { lease: self.lease, handler: self.handler_timeout });
        }
        match self.windows.iter().find(|(_, window)| *window >= self.retention) {
            Some((provider, window)) => Err(Misconfigured::RetentionTooShort {
                provider: provider.clone(),
                window: *window,
                retention: self.retention,
            }),
            None => Ok(()),
        }
    }
}
