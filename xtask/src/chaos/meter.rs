//! Owns throughput: a count read now and then, and the windows of time between two readings.

use std::time::Duration;

/// Long enough that one slow moment of a busy machine is not the whole of it.
pub(super) const WINDOW: Duration = Duration::from_secs(5);

/// Readings of a count that only grows.
#[derive(Default)]
pub(super) struct Meter(Vec<(Duration, u64)>);

/// Answers a second between two readings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) ends: Duration,
    pub(super) rate: f64,
}

impl Meter {
    pub(super) fn read(&mut self, at: Duration, count: u64) {
        self.0.push((at, count));
    }

    /// Every window that lies in this time.
    fn windows(&self, from: Duration, until: Duration) -> impl Iterator<Item = Window> {
        let begins = self.0.iter().enumerate().filter(move |(_, (at, _))| *at >= from);
        begins.filter_map(move |(index, (at, count))| {
            let (ends, last) = self.0[index..].iter().find(|(then, _)| *then >= *at + WINDOW && *then <= until)?;
            #[expect(clippy::cast_precision_loss, reason = "a count of some thousands")]
            let rate = (last - count) as f64 / ends.saturating_sub(*at).as_secs_f64();
            Some(Window { ends: *ends, rate })
        })
    }

    /// The middle one.
    pub(super) fn median(&self, from: Duration, until: Duration) -> Option<f64> {
        let mut rates: Vec<_> = self.windows(from, until).map(|window| window.rate).collect();
        rates.sort_by(f64::total_cmp);
        rates.get(rates.len() / 2).copied()
    }

    /// The best one.
    pub(super) fn best(&self, from: Duration, until: Duration) -> Option<Window> {
        self.windows(from, until).max_by(|one, other| one.rate.total_cmp(&other.rate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn windows_are_found_in_their_time() {
        let mut meter = Meter::default();
        let mut count = 0;
        for second in 0..40 {
            meter.read(at(second), count);
            // 100 a second, nothing from 15 to 25, then 200.
            count += [100, 0, 200][usize::from(second >= 15) + usize::from(second >= 25)];
        }
        let median = meter.median(at(0), at(12)).expect("there are windows");
        assert!((median - 100.0).abs() < 1e-9, "{median}");
        let best = meter.best(at(20), at(39)).expect("there are windows");
        assert!((best.rate - 200.0).abs() < 1e-9, "{best:?}");
        assert!(best.ends >= at(30));
        assert!(meter.best(at(36), at(39)).is_none(), "too short for a window");
    }
}
