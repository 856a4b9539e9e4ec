//! Owns a connection on which batches are loaded and written, and single objects read: SQLite called as the library
//! that it is, on the thread that wants the rows.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use engine::Fault;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, Error, OpenFlags, ToSql, ffi};

use super::text;
use crate::found::{Found, Intent, Tables};
use crate::set::{Find, Rows, Value};

/// A statement for more rows than these is prepared anew each time: it is seldom wanted, and large.
const CACHED_ROWS_MAX: usize = 128;

/// What a connection may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Write,
    Read,
}

/// What a fold came to, in pages.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Folded {
    /// How long the log is.
    pub(crate) pages: i64,
    /// How much of it came in while the rest was folded.
    pub(crate) left: i64,
}

/// An open connection.
#[derive(Debug)]
pub(crate) struct Session {
    connection: Connection,
    /// The statements that were written so far, by what they ask or change, and for how many rows.
    texts: HashMap<(usize, usize), Arc<str>>,
}

impl Session {
    /// Opens a file that exists.
    pub(crate) fn open(file: &Path, mode: Mode) -> Result<Self, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(file, flags)?;
        for (pragma, value) in super::pragmas(mode) {
            connection.pragma_update(None, pragma, value)?;
        }
        connection.busy_timeout(super::BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(256);
        Ok(Self { connection, texts: HashMap::new() })
    }

    /// One on a connection as it is.
    #[cfg(test)]
    pub(crate) fn of(connection: Connection) -> Self {
        Self { connection, texts: HashMap::new() }
    }

    /// Opens a transaction.
    pub(crate) fn begin(&mut self, mode: Mode) -> Result<(), Fault> {
        let begin = match mode {
            Mode::Write => super::BEGIN,
            Mode::Read => "begin",
        };
        self.run(begin).map_err(|error| statement_fault(&error))
    }

    /// The rows of these keys.
    pub(crate) fn found(&mut self, find: &'static Find, keys: &[Value]) -> Result<Found, Fault> {
        let mut values = Vec::new();
        let text = |room| text::find(find, room);
        self.each((std::ptr::from_ref(find).addr(), find.key.len()), keys, text, |statement| {
            let mut rows = statement.raw_query();
            while let Some(row) = rows.next()? {
                for at in 0..find.read.len() {
                    values.push(value(row.get_ref(at)?));
                }
            }
            Ok(())
        })
        .map_err(|error| statement_fault(&error))?;
        Ok(Found { of: find, values })
    }

    /// Changes the rows; gives how many were touched.
    pub(crate) fn write(&mut self, rows: Rows) -> Result<u64, Fault> {
        let Rows { of, values } = rows;
        let (of_text, mut touched) = (std::ptr::from_ref(of).addr(), 0);
        let text = |room| text::write(of, room);
        self.each((of_text, of.width()), &values, text, |statement| {
            touched += statement.raw_execute()? as u64;
            Ok(())
        })
        .map_err(|error| statement_fault(&error))?;
        Ok(touched)
    }

    /// Makes all of it durable, or none of it.
    pub(crate) fn commit(&mut self) -> Result<(), Fault> {
        self.run("commit").map_err(|error| commit_fault(&error))
    }

    /// Takes back what was not committed.
    pub(crate) fn rollback(&mut self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.run("rollback")
        {
            tracing::warn!(%error, "a transaction could not be rolled back; the next one will be refused");
        }
    }

    /// Carries the log over into the file.
    pub(crate) fn fold(&mut self) -> Result<Folded, Fault> {
        let folded = self.connection.query_row(super::CHECKPOINT, [], |row| {
            let (pages, folded): (i64, i64) = (row.get(1)?, row.get(2)?);
            Ok(Folded { pages, left: pages - folded })
        });
        folded.map_err(|error| statement_fault(&error))
    }

    fn run(&mut self, sql: &str) -> Result<(), Error> {
        self.connection.prepare_cached(sql)?.raw_execute().map(|_| ())
    }

    /// Runs the statement over all rows: prepared once, and run as often as it takes.
    fn each(
        &mut self,
        (of, width): (usize, usize),
        values: &[Value],
        sql: impl Fn(usize) -> String,
        mut run: impl FnMut(&mut CachedStatement<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let room = text::room(values.len() / width, width);
        let sql = self.texts.entry((of, room)).or_insert_with(|| sql(room).into()).clone();
        for values in values.chunks(room * width) {
            tracing::trace!(target: "store::statement", sql = &*sql);
            let mut statement = self.connection.prepare_cached(&sql)?;
            for at in 0..room * width {
                statement.raw_bind_parameter(at + 1, values.get(at).unwrap_or(&Value::Null))?;
            }
            run(&mut statement)?;
            if room > CACHED_ROWS_MAX {
                statement.discard();
            }
        }
        Ok(())
    }
}

impl Tables for Session {
    async fn find(&mut self, find: &'static Find, keys: Vec<Value>, _intent: Intent) -> Result<Found, Fault> {
        self.found(find, &keys)
    }
}

/// What is no text of ours, and no number, stays as it is; who reads it as such says where it stands.
fn value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Number(number),
        ValueRef::Text(text) => {
            std::str::from_utf8(text).map_or_else(|_| Value::Bytes(text.to_vec()), |text| Value::Text(text.to_owned()))
        }
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
        ValueRef::Real(number) => Value::Text(number.to_string()),
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>, Error> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Number(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// What an error of a statement before COMMIT means: nothing was applied.
fn statement_fault(error: &Error) -> Fault {
    let text = error.to_string();
    let Some(code) = error.sqlite_error() else { return Fault::Rejected(text) };
    match code.extended_code {
        // Somebody else won. Load again.
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY => Fault::Retry(text),
        extended => match extended & 0xff {
            ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => Fault::Retry(text),
            ffi::SQLITE_READONLY
            | ffi::SQLITE_IOERR
            | ffi::SQLITE_CORRUPT
            | ffi::SQLITE_FULL
            | ffi::SQLITE_CANTOPEN
            | ffi::SQLITE_NOTADB => Fault::Fatal(text),
            _ => Fault::Rejected(text),
        },
    }
}

/// What an error of COMMIT means. After a failed fsync nobody may go on as if the data were down.
fn commit_fault(error: &Error) -> Fault {
    match statement_fault(error) {
        Fault::Rejected(text) => Fault::Unknown(text),
        fault => fault,
    }
}

#[cfg(test)]
mod tests;
