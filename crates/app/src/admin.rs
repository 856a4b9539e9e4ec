//! Owns the commands that look after a database: migrate, backup, restore, API keys. Each works beside a running
//! server.

use std::path::Path;

use anyhow::{Context as _, bail};
use clap::{Subcommand, ValueEnum};
use domain::ApiKeyId;
use domain::access::Role;
use domain::text::AccountName;
use store::{Account, NewApiKey, Store};

use crate::settings::Database;
use crate::{secret, terminal};

/// Make, list and revoke API keys.
#[derive(Subcommand)]
pub(crate) enum ApiKey {
    /// Make a key of a service account; the account is made if it is new.
    Create {
        /// The account's name. Its keys share one space of idempotency keys, so that a rotated key still replays.
        #[arg(long, value_name = "NAME")]
        account: String,
        /// What the key may do.
        #[arg(long, value_enum, default_value_t = KeyRole::Service)]
        role: KeyRole,
        #[command(flatten)]
        database: Database,
    },
    /// List every key.
    List {
        #[command(flatten)]
        database: Database,
    },
    /// Revoke a key; it is refused from two seconds later on.
    Revoke {
        /// The key's number, from `list`.
        id: i64,
        #[command(flatten)]
        database: Database,
    },
}

/// What a key may do.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum KeyRole {
    /// Everything.
    Admin,
    /// The trade: products, stock, orders.
    Service,
    /// Look, and read the metrics.
    Auditor,
}

impl ApiKey {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Create { account, role, database } => create(&account, role, &database).await,
            Self::List { database } => list(&database).await,
            Self::Revoke { id, database } => revoke(id, &database).await,
        }
    }
}

async fn create(name: &str, role: KeyRole, database: &Database) -> anyhow::Result<()> {
    if AccountName::new(name).is_err() {
        bail!("an account's name has 1 to 64 characters, none of them a control character");
    }
    let (store, tenant) = open(database).await?;
    let now = api::now();
    let public_id = secret::public_id("acc_");
    let account = store.account(&Account { tenant, kind: "service", name, public_id: &public_id }, now).await?;
    let secret = secret::api_key()?;
    let role = match role {
        KeyRole::Admin => Role::Admin,
        KeyRole::Service => Role::Service,
        KeyRole::Auditor => Role::Auditor,
    };
    let key = NewApiKey { id: Some(ApiKeyId::new(api::id())), secret: &secret, role };
    let id = store.api_key_create(tenant, account, &key, now).await?;
    store.close().await;
    println!("{secret}");
    eprintln!("Key {id} of the account {name}, role {}. It is shown only now. Keep it.", role.name());
    Ok(())
}

async fn list(database: &Database) -> anyhow::Result<()> {
    let (store, tenant) = open(database).await?;
    let keys = store.api_keys(tenant).await?;
    store.close().await;
    let day = |at: domain::Timestamp| terminal::moment(at.0);
    let rows = keys.into_iter().map(|store::ListedApiKey { number, key }| {
        [
            number.to_string(),
            key.account.to_string(),
            key.role.name().to_owned(),
            format!("{}…", key.shown_prefix),
            day(key.created_at),
            key.revoked_at.map(day).unwrap_or_default(),
        ]
    });
    terminal::print_list(["id", "account", "role", "key", "made", "revoked"], rows);
    Ok(())
}

async fn revoke(id: i64, database: &Database) -> anyhow::Result<()> {
    let (store, tenant) = open(database).await?;
    let revoked = store.api_key_revoke(tenant, id, api::now()).await?;
    store.close().await;
    if !revoked {
        bail!("there is no key {id} that could be revoked; `mideng api-key list` shows them all");
    }
    println!("Key {id} is revoked; a running server refuses it within two seconds.");
    Ok(())
}

pub(crate) async fn open(database: &Database) -> anyhow::Result<(Store, domain::TenantId)> {
    let store = Store::open_existing(&database.address()?).await?;
    let tenant = store.tenant("default").await?.context("the database is new: start `mideng serve` on it once")?;
    Ok((store, tenant))
}

/// `mideng migrate`.
pub(crate) async fn migrate(database: &Database) -> anyhow::Result<()> {
    let address = database.address()?;
    let folder = address.file().and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder {
        std::fs::create_dir_all(folder).with_context(|| format!("making the folder {}", folder.display()))?;
    }
    let store = Store::open(&address).await?;
    let alone = store.alone().await?;
    let applied = store.migrate().await?;
    drop(alone);
    store.close().await;
    println!("{address}: {applied} migrations applied, the schema is up to date.");
    Ok(())
}

/// `mideng backup FILE`.
pub(crate) async fn backup(to: &Path, database: &Database) -> anyhow::Result<()> {
    let store = Store::open_existing(&database.file("back up")?).await?;
    store.backup(to).await?;
    store.close().await;
    let bytes = std::fs::metadata(to).with_context(|| format!("reading {}", to.display()))?.len();
    println!("{}: {bytes} bytes, as of one moment.", to.display());
    Ok(())
}

/// `mideng restore FILE`. What is replaced is kept in a file of its own.
pub(crate) async fn restore(from: &Path, database: &Database) -> anyhow::Result<()> {
    if !from.is_file() {
        bail!("there is no backup at {}", from.display());
    }
    let file = database.file("restore")?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).with_context(|| format!("making the folder {}", folder.display()))?;
    let workplace = tempfile::tempdir_in(folder).context("making a folder for the copy of the backup")?;
    let copy = workplace.path().join("restore.db");
    std::fs::copy(from, &copy).with_context(|| format!("copying {}", from.display()))?;
    prepare(&copy, from).await?;
    let store = Store::open(&file).await?;
    store.migrate().await?;
    let kept = folder.join(format!("before-restore-{}.db", api::now().0));
    store.backup(&kept).await.context("keeping what is about to be replaced")?;
    let rows = store.restore(&copy).await?;
    store.close().await;
    println!("{}: {rows} rows restored from {}.", file.display(), from.display());
    println!("What was there before is kept in {}.", kept.display());
    Ok(())
}

/// Checks the copy of a backup and brings its schema up to this version's.
async fn prepare(copy: &Path, from: &Path) -> anyhow::Result<()> {
    let store = Store::open(copy).await.with_context(|| format!("{} is not a database", from.display()))?;
    let refused = || format!("{} is damaged and was not restored", from.display());
    let damage = store.damage().await.with_context(refused)?;
    if let Some(first) = damage.first() {
        bail!("{}: {first}", refused());
    }
    store.migrate().await.with_context(|| format!("{} is not a backup of Mideng", from.display()))?;
    if store.is_empty().await? {
        bail!("{} has no tenant: it is not a backup of Mideng", from.display());
    }
    store.close().await;
    Ok(())
}
