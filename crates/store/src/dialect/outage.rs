//! Owns what an error of a driver says of the server: that it is not there now, or that it will have nothing to do with us.

use engine::Fault;

use super::mysql::MySql;
use super::postgres::Postgres;
use super::remote::{Remote, is_lost};

/// Whether an error of the driver says that the server is not there, went away, or takes nobody in.
pub(crate) fn is_outage(error: &sqlx::Error) -> bool {
    let is_distrust = match error {
        // What TLS says of certificates and of servers that do not speak it; a moment mends neither.
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::InvalidData,
        error => matches!(error, sqlx::Error::Tls(_)),
    };
    let is_gone = is_lost(error)
        || [<Postgres as Remote>::fault(error), <MySql as Remote>::fault(error)]
            .iter()
            .any(|fault| matches!(fault, Fault::Unreachable(_)));
    is_gone && !is_distrust
}
