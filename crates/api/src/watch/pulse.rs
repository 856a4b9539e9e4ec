//! Owns a tenant's numbers of the last hour on this node: how many commands were executed, answered again and refused, how many
//! of them placed an order, and how long they took, kept by the ten seconds.

use std::time::Duration;

use domain::Timestamp;

use super::Outcome;

/// How long a bucket is.
const WIDTH_MS: i64 = 10_000;
/// How many there are: an hour, and the minute that is not over.
const BUCKETS: usize = 366;
/// How many make a minute.
const IN_MINUTE: i64 = 6;
const MINUTES: i64 = 60;
/// What is told as of late, but for the one that is not over.
const LATE: i64 = 3;
/// How many steps times are sorted into. Each is a quarter longer than the one before, from 100 µs on: the last begins at about 80 s.
const STEPS: usize = 62;
const SHORTEST_US: f64 = 100.0;
const GROWTH: f64 = 1.25;

/// What happened in some time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Beat {
    /// When it began.
    pub(crate) at: Timestamp,
    /// Orders that were placed; each is executed, too.
    pub(crate) orders: u32,
    pub(crate) executed: u32,
    pub(crate) replayed: u32,
    pub(crate) refused: u32,
    /// Half of all answers took at most so long, in milliseconds; none where there were none.
    pub(crate) p50_ms: Option<f64>,
    /// All but one in a hundred.
    pub(crate) p99_ms: Option<f64>,
}

/// See the module.
pub(crate) struct Pulse(Box<[Bucket]>);

#[derive(Clone)]
struct Bucket {
    /// Which ten seconds, from 1970 on.
    number: i64,
    orders: u32,
    counts: [u32; 3],
    took: [u32; STEPS],
}

impl Default for Pulse {
    fn default() -> Self {
        Self(vec![Bucket::empty(0); BUCKETS].into())
    }
}

impl Pulse {
    pub(crate) fn note(&mut self, at: Timestamp, outcome: Outcome, took: Duration) {
        let bucket = self.bucket(at);
        let count = match outcome {
            Outcome::Executed => &mut bucket.counts[0],
            Outcome::Replayed => &mut bucket.counts[1],
            Outcome::Refused => &mut bucket.counts[2],
            // What becomes of it nobody knows yet, and how long it takes neither.
            Outcome::Pending => return,
        };
        *count = count.saturating_add(1);
        let step = &mut bucket.took[step(took)];
        *step = step.saturating_add(1);
    }

    /// One of those that were noted as executed placed an order.
    pub(crate) fn note_order(&mut self, at: Timestamp) {
        let bucket = self.bucket(at);
        bucket.orders = bucket.orders.saturating_add(1);
    }

    /// The hour up to now by the minute, the oldest first; what nothing happened in is there with zeros.
    pub(crate) fn minutes(&self, now: Timestamp) -> Vec<Beat> {
        let last = now.0.div_euclid(WIDTH_MS * IN_MINUTE);
        (last - MINUTES + 1..=last).map(|minute| self.sum(minute * IN_MINUTE, IN_MINUTE)).collect()
    }

    /// The latest half a minute that is over, and how many seconds it has.
    pub(crate) fn late(&self, now: Timestamp) -> (Beat, f64) {
        let seconds = LATE * WIDTH_MS / 1_000;
        let beat = self.sum(now.0.div_euclid(WIDTH_MS) - LATE, LATE);
        (beat, f64::from(u32::try_from(seconds).unwrap_or(u32::MAX)))
    }

    /// Of its ten seconds; what stood there an hour before makes room.
    fn bucket(&mut self, at: Timestamp) -> &mut Bucket {
        let number = at.0.div_euclid(WIDTH_MS);
        let bucket = &mut self.0[place(number)];
        if bucket.number != number {
            *bucket = Bucket::empty(number);
        }
        bucket
    }

    fn sum(&self, first: i64, count: i64) -> Beat {
        let mut sum = Bucket::empty(first);
        for number in first..first + count {
            let bucket = &self.0[place(number)];
            if bucket.number == number {
                sum.add(bucket);
            }
        }
        sum.beat(Timestamp(first * WIDTH_MS))
    }
}

impl Bucket {
    const fn empty(number: i64) -> Self {
        Self { number, orders: 0, counts: [0; 3], took: [0; STEPS] }
    }

    fn add(&mut self, other: &Self) {
        self.orders = self.orders.saturating_add(other.orders);
        let mine = self.counts.iter_mut().chain(&mut self.took);
        for (mine, theirs) in mine.zip(other.counts.iter().chain(&other.took)) {
            *mine = mine.saturating_add(*theirs);
        }
    }

    fn beat(&self, at: Timestamp) -> Beat {
        let ([executed, replayed, refused], orders) = (self.counts, self.orders);
        Beat { at, orders, executed, replayed, refused, p50_ms: self.quantile(0.5), p99_ms: self.quantile(0.99) }
    }

