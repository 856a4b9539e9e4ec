//! Owns moving a whole shop from one database into another: table by table in the order of their keys, so that a copy
//! that was broken off goes on where it stopped.

use std::sync::LazyLock;

use sea_orm::sea_query::{Expr, Order, Query};
use sea_orm::{ConnectionTrait, QueryResult, Statement};
use sea_orm_migration::SchemaManager;

use crate::schema;
use crate::set::{Column, Kind, Rows, Value, Write};
use crate::soon::soon;
use crate::{Doing, Error, Store};

const DOING: &str = "copying rows";
/// How many rows one step takes, and about how many bytes at most: servers bound what they take at once, and the answer
/// of a large order has hundreds of kilobytes.
const STEP: u64 = 1_000;
const STEP_BYTES: usize = 2 << 20;
/// Stands in the target until the copy is whole, with what the source was when it began.
const MARK: &str = "mideng_copy";

/// A table that is copied.
struct Copied {
    key: &'static [&'static str],
    is_counted: bool,
    insert: Write,
}

static TABLES: LazyLock<Vec<Copied>> = LazyLock::new(|| {
    let copied = |table: &schema::Table| Copied {
        key: table.key(),
        is_counted: table.is_counted(),
        // Once a process: a statement lives as long as it does.
        insert: Write::insert(table.name(), table.columns().leak()),
    };
    schema::tables().iter().filter(|table| !schema::is_of_the_moment(table)).map(copied).collect()
});

/// A copy that goes on step by step.
pub struct Copy<'a> {
    source: &'a Store,
    target: &'a Store,
    at: usize,
    /// The key of the last row of this table that is in the target.
    last: Option<Vec<Value>>,
    /// How many rows there are.
    pub rows: u64,
    /// How many were there when this began: an earlier copy was broken off.
    pub there: u64,
}

impl<'a> Copy<'a> {
    /// Begins, or goes on. Both databases are up to date, and nobody writes to either. Refused where the target has a
    /// shop of its own, or the source changed since an earlier try.
    pub async fn begin(source: &'a Store, target: &'a Store) -> Result<Self, Error> {
        let now = (source.last_written_at().await?.map_or(0, |at| at.0), source.rows().await?);
        let there = target.rows().await?;
        match target.mark().await? {
            None if there > 0 => {
                return Err(Error::Refused("the target has rows of its own; copy into an empty database".to_owned()));
            }
            None => target.mark_set(now).await?,
            Some(before) if before != now => {
                return Err(Error::Refused(
                    "the source was written to since an earlier copy was broken off; empty the target and begin anew"
                        .to_owned(),
                ));
            }
            Some(_) => {}
        }
        let last = target.last_key(&TABLES[0]).await?;
        Ok(Self { source, target, at: 0, last, rows: now.1, there })
    }

    /// Copies some rows; gives their table and how many they were, and none once all are there.
    pub async fn step(&mut self) -> Result<Option<(&'static str, u64)>, Error> {
        while let Some(table) = TABLES.get(self.at) {
            let mut rows = self.source.rows_behind(table, self.last.as_deref()).await?;
            rows.truncate(fitting(&rows));
            if rows.is_empty() {
                self.at += 1;
                if let Some(next) = TABLES.get(self.at) {
                    self.last = self.target.last_key(next).await?;
                }
                continue;
            }
            self.last = rows.last().map(|row| key_of(table, row));
            let (copied, mut set) = (rows.len() as u64, Rows::of(&table.insert));
            set.values = rows.into_iter().flatten().collect();
            let mut changes = self.target.changes().await.doing(DOING)?;
            changes.write(vec![set]).await.doing(DOING)?;
            changes.commit().await.doing(DOING)?;
            return Ok(Some((table.insert.table, copied)));
        }
        Ok(None)
    }

    /// Lets counters go on, and compares the counts of both sides. The target is not free yet: see [`Store::copy_done`].
    pub async fn finish(self) -> Result<Vec<(&'static str, u64)>, Error> {
        let mut counts = Vec::with_capacity(TABLES.len());
        for table in &*TABLES {
            let name = table.insert.table;
            let raise = self.target.database.counter_raise(name).filter(|_| table.is_counted);
            if let Some(raise) = raise {
                self.target.administrator.execute_unprepared(&raise).await.doing("raising a counter")?;
            }
            let (here, there) = (self.source.rows_of(name).await?, self.target.rows_of(name).await?);
            if here != there {
                return Err(Error::Refused(format!("{name} has {here} rows in the source and {there} in the target")));
            }
            counts.push((name, there));
        }
        let tables: Vec<&str> = TABLES.iter().map(|table| table.insert.table).collect();
        if let Some(analyze) = self.target.database.analyze(&tables) {
            self.target.administrator.query_all_raw(self.target.statement(analyze)).await.doing("counting rows")?;
        }
        let now = (self.source.last_written_at().await?.map_or(0, |at| at.0), self.source.rows().await?);
        if self.target.mark().await? != Some(now) {
            return Err(Error::Refused(
                "the source was written to while it was copied; stop its servers, empty the target and begin anew"
                    .to_owned(),
            ));
        }
        Ok(counts)
    }
}

impl Store {
    /// True where a copy into this database was begun and is not whole: no server may run on it.
    pub async fn is_half_copied(&self) -> Result<bool, Error> {
        let manager = SchemaManager::new(&self.administrator);
        soon("looking for a copy that was broken off", manager.has_table(MARK)).await
    }

