//! Owns every tenant's accounts as this process knows them: each opened once, in the order in which they are tried, each
//! with its health. It reads no database: whoever does gives it what stands there.

use std::sync::{Arc, PoisonError, RwLock};

use domain::channel::{Account, Kind};
use domain::{ChannelAccountId, TenantId};

use crate::{Channel, Failure, Health, open};

/// An account as it stands in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// As the rules look at it.
    pub account: Account,
    /// The adapter's settings.
    pub settings: String,
    /// The smallest number is tried first.
    pub priority: i64,
    /// Raised by each change.
    pub version: i64,
}

/// An account that was opened.
pub struct Entry {
    /// As the rules look at it.
    pub account: Account,
    /// The adapter; or why it cannot be used.
    pub channel: Result<Arc<dyn Channel>, Failure>,
    /// How its provider does.
    pub health: Arc<Health>,
    priority: i64,
    version: i64,
    /// Whether the adapter is of this version's settings.
    is_good: bool,
}

/// What a payer asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Whatever is best.
    Any,
    /// Any account with this provider.
    Kind(Kind),
    /// The account of this name.
    Name(String),
}

/// What is put around each adapter.
type Wrap = Arc<dyn Fn(Arc<dyn Channel>) -> Arc<dyn Channel> + Send + Sync>;

/// Every account. Clones share it.
#[derive(Clone, Default)]
pub struct Directory {
    entries: Arc<RwLock<Vec<Arc<Entry>>>>,
    wrap: Option<Wrap>,
}

impl Directory {
    /// One whose adapters each have something around them, for tests.
    pub fn wrapping(wrap: impl Fn(Arc<dyn Channel>) -> Arc<dyn Channel> + Send + Sync + 'static) -> Self {
        Self { entries: Arc::default(), wrap: Some(Arc::new(wrap)) }
    }

    /// Takes over what stands in the database. Accounts that did not change stay open, and their health is kept; gives
    /// the names of those whose settings changed and cannot be used, with why. Those are tried again each time.
    pub fn replace(&self, listed: Vec<Listed>) -> Vec<(String, Failure)> {
        let before = self.all();
        let mut failed = Vec::new();
        let mut entries: Vec<Arc<Entry>> = Vec::with_capacity(listed.len());
        for row in listed {
            let known = before.iter().find(|entry| entry.account.id == row.account.id);
            if let Some(known) = known.filter(|known| known.version == row.version && known.is_good) {
                entries.push(known.clone());
                continue;
            }
            let channel = open(row.account.kind, &row.settings);
            let channel = channel.map(|channel| self.wrap.as_ref().map_or(channel.clone(), |wrap| wrap(channel)));
            let is_good = channel.is_ok();
            if let Err(failure) = &channel
                && known.is_none_or(|known| known.version != row.version)
            {
                failed.push((row.account.name.clone(), failure.clone()));
            }
            // A secret may come a moment later than the settings that name it: what worked goes on, and it is tried again.
            let before = known.filter(|known| known.channel.is_ok()).map(|known| known.channel.clone());
            let channel = channel.or_else(|failure| before.unwrap_or(Err(failure)));
            let health = known.map(|known| known.health.clone()).unwrap_or_default();
            let (priority, version) = (row.priority, row.version);
            entries.push(Arc::new(Entry { account: row.account, channel, health, priority, version, is_good }));
        }
        entries.sort_by_key(|entry| entry.priority);
        *self.entries.write().unwrap_or_else(PoisonError::into_inner) = entries;
        failed
    }

