//! Owns the completion of a record in a transaction of SeaORM's.

use async_trait::async_trait;
use sea_orm::{ConnectionTrait as _, DatabaseTransaction, DbBackend, DbErr, RuntimeErr, Statement};

use super::super::dialect::{Backend, Value};
use super::super::fault::{Attempt, told};
use super::{Ledger, Transaction, prepared, written};
use crate::Answer;
use crate::protocol::{Error, Lease, Written};
use crate::store::stored::broken;

#[async_trait]
impl Transaction for &DatabaseTransaction {
    async fn complete(self, ledger: &Ledger, lease: &Lease, answer: &Answer) -> Result<Written, Error> {
        let mapper = self.get_database_backend();
        let backend = backend(mapper)?;
        let values = prepared(ledger, backend, lease, answer)?.into_iter().map(|value| match value {
            Value::Int(number) => sea_orm::Value::BigInt(Some(number)),
            Value::Bytes(bytes) => sea_orm::Value::Bytes(Some(bytes.into())),
        });
        let statement = Statement::from_sql_and_values(mapper, ledger.complete.as_ref(), values);
        let result = self.execute_raw(statement).await.map_err(|error| failed(backend, &error))?;
        written(result.rows_affected())
    }
}

fn backend(mapper: DbBackend) -> Result<Backend, Error> {
    match mapper {
        DbBackend::Sqlite => Ok(Backend::Sqlite),
        DbBackend::Postgres => Ok(Backend::Postgres),
        DbBackend::MySql => Ok(Backend::Mysql),
        other => Err(broken(&format!("no store is on {other:?}"))),
    }
}

fn failed(backend: Backend, error: &DbErr) -> Error {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => told(Attempt::Read, error, backend.meaning(error)),
        DbErr::ConnectionAcquire(_) => Error::Unavailable(error.to_string()),
        other => broken(&other.to_string()),
    }
}