    /// Gives a database free into which a shop was copied: from now on servers may run on it.
    pub async fn copy_done(&self) -> Result<(), Error> {
        let _turn = self.turn().await?;
        self.administrator.execute_unprepared(&format!("drop table {MARK}")).await.doing(DOING).map(|_| ())
    }

    /// How the source stood when a copy into this began: its last write, and its rows.
    async fn mark(&self) -> Result<Option<(i64, u64)>, Error> {
        if !self.is_half_copied().await? {
            return Ok(None);
        }
        let query = Query::select().columns(["written_at", "row_count"]).from(MARK).take();
        let row = self.administrator.query_one(&query).await.doing(DOING)?;
        row.map(|row| Ok((row.try_get_by_index(0).doing(DOING)?, count(&row, 1)?))).transpose()
    }

    async fn mark_set(&self, (written_at, rows): (i64, u64)) -> Result<(), Error> {
        let _turn = self.turn().await?;
        for sql in [
            // It may be there without its row: a copy was killed between the two.
            format!("create table if not exists {MARK} (written_at bigint not null, row_count bigint not null)"),
            format!("insert into {MARK} (written_at, row_count) values ({written_at}, {rows})"),
        ] {
            self.administrator.execute_unprepared(&sql).await.doing(DOING)?;
        }
        Ok(())
    }

    fn statement(&self, sql: String) -> Statement {
        Statement::from_string(self.administrator.get_database_backend(), sql)
    }

    async fn rows(&self) -> Result<u64, Error> {
        let mut rows = 0;
        for table in &*TABLES {
            rows += self.rows_of(table.insert.table).await?;
        }
        Ok(rows)
    }

    async fn rows_of(&self, table: &'static str) -> Result<u64, Error> {
        let query = Query::select().expr(Expr::cust("count(*)")).from(table).take();
        let row = self.administrator.query_one(&query).await.doing("counting rows")?;
        row.map_or(Ok(0), |row| count(&row, 0))
    }

    /// The key of a table's last row.
    async fn last_key(&self, table: &Copied) -> Result<Option<Vec<Value>>, Error> {
        let mut query = Query::select().from(table.insert.table).limit(1).take();
        for column in table.key {
            query.column(*column).order_by(*column, Order::Desc);
        }
        let columns: Vec<Column> = key_columns(table).copied().collect();
        let row = self.administrator.query_one(&query).await.doing(DOING)?;
        row.map(|row| values(&row, &columns)).transpose()
    }

    /// The next rows behind this key, or from the first one on.
    async fn rows_behind(&self, table: &Copied, last: Option<&[Value]>) -> Result<Vec<Vec<Value>>, Error> {
        let mut query = Query::select().from(table.insert.table).limit(STEP).take();
        for column in table.insert.key {
            query.column(column.name);
        }
        for column in table.key {
            query.order_by(*column, Order::Asc);
        }
        if let Some(last) = last {
            let key: Vec<_> = table.key.iter().copied().zip(last.iter().map(bound)).collect();
            query.cond_where(self.database.behind(&key));
        }
        let rows = self.administrator.query_all(&query).await.doing(DOING)?;
        rows.iter().map(|row| values(row, table.insert.key)).collect()
    }
}

/// How many of the rows go in one step: one at least.
fn fitting(rows: &[Vec<Value>]) -> usize {
    let mut bytes = 0;
    let fit = rows.iter().take_while(|row| {
        bytes += row.iter().map(weight).sum::<usize>();
        bytes <= STEP_BYTES
    });
    fit.count().max(1)
}

fn weight(value: &Value) -> usize {
    match value {
        Value::Null | Value::Number(_) => size_of::<i64>(),
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
    }
}

/// The columns that find a row, in the order of the key.
fn key_columns(table: &Copied) -> impl Iterator<Item = &'static Column> {
    table.key.iter().filter_map(|name| table.insert.key.iter().find(|column| column.name == *name))
}

fn key_of(table: &Copied, row: &[Value]) -> Vec<Value> {
    let place = |name: &&str| table.insert.key.iter().position(|column| column.name == *name);
    table.key.iter().filter_map(place).map(|at| row[at].clone()).collect()
}

fn bound(value: &Value) -> sea_orm::Value {
    match value {
        Value::Null => sea_orm::Value::BigInt(None),
        Value::Number(number) => (*number).into(),
        Value::Text(text) => text.clone().into(),
        Value::Bytes(bytes) => bytes.clone().into(),
    }
}

fn values(row: &QueryResult, columns: &[Column]) -> Result<Vec<Value>, Error> {
    let value = |(at, column): (usize, &Column)| match column.kind {
        Kind::Number => row.try_get_by_index::<Option<i64>>(at).map(Value::from),
        Kind::Text => row.try_get_by_index::<Option<String>>(at).map(Value::from),
        Kind::Bytes => row.try_get_by_index::<Option<Vec<u8>>>(at).map(|bytes| bytes.as_deref().into()),
    };
    columns.iter().enumerate().map(value).collect::<Result<_, _>>().doing("reading a row")
}

fn count(row: &QueryResult, at: usize) -> Result<u64, Error> {
    let count: i64 = row.try_get_by_index(at).doing("counting rows")?;
    Ok(count.unsigned_abs())
}
