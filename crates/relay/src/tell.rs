//! Owns telling the other nodes how providers do: whoever holds the lanes asks them, and all begin payments.

use store::ChannelHealth;

use crate::Relay;

impl Relay {
    /// Tells what is news. What cannot be told now is told behind the next call.
    pub(crate) async fn tell_health(&self) {
        for entry in self.directory.all() {
            let Some(report) = entry.health.news() else { continue };
            let health = ChannelHealth {
                account: entry.account.id,
                is_well: report.is_well,
                closed_for_ms: report.closed_for.map(|left| i64::try_from(left.as_millis()).unwrap_or(i64::MAX)),
                asked: report.asked,
                answered: report.answered,
            };
            let channel = &entry.account.name;
            match self.store.channel_health_tell(&health).await {
                Ok(()) => entry.health.told(&report),
                Err(error) => tracing::warn!(%error, channel, "other nodes could not be told how a provider does"),
            }
        }
    }
}
