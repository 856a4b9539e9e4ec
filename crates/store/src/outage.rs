//! Owns telling a database that is not there from one that says no.

use std::error::Error as _;

use engine::Fault;
use sea_orm::{DbErr, RuntimeErr};

use crate::{Error, dialect};

impl Error {
    /// Whether the database was not there, went away, or took nobody in: the same may do in a moment.
    pub fn is_outage(&self) -> bool {
        self.causes().any(|error| {
            let of_driver = error.downcast_ref::<sqlx::Error>().is_some_and(dialect::is_outage);
            let of_mapper = error.downcast_ref::<DbErr>().is_some_and(is_outage);
            of_driver || of_mapper || matches!(error.downcast_ref::<Fault>(), Some(Fault::Unreachable(_)))
        })
    }

    /// Whether nothing was done that time would not let be done, or nobody knows whether it was: then the same may be asked
    /// again, where that is harmless.
    pub fn is_passing(&self) -> bool {
        let passes = |fault: &Fault| matches!(fault, Fault::Retry(_) | Fault::Unknown(_));
        self.is_outage() || self.causes().any(|error| error.downcast_ref::<Fault>().is_some_and(passes))
    }

    /// Whether the database found it too much at once: a part of it may do.
    pub fn is_too_much(&self) -> bool {
        self.causes().any(|error| matches!(error.downcast_ref::<Fault>(), Some(Fault::TooMuch(_))))
    }

    fn causes(&self) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
        std::iter::successors(self.source(), |&error| error.source())
    }
}

/// SeaORM's errors hold the driver's, and do not name them as their cause.
fn is_outage(error: &DbErr) -> bool {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => dialect::is_outage(error),
        DbErr::ConnectionAcquire(_) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use super::*;
    use crate::Doing as _;

    #[test]
    fn what_a_part_may_do() {
        let too_much = Err::<(), _>(Fault::TooMuch("it took longer than 5 s".to_owned())).doing("archiving");
        assert!(too_much.is_err_and(|error| error.is_too_much() && !error.is_outage()));
        let retry = Err::<(), _>(Fault::Retry("a lock".to_owned())).doing("archiving");
        assert!(retry.is_err_and(|error| !error.is_too_much() && error.is_passing()));
        let rejected = Err::<(), _>(Fault::Rejected("no".to_owned())).doing("archiving");
        assert!(rejected.is_err_and(|error| !error.is_passing()));
    }

    #[test]
    fn what_time_alone_may_mend() {
        let io = || sqlx::Error::Io(io::ErrorKind::UnexpectedEof.into());
        let outages = [
            Err::<(), _>(io()).doing("asking"),
            Err(sqlx::Error::PoolTimedOut).doing("asking"),
            Err(DbErr::Query(RuntimeErr::SqlxError(Arc::new(io())))).doing("asking"),
            Err(DbErr::Exec(RuntimeErr::SqlxError(Arc::new(io())))).doing("asking"),
            Err(Fault::Unreachable("gone".to_owned())).doing("asking"),
        ];
        assert!(outages.iter().all(|outage| outage.as_ref().is_err_and(Error::is_outage)), "{outages:?}");
        let others = [
            Err::<(), _>(sqlx::Error::RowNotFound).doing("asking"),
            Err(sqlx::Error::Tls("the server does not speak TLS".into())).doing("connecting"),
            Err(sqlx::Error::Io(io::Error::new(io::ErrorKind::InvalidData, "UnknownIssuer"))).doing("connecting"),
            Err(DbErr::Custom("a bug".to_owned())).doing("asking"),
            Err(Fault::Rejected("no".to_owned())).doing("asking"),
            Err(Error::Refused("no".to_owned())),
        ];
        assert!(others.iter().all(|other| other.as_ref().is_err_and(|error| !error.is_outage())), "{others:?}");
    }
}
