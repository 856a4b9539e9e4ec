//! Owns a tenant's accounts with payment providers, as operators set them up. Settings name secrets and hold none.

use domain::channel::{Account, Conditions, Kind, Method};
use domain::{ChannelAccountId, TenantId, Timestamp};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, ExprTrait as _, QueryFilter, QueryOrder};

use crate::rows::Column;
use crate::soon::soon;
use crate::{Error, Store, entity};

/// An account with a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelAccount {
    /// As the rules look at it.
    pub account: Account,
    /// The adapter's settings, JSON; secrets in it are references.
    pub settings: String,
    /// The smallest number is tried first.
    pub priority: i64,
    /// Raised by each change.
    pub version: i64,
}

/// An account that is to be made.
#[derive(Clone, Debug)]
pub struct NewChannelAccount<'a> {
    /// As the rules look at it.
    pub account: &'a Account,
    /// The adapter's settings, JSON.
    pub settings: &'a str,
    /// The smallest number is tried first.
    pub priority: i64,
}

impl Store {
    /// Every account of every tenant, in the order in which a tenant's are tried.
    pub async fn channel_accounts(&self) -> Result<Vec<ChannelAccount>, Error> {
        use entity::channel_account::{Column as Accounts, Entity};
        let all = Entity::find()
            .order_by_asc(Accounts::TenantId)
            .order_by_asc(Accounts::Priority)
            .order_by_asc(Accounts::CreatedAt);
        let all = soon("listing channel accounts", all.all(&self.lister)).await?;
        all.into_iter().map(read).collect()
    }

    /// A tenant's accounts, in the order in which they are tried.
    pub async fn channel_accounts_of(&self, tenant: TenantId) -> Result<Vec<ChannelAccount>, Error> {
        use entity::channel_account::{Column as Accounts, Entity};
        let theirs = Entity::find()
            .filter(Accounts::TenantId.eq(tenant.0))
            .order_by_asc(Accounts::Priority)
            .order_by_asc(Accounts::CreatedAt);
        let theirs = soon("listing channel accounts", theirs.all(&self.lister)).await?;
        theirs.into_iter().map(read).collect()
    }

    /// Makes an account. Its name is unique in the tenant.
    pub async fn channel_account_create(&self, new: &NewChannelAccount<'_>, now: Timestamp) -> Result<(), Error> {
        let Account { tenant, id, kind, name, is_enabled, conditions } = new.account;
        let Conditions { currency, method, amount_min, amount_max } = conditions;
        let taken = self.channel_accounts().await?;
        if taken.iter().any(|other| other.account.tenant == *tenant && other.account.name == *name) {
            return Err(Error::Refused(format!("there is a channel named {name:?} already; choose another name")));
        }
        let made = entity::channel_account::ActiveModel {
            tenant_id: Set(tenant.0),
            account_id: Set(id.to_string()),
            kind: Set(kind.name().to_owned()),
            name: Set(name.clone()),
            settings: Set(new.settings.to_owned()),
            is_enabled: Set(i64::from(*is_enabled)),
            priority: Set(new.priority),
            currency: Set(currency.map(|currency| currency.code().to_owned())),
            method: Set(method.map(|method| method.name().to_owned())),
            amount_min: Set(*amount_min),
            amount_max: Set(*amount_max),
            version: Set(1),
            created_at: Set(now.0),
            updated_at: Set(now.0),
        };
        let _turn = self.turn().await?;
        soon("making a channel account", made.insert(&self.administrator)).await?;
        Ok(())
    }

    /// Switches an account on or off: the next payment on any node sees it. False if there is none of this name.
    pub async fn channel_account_switch(
        &self,
        tenant: TenantId,
        name: &str,
        is_enabled: bool,
        now: Timestamp,
    ) -> Result<bool, Error> {
        use entity::channel_account::Column as Accounts;
        self.channel_account_change(tenant, name, now, (Accounts::IsEnabled, Expr::value(i64::from(is_enabled)))).await
    }

    /// Gives an account another place in the order. False if there is none of this name.
    pub async fn channel_account_place(
        &self,
        tenant: TenantId,
        name: &str,
        priority: i64,
        now: Timestamp,
    ) -> Result<bool, Error> {
        use entity::channel_account::Column as Accounts;
        self.channel_account_change(tenant, name, now, (Accounts::Priority, Expr::value(priority))).await
    }

    /// Gives an account other settings, such as a new key beside the old one. False if there is none of this name.
    pub async fn channel_account_settings(
        &self,
        tenant: TenantId,
        name: &str,
        settings: &str,
        now: Timestamp,
    ) -> Result<bool, Error> {
        use entity::channel_account::Column as Accounts;
        self.channel_account_change(tenant, name, now, (Accounts::Settings, Expr::value(settings))).await
    }

    async fn channel_account_change(
        &self,
        tenant: TenantId,
        name: &str,
        now: Timestamp,
        (column, value): (entity::channel_account::Column, Expr),
    ) -> Result<bool, Error> {
        use entity::channel_account::{Column as Accounts, Entity};
        let _turn = self.turn().await?;
        let done = Entity::update_many()
            .col_expr(column, value)
            .col_expr(Accounts::UpdatedAt, now.0.into())
            .col_expr(Accounts::Version, Expr::col(Accounts::Version).add(1))
            .filter(Accounts::TenantId.eq(tenant.0))
            .filter(Accounts::Name.eq(name));
        Ok(soon("changing a channel account", done.exec(&self.administrator)).await?.rows_affected == 1)
    }
}

fn read(row: entity::channel_account::Model) -> Result<ChannelAccount, Error> {
    let column = Column { table: "channel_accounts", row: &row.account_id };
    let id: ChannelAccountId = column.parse("account_id", &row.account_id)?;
    let currency = row.currency.as_deref().map(|code| column.parse("currency", code)).transpose()?;
    let method = row.method.as_deref().map(|name| column.name("method", name, Method::from_name)).transpose()?;
    let account = Account {
        tenant: TenantId(row.tenant_id),
        id,
        kind: column.name("kind", &row.kind, Kind::from_name)?,
        name: row.name,
        is_enabled: row.is_enabled != 0,
        conditions: Conditions { currency, method, amount_min: row.amount_min, amount_max: row.amount_max },
    };
    Ok(ChannelAccount { account, settings: row.settings, priority: row.priority, version: row.version })
}
