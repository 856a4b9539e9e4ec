//! Owns the questions about people, and what is written of them outside of commands: their names among the accounts, and
//! passwords.

use domain::person::{Kind, Login, PasswordHash};
use domain::{Person, PersonId, PrincipalId, Tenant, TenantId, TenantPublicId, Timestamp, tenant};
use sea_orm::{ConnectionTrait as _, QueryResult};

use crate::found::{Intent, Stored};
use crate::load;
use crate::read::load_error;
use crate::rows::{
    PERSON_BY_ID, PERSON_BY_LOGIN, PersonRow, TENANT_BY_NAME, TENANT_BY_PUBLIC_ID, TenantRow, status_of_tenant,
};
use crate::set::{Find, Value};
use crate::soon::soon;
use crate::{Account, Cursor, Doing as _, Error, Page, Store};

const READING: &str = "reading a person";

/// Somebody who may log in, with what proves that it is they.
#[derive(Clone, Debug)]
pub struct Known {
    /// Who.
    pub person: Person,
    /// The hash of their password, if they have one.
    pub password: Option<PasswordHash>,
}

impl Store {
    /// The person of this id.
    pub async fn person(&self, tenant: TenantId, id: PersonId) -> Result<Option<Person>, Error> {
        let found: Option<PersonRow> = self.first(&PERSON_BY_ID, vec![tenant.0.into(), id.to_string().into()]).await?;
        found.map(|row| row.person()).transpose()
    }

    /// Who logs in with this name, through this door.
    pub async fn person_by_login(&self, tenant: TenantId, kind: Kind, login: &Login) -> Result<Option<Known>, Error> {
        let keys = vec![tenant.0.into(), kind.name().into(), login.as_str().into()];
        let found: Option<PersonRow> = self.first(&PERSON_BY_LOGIN, keys).await?;
        let person = found.map(|row| row.person()).transpose()?;
        // Of nobody it is asked as well: who waits for the answer does not see the difference.
        let principal = person.as_ref().map_or(PrincipalId(0), |person| person.principal);
        let password = self.password(tenant, principal).await?;
        Ok(person.map(|person| Known { person, password }))
    }

    /// The hash of a person's password.
    pub async fn password(&self, tenant: TenantId, principal: PrincipalId) -> Result<Option<PasswordHash>, Error> {
        let sql = format!(
            "select password_hash from people where tenant_id = {} and principal_id = {}",
            tenant.0, principal.0
        );
        let row = soon(READING, self.lister.query_one_raw(self.bound(&sql, &[]))).await?;
        let hash = row.map(|row| row.try_get_by_index::<Option<String>>(0)).transpose().doing(READING)?;
        Ok(hash.flatten().map(|hash| PasswordHash::new(&hash)))
    }

    /// Puts a new hash in the place of `before`; false where that is not there any more: somebody was faster.
    pub async fn password_replace(
        &self,
        (tenant, principal): (TenantId, PrincipalId),
        before: Option<&PasswordHash>,
        new: &PasswordHash,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let there = if before.is_some() { "password_hash = {}" } else { "password_hash is null" };
        let sql = format!(
            "update people set password_hash = {{}}, password_at = {} \
             where tenant_id = {} and principal_id = {} and {there}",
            now.0, tenant.0, principal.0
        );
        let values: Vec<&str> = std::iter::once(new).chain(before).map(PasswordHash::as_str).collect();
        let _turn = self.turn().await?;
        let written = soon("writing a password", self.administrator.execute_raw(self.bound(&sql, &values))).await?;
        Ok(written.rows_affected() == 1)
    }

    /// People of a kind whose logins begin so, by their logins: an empty word is how all begin.
    pub async fn people(
        &self,
        (tenant, kind): (TenantId, Kind),
        beginning: &str,
        after: Option<&Cursor>,
        limit: u64,
    ) -> Result<Page<Person>, Error> {
        const DOING: &str = "listing people";
        // One bound: of two, a database might begin at the lower one and pass over all between them.
        let (bound, from) = after.map_or((">=", beginning), |cursor| (">", cursor.id.as_str()));
        let sql = format!(
            "select public_id, login from people where tenant_id = {} and kind = {{}} and login {bound} {{}} \
             order by login limit {}",
            tenant.0,
            limit + 1
        );
        let question = self.bound(&sql, &[kind.name(), from]);
        let rows = soon(DOING, self.lister.query_all_raw(question)).await?;
        let row = |row: QueryResult| row.try_get_by_index(0).and_then(|id| Ok((id, row.try_get_by_index(1)?)));
        let mut found: Vec<(String, String)> = rows.into_iter().map(row).collect::<Result<_, _>>().doing(DOING)?;
        // They are in the order of their letters, so those that begin so stand together.
        found.retain(|(_, login)| login.starts_with(beginning));
        let more = found.len() as u64 > limit;
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let keys = found.iter().flat_map(|(id, _)| [Value::from(tenant.0), Value::from(id.as_str())]).collect();
        let rows: Vec<PersonRow> = self.all(&PERSON_BY_ID, keys).await?;
        let mut people: Vec<Person> = rows.iter().map(PersonRow::person).collect::<Result<_, _>>()?;
        people.sort_unstable_by(|left, right| left.login.cmp(&right.login));
        let last = people.last().filter(|_| more);
        let next = last.map(|person| Cursor { at: person.created_at, id: person.login.as_str().to_owned() });
        Ok(Page { rows: people, next })
    }

