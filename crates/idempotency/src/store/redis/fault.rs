//! Owns what an error of Redis, or of the way to it, means for who asked.

use ::redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::protocol::Error;

/// Whether a lost answer leaves something open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    Read,
    Write,
}

/// Codes with which Redis refuses to run a script that writes.
const REFUSALS: &[&str] = &["OOM", "MISCONF", "NOREPLICAS", "BUSY", "NOAUTH", "WRONGPASS"];

pub(super) fn told(kind: Attempt, error: &RedisError) -> Error {
    use ServerErrorKind::{BusyLoading, ClusterDown, MasterDown, ReadOnly, TryAgain};
    if error.code().is_some_and(|code| REFUSALS.contains(&code)) {
        return Error::Unavailable(error.to_string());
    }
    match error.kind() {
        ErrorKind::Io if error.is_connection_refusal() => Error::Unavailable(error.to_string()),
        ErrorKind::Server(BusyLoading | ClusterDown | MasterDown | ReadOnly | TryAgain)
        | ErrorKind::AuthenticationFailed
        | ErrorKind::MasterNameNotFoundBySentinel
        | ErrorKind::EmptySentinelList => Error::Unavailable(error.to_string()),
        // The client of a cluster repeats by itself, and tells its last error only: an earlier attempt may have been applied.
        ErrorKind::Io | ErrorKind::ClusterConnectionNotFound => lost(kind, error.to_string()),
        _ => Error::Broken(error.to_string()),
    }
}

pub(super) fn lost(kind: Attempt, text: String) -> Error {
    match kind {
        Attempt::Read => Error::Unavailable(text),
        Attempt::Write => Error::Unresolved(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_answer_is_told_from_a_refusal() {
        let io = |kind: std::io::ErrorKind| RedisError::from(std::io::Error::from(kind));
        let reset = io(std::io::ErrorKind::ConnectionReset);
        assert!(matches!(told(Attempt::Write, &reset), Error::Unresolved(_)));
        assert!(matches!(told(Attempt::Read, &reset), Error::Unavailable(_)));
        let refused = io(std::io::ErrorKind::ConnectionRefused);
        assert!(matches!(told(Attempt::Write, &refused), Error::Unavailable(_)));
        let replica = RedisError::from((ErrorKind::Server(ServerErrorKind::ReadOnly), "a replica"));
        assert!(matches!(told(Attempt::Write, &replica), Error::Unavailable(_)));
        let gone = RedisError::from((ErrorKind::ClusterConnectionNotFound, "a node"));
        assert!(matches!(told(Attempt::Write, &gone), Error::Unresolved(_)));
        let bug = RedisError::from((ErrorKind::Server(ServerErrorKind::ResponseError), "a bug"));
        assert!(matches!(told(Attempt::Write, &bug), Error::Broken(_)));
    }
}