    /// The upper end of the step in which it lies.
    fn quantile(&self, share: f64) -> Option<f64> {
        let all: u32 = self.took.iter().sum();
        let rank = (f64::from(all) * share).ceil();
        let mut behind = 0;
        let place = self.took.iter().position(|count| {
            behind += count;
            f64::from(behind) >= rank && behind > 0
        })?;
        let steps = i32::try_from(place).unwrap_or(i32::MAX);
        Some(SHORTEST_US * GROWTH.powi(steps) / 1_000.0)
    }
}

fn place(number: i64) -> usize {
    usize::try_from(number.rem_euclid(i64::try_from(BUCKETS).unwrap_or(i64::MAX))).unwrap_or(0)
}

fn step(took: Duration) -> usize {
    let ratio = took.as_secs_f64() * 1_000_000.0 / SHORTEST_US;
    if ratio <= 1.0 {
        return 0;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a logarithm of more than 1 is small and positive"
    )]
    let step = (ratio.ln() / GROWTH.ln()).ceil() as usize;
    step.min(STEPS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_told_by_the_minute_and_what_was_before_is_forgotten() {
        let mut pulse = Pulse::default();
        let start = 7 * 3_600_000;
        for (second, outcome, took_ms) in [
            (0, Outcome::Executed, 3),
            (59, Outcome::Replayed, 1),
            (60, Outcome::Refused, 2),
            (3_599, Outcome::Executed, 5),
        ] {
            pulse.note(Timestamp(start + second * 1_000), outcome, Duration::from_millis(took_ms));
        }
        let sums = |now: i64| {
            let beats = pulse.minutes(Timestamp(start + now * 1_000));
            assert_eq!(beats.len(), 60);
            beats.iter().fold((0, 0, 0), |(a, b, c), beat| (a + beat.executed, b + beat.replayed, c + beat.refused))
        };
        assert_eq!(sums(3_599), (2, 1, 1));
        assert_eq!(sums(3_600), (1, 0, 1), "the first minute is an hour ago");
        assert_eq!(sums(20_000), (0, 0, 0));
        let first = pulse.minutes(Timestamp(start + 3_599_000))[0];
        assert_eq!((first.at, first.executed, first.replayed), (Timestamp(start), 1, 1));
    }

    /// They are told where the commands are that placed them, and leave with them.
    #[test]
    fn orders_are_counted_beside_what_was_executed() {
        let mut pulse = Pulse::default();
        for (second, is_order) in [(0, true), (1, false), (61, true), (62, true)] {
            let at = Timestamp(second * 1_000);
            pulse.note(at, Outcome::Executed, Duration::from_millis(1));
            if is_order {
                pulse.note_order(at);
            }
        }
        for (now, wanted) in [(62, vec![(2, 1), (2, 2)]), (3_599, vec![(2, 1), (2, 2)]), (3_600, vec![(2, 2)])] {
            let beats = pulse.minutes(Timestamp(now * 1_000)).into_iter();
            let told: Vec<_> = beats.map(|beat| (beat.executed, beat.orders)).filter(|told| *told != (0, 0)).collect();
            assert_eq!(told, wanted, "after {now} s");
        }
        assert_eq!(pulse.late(Timestamp(70_000)).0.orders, 2);
    }

    #[test]
    fn of_late_is_what_is_over() {
        let mut pulse = Pulse::default();
        for second in [0, 9, 10, 29, 30, 39] {
            pulse.note(Timestamp(second * 1_000), Outcome::Executed, Duration::from_millis(1));
        }
        for (now, wanted) in [(29, 3), (30, 4), (39, 4), (40, 4), (70, 0)] {
            assert_eq!(pulse.late(Timestamp(now * 1_000)).0.executed, wanted, "after {now} s");
        }
        assert_eq!(pulse.late(Timestamp(0)).1.to_string(), "30");
    }

    /// A step is a quarter wide: so far off it may be, and never too low.
    #[test]
    fn times_are_told_within_a_quarter() {
        for took_us in [100_u32, 150, 1_000, 4_321, 250_000, 9_000_000] {
            let mut pulse = Pulse::default();
            pulse.note(Timestamp(0), Outcome::Executed, Duration::from_micros(took_us.into()));
            let told = pulse.minutes(Timestamp(0)).last().and_then(|beat| beat.p99_ms).expect("one answer") * 1_000.0;
            let took = f64::from(took_us);
            assert!(told >= took - 0.5 && told <= took * 1.2501, "{took_us} told as {told}");
        }
        assert_eq!(Pulse::default().late(Timestamp(0)).0.p50_ms, None);
    }

    #[test]
    fn half_and_all_but_one_in_a_hundred() {
        let mut pulse = Pulse::default();
        for number in 0..200 {
            let took = if number < 197 { 1 } else { 1_000 };
            pulse.note(Timestamp(0), Outcome::Executed, Duration::from_millis(took));
        }
        let minutes = pulse.minutes(Timestamp(0));
        let last = minutes.last().expect("an hour");
        assert!(last.p50_ms.is_some_and(|ms| ms < 1.3) && last.p99_ms.is_some_and(|ms| ms >= 1_000.0), "{last:?}");
    }
}