    /// In whose name a person of this kind and login acts, made if there is none, and how others name them.
    pub async fn person_account(
        &self,
        (tenant, kind): (TenantId, Kind),
        login: &Login,
        new: PersonId,
        now: Timestamp,
    ) -> Result<(PrincipalId, PersonId), Error> {
        let public_id = new.to_string();
        let account = Account { tenant, kind: kind.name(), name: login.as_str(), public_id: &public_id };
        let principal = self.account(&account, now).await?;
        let sql = format!("select public_id from principals where id = {}", principal.0);
        let row = soon(READING, self.administrator.query_one_raw(self.bound(&sql, &[]))).await?;
        let id: Option<String> = row.map(|row| row.try_get_by_index(0)).transpose().doing(READING)?;
        let id = id.unwrap_or_default();
        let unreadable = || Error::Unreadable {
            table: "principals",
            row: principal.0.to_string(),
            column: "public_id",
            value: id.clone(),
        };
        Ok((principal, id.parse().map_err(|_| unreadable())?))
    }

    /// The tenant of this name.
    pub async fn tenant_named(&self, name: &str) -> Result<Option<Tenant>, Error> {
        let found: Option<TenantRow> = self.first(&TENANT_BY_NAME, vec![name.into()]).await?;
        found.map(|row| row.tenant()).transpose()
    }

    /// The tenant of this id.
    pub async fn tenant_by_id(&self, id: TenantPublicId) -> Result<Option<Tenant>, Error> {
        let found: Option<TenantRow> = self.first(&TENANT_BY_PUBLIC_ID, vec![id.to_string().into()]).await?;
        found.map(|row| row.tenant()).transpose()
    }

    /// The row of a tenant that is about to be opened, made if there is none of this name.
    pub async fn tenant_prepare(&self, name: &str, new: TenantPublicId, now: Timestamp) -> Result<Tenant, Error> {
        const DOING: &str = "making a tenant";
        if let Some(tenant) = self.tenant_named(name).await? {
            return Ok(tenant);
        }
        let sql = format!(
            "insert into tenants (public_id, name, created_at, status, changes) values ({{}}, {{}}, {}, 1, 0)",
            now.0
        );
        let made = {
            let _turn = self.turn().await?;
            let insert = self.bound(&sql, &[&new.to_string(), name]);
            soon(DOING, self.administrator.execute_raw(insert)).await
        };
        match self.tenant_named(name).await? {
            Some(tenant) => Ok(tenant),
            // Nobody else was first: then why it could not be made matters.
            None => Err(made.err().unwrap_or_else(|| Error::Refused(format!("the tenant {name} was not made")))),
        }
    }

    /// The installation's first tenant, which looks after the others.
    pub async fn house(&self) -> Result<Option<TenantId>, Error> {
        const DOING: &str = "reading the first tenant";
        let row = soon(DOING, self.lister.query_one_raw(self.bound("select min(id) from tenants", &[]))).await?;
        let id = row.map(|row| row.try_get_by_index::<Option<i64>>(0)).transpose().doing(DOING)?;
        Ok(id.flatten().map(TenantId))
    }

    /// Whether a tenant is open.
    pub(crate) async fn tenant_status(&self, tenant: TenantId) -> Result<tenant::Status, Error> {
        const DOING: &str = "reading a tenant's status";
        let sql = format!("select status from tenants where id = {}", tenant.0);
        let row = soon(DOING, self.lister.query_one_raw(self.bound(&sql, &[]))).await?;
        let status = row.map(|row| row.try_get_by_index::<i64>(0)).transpose().doing(DOING)?;
        // A row that is not there, or not to be read, lets nobody in.
        Ok(status.and_then(status_of_tenant).unwrap_or(tenant::Status::Prepared))
    }

    /// Every tenant, the oldest first.
    pub async fn tenants_page(&self, after: Option<&Cursor>, limit: u64) -> Result<Page<Tenant>, Error> {
        const DOING: &str = "listing tenants";
        let after: i64 = after.and_then(|cursor| cursor.id.parse().ok()).unwrap_or(0);
        let sql = format!("select id from tenants where id > {after} order by id limit {}", limit + 1);
        let rows = soon(DOING, self.lister.query_all_raw(self.bound(&sql, &[]))).await?;
        let id = |row: QueryResult| row.try_get_by_index::<i64>(0);
        let mut ids: Vec<i64> = rows.into_iter().map(id).collect::<Result<_, _>>().doing(DOING)?;
        let more = ids.len() as u64 > limit;
        ids.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let rows: Vec<TenantRow> = self.all(TenantRow::FIND, ids.into_iter().map(Value::from).collect()).await?;
        let mut tenants: Vec<Tenant> = rows.iter().map(TenantRow::tenant).collect::<Result<_, _>>()?;
        tenants.sort_unstable_by_key(|tenant| tenant.id);
        let last = tenants.last().filter(|_| more);
        let next = last.map(|tenant| Cursor { at: tenant.created_at, id: tenant.id.0.to_string() });
        Ok(Page { rows: tenants, next })
    }

    pub(crate) async fn first<T: Stored>(&self, find: &'static Find, keys: Vec<Value>) -> Result<Option<T>, Error> {
        Ok(self.all(find, keys).await?.pop())
    }

    pub(crate) async fn all<T: Stored>(&self, find: &'static Find, keys: Vec<Value>) -> Result<Vec<T>, Error> {
        let mut reading = self.database.read().await.doing(READING)?;
        load::find_in(&mut reading, find, keys.into_iter(), Intent::Read).await.map_err(load_error)
    }
}
