//! Owns the processor time of this process: the client's, and the server's where the command brought its own.

use std::fs;

/// Linux counts processor time for programs in hundredths of a second, whatever the kernel's own clock does.
const TICKS_PER_SECOND: f64 = 100.0;
/// Places of utime and stime behind the name in `/proc/self/stat`, which may hold blanks itself.
const USER: usize = 11;
const SYSTEM: usize = 12;

/// Seconds of processor time so far; none where the system does not tell.
pub fn seconds() -> Option<f64> {
    parse(&fs::read_to_string("/proc/self/stat").ok()?)
}

fn parse(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = fields.split(' ').collect();
    let ticks = |place: usize| fields.get(place)?.parse::<f64>().ok();
    Some((ticks(USER)? + ticks(SYSTEM)?) / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_name_may_hold_anything() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194304 250 0 0 0 123 77 0 0 20 0 3 0 5000 1 2";
        assert_eq!(parse(stat), Some(2.0));
        assert_eq!(parse("7 (a"), None);
    }
}