    /// The account of this id.
    pub fn find(&self, id: ChannelAccountId) -> Option<Arc<Entry>> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner).iter().find(|entry| entry.account.id == id).cloned()
    }

    /// Every account, in the order in which they are tried.
    pub fn all(&self) -> Vec<Arc<Entry>> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A tenant's accounts that are what was asked for, those that do well first, and behind them the others, for they
    /// may be all there is. Whether one is switched on is decided where the payment is.
    pub fn candidates(&self, tenant: TenantId, wanted: &Wanted) -> Vec<ChannelAccountId> {
        let all = self.all();
        let fits = |entry: &&Arc<Entry>| {
            let account = &entry.account;
            account.tenant == tenant
                && entry.channel.is_ok()
                && match wanted {
                    Wanted::Any => true,
                    Wanted::Kind(kind) => account.kind == *kind,
                    Wanted::Name(name) => account.name == *name,
                }
        };
        let (well, ill): (Vec<_>, Vec<_>) = all.iter().filter(fits).partition(|entry| entry.health.is_well());
        well.into_iter().chain(ill).map(|entry| entry.account.id).collect()
    }
}

#[cfg(test)]
mod tests {
    use domain::channel::Conditions;

    use super::*;

    fn listed(number: u128, tenant: i64, kind: Kind, priority: i64) -> Listed {
        let account = Account {
            tenant: TenantId(tenant),
            id: ChannelAccountId::new(number),
            kind,
            name: format!("account {number}"),
            is_enabled: true,
            conditions: Conditions::default(),
        };
        // Any variable that is there: what it says is not looked at.
        let settings = r#"{"gateway":"http://127.0.0.1:9/sandbox","account":"a","secrets":["env:PATH"]}"#;
        Listed { account, settings: settings.to_owned(), priority, version: 1 }
    }

    #[tokio::test]
    async fn accounts_are_tried_in_their_order_and_those_that_do_badly_last() {
        let directory = Directory::default();
        let broken = Listed { settings: "{}".to_owned(), ..listed(4, 1, Kind::Sandbox, 0) };
        let rows = vec![
            listed(1, 1, Kind::Sandbox, 2),
            listed(2, 1, Kind::Sandbox, 1),
            listed(3, 2, Kind::Sandbox, 0),
            broken,
        ];
        let failed = directory.replace(rows.clone());
        assert_eq!(failed.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["account 4"]);
        let tried =
            |wanted: Wanted| directory.candidates(TenantId(1), &wanted).iter().map(|id| id.bits()).collect::<Vec<_>>();
        assert_eq!(tried(Wanted::Any), [2, 1]);
        assert_eq!(tried(Wanted::Kind(Kind::Alipay)), Vec::<u128>::new());
        assert_eq!(tried(Wanted::Name("account 1".to_owned())), [1]);
        let second = directory.find(ChannelAccountId::new(2)).expect("a known account");
        second.health.away();
        assert_eq!(tried(Wanted::Any), [1, 2]);
        // What did not change stays as it is, with its health.
        assert_eq!(directory.replace(rows[..3].to_vec()).len(), 0);
        assert_eq!(tried(Wanted::Any), [1, 2]);
        second.health.answered();
        assert_eq!(tried(Wanted::Any), [2, 1]);
    }

    #[tokio::test]
    async fn an_account_whose_new_settings_cannot_be_used_goes_on_with_its_old_ones() {
        let directory = Directory::default();
        directory.replace(vec![listed(1, 1, Kind::Sandbox, 1)]);
        let missing = r#"{"gateway":"http://127.0.0.1:9/sandbox","account":"b","secrets":["env:NOT_THERE_YET"]}"#;
        let changed = Listed { settings: missing.to_owned(), version: 2, ..listed(1, 1, Kind::Sandbox, 1) };
        for told in [1, 0] {
            assert_eq!(directory.replace(vec![changed.clone()]).len(), told, "told once");
            let entry = directory.find(ChannelAccountId::new(1)).expect("a known account");
            assert!(entry.channel.is_ok(), "what worked goes on");
        }
        let there = Listed { version: 2, ..listed(1, 1, Kind::Sandbox, 1) };
        assert_eq!(directory.replace(vec![there.clone()]).len(), 0);
        let entry = directory.find(ChannelAccountId::new(1)).expect("a known account");
        assert_eq!(directory.replace(vec![there]).len(), 0);
        assert!(Arc::ptr_eq(&entry, &directory.find(ChannelAccountId::new(1)).expect("a known account")), "kept open");
    }
}
