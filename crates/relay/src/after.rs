//! Owns the hooks behind a commit: who hears of each message of the outbox once it is done. None of them runs in a transaction,
//! and none can take anything back.

use domain::Timestamp;
use store::Due;

/// Hears of messages. It must be quick, for the round waits for it; what takes long it hands on. Each message that is done is
/// told at least once, just before it is settled: where that breaks off, it is performed and told again.
pub trait After: Send + Sync + 'static {
    /// These are done, at this time or a moment before.
    fn done(&self, messages: &[Due], at: Timestamp);
}

/// Counts what is done of each kind, and how long it was wanted before it was.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counted;

impl After for Counted {
    fn done(&self, messages: &[Due], at: Timestamp) {
        for due in messages {
            let task = due.message.task.name();
            metrics::counter!("mideng_outbox_done_total", "task" => task).increment(1);
            let waited = u32::try_from(at.0.saturating_sub(due.wanted_at.0).max(0)).unwrap_or(u32::MAX);
            metrics::histogram!("mideng_outbox_wait_seconds", "task" => task).record(f64::from(waited) / 1_000.0);
        }
    }
}
