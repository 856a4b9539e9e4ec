//! Owns how often somebody may try to log in. An account is never locked: whoever was let in on a device before tries there on
//! a count of its own, and strangers share another (OWASP Authentication Cheat Sheet, device cookies).

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use coord::Limit;
use coord::limit::{LocalLimit, Rate};
use domain::PersonId;
use tokio::sync::Semaphore;

use crate::{Denied, network};

/// Tries on all devices where an account was let in before, together: somebody may have gathered marks.
const BY_DEVICES: (u32, Duration) = (60, Duration::from_mins(10));
/// In this time so many tries from one address, or one network of the sixth version, as the settings say.
const ADDRESS_PER: Duration = Duration::from_mins(1);
/// Tries of strangers with one account, from wherever.
const BY_ACCOUNT: (u32, Duration) = (20, Duration::from_mins(10));
/// Tries of strangers with one account from one address.
const BY_BOTH: (u32, Duration) = (10, Duration::from_mins(10));
/// Tries on a device where the account was let in before.
const BY_DEVICE: (u32, Duration) = (10, Duration::from_mins(10));
/// Tries of codes of one second factor. Whoever gets so far knows the password.
const BY_FACTOR: (u32, Duration) = (10, Duration::from_mins(10));
/// How many are counted at once, and how long one waits to be among them.
const AT_ONCE: usize = 4;
const TURN_MAX: Duration = Duration::from_millis(100);
/// How many names this process counts by itself while nobody else can.
const LOCAL_NAMES_MAX: usize = 100_000;

pub(crate) struct Limits {
    limit: Arc<dyn Limit>,
    /// While nobody else counts, each process does: guessing stays slow.
    local: LocalLimit,
    /// So many are counted at once: a crowd that comes together waits here, and not before whoever orders meanwhile.
    at_once: Semaphore,
    by_address: (u32, Duration),
}

impl Limits {
    pub(crate) fn new(limit: Arc<dyn Limit>, per_address: u32) -> Self {
        Self {
            limit,
            local: LocalLimit::new(LOCAL_NAMES_MAX),
            at_once: Semaphore::new(AT_ONCE),
            by_address: (per_address, ADDRESS_PER),
        }
    }

    /// Counts a try to log in. `account` names the account; `device` a device that it was let in on. Such a device is counted
    /// apart from strangers in all ways: those who share its address, or guess at its account, take nothing from it.
    pub(crate) async fn log_in(&self, account: &str, address: IpAddr, device: Option<&str>) -> Result<(), Denied> {
        // Where whoever counts is slow, or away, nobody waits for others to find that out.
        let _turn = tokio::time::timeout(TURN_MAX, self.at_once.acquire()).await;
        if let Some(device) = device {
            self.count(&format!("login:devices:{account}"), BY_DEVICES).await?;
            return self.count(&format!("login:device:{device}"), BY_DEVICE).await;
        }
        let network = network(address);
        self.count(&format!("login:address:{network}"), self.by_address).await?;
        self.count(&format!("login:both:{network}:{account}"), BY_BOTH).await?;
        self.count(&format!("login:account:{account}"), BY_ACCOUNT).await
    }

    /// Counts somebody who comes with no name.
    pub(crate) async fn stranger(&self, address: IpAddr) -> Result<(), Denied> {
        self.count(&format!("stranger:address:{}", network(address)), self.by_address).await
    }

    /// Counts a try of a code.
    pub(crate) async fn code(&self, person: PersonId) -> Result<(), Denied> {
        self.count(&format!("login:code:{person}"), BY_FACTOR).await
    }

    async fn count(&self, name: &str, (count, per): (u32, Duration)) -> Result<(), Denied> {
        let rate = Rate::new(NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN), per);
        let decision = match self.limit.check(name, rate, 1).await {
            Ok(decision) => decision,
            Err(error) => {
                tracing::debug!(%error, "log-ins are counted by this process alone");
                self.local.check(name, rate, 1).await.map_err(|error| Denied::Away(error.to_string()))?
            }
        };
        if decision.allowed {
            return Ok(());
        }
        metrics::counter!("mideng_logins_limited_total").increment(1);
        Err(Denied::TooMany { after_s: decision.retry_after.unwrap_or(decision.reset_after).as_secs_f64() })
    }
}
