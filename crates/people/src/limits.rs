//! Owns how often somebody may try to log in. An account is never locked: whoever was let in on a device before tries there on
//! a count of its own, and strangers share another (OWASP Authentication Cheat Sheet, device cookies).

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use coord::Limit;
use coord::limit::{LocalLimit, Rate};

use crate::{Denied, network};

/// Tries from one address, or one network of the sixth version.
const BY_ADDRESS: (u32, Duration) = (60, Duration::from_mins(1));
/// Tries of strangers with one account, from wherever.
const BY_ACCOUNT: (u32, Duration) = (20, Duration::from_mins(10));
/// Tries of strangers with one account from one address.
const BY_BOTH: (u32, Duration) = (10, Duration::from_mins(10));
/// Tries on a device where the account was let in before.
const BY_DEVICE: (u32, Duration) = (10, Duration::from_mins(10));
/// How many names this process counts by itself while nobody else can.
const LOCAL_NAMES_MAX: usize = 100_000;

pub(crate) struct Limits {
    limit: Arc<dyn Limit>,
    /// While nobody else counts, each process does: guessing stays slow.
    local: LocalLimit,
}

impl Limits {
    pub(crate) fn new(limit: Arc<dyn Limit>) -> Self {
        Self { limit, local: LocalLimit::new(LOCAL_NAMES_MAX) }
    }

    /// Counts a try to log in. `account` names the account; `device` a device that it was let in on.
    pub(crate) async fn log_in(&self, account: &str, address: IpAddr, device: Option<&str>) -> Result<(), Denied> {
        let network = network(address);
        self.count(&format!("login:address:{network}"), BY_ADDRESS).await?;
        if let Some(device) = device {
            return self.count(&format!("login:device:{device}"), BY_DEVICE).await;
        }
        self.count(&format!("login:both:{network}:{account}"), BY_BOTH).await?;
        self.count(&format!("login:account:{account}"), BY_ACCOUNT).await
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
