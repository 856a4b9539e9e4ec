//! Owns how the lanes' thread stands with the operating system's scheduler.

/// As `nice` counts: 0 is everybody, -20 the first. Three times the weight of everybody: with nine times (-10), two nodes
/// on one machine took the processor from the database.
#[cfg(target_os = "linux")]
const NICE: i32 = -5;

/// Lets the calling thread run before others. All orders wait for the lanes, which are awake for some hundred
/// microseconds many times a batch; each time they would stand in line behind threads that serve one request each. Where
/// the system does not let this user do so, everything works as well, only later when the processors are busy.
#[cfg(target_os = "linux")]
pub(crate) fn run_first() {
    use rustix::process::{getpriority_process, setpriority_process};

    // On Linux a thread has a priority of its own, and 0 is the one that asks: setpriority(2), "C library/kernel
    // differences". An operator's even better one stays.
    if getpriority_process(None).is_ok_and(|nice| nice <= NICE) {
        return;
    }
    match setpriority_process(None, NICE) {
        Ok(()) => tracing::info!(nice = NICE, "batches run before other threads"),
        Err(error) => tracing::info!(%error, "batches do not run before other threads, which OPERATIONS.md advises"),
    }
}

/// Elsewhere a priority is the whole process's.
#[cfg(not(target_os = "linux"))]
pub(crate) const fn run_first() {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::process::{getpriority_process, setpriority_process};

    use super::*;

    /// What this user may do, the thread does, and no other thread is touched.
    #[test]
    fn only_the_thread_that_asks_runs_first() {
        let before = getpriority_process(None).expect("a thread has a priority");
        let (may, found) = std::thread::spawn(|| {
            run_first();
            let found = getpriority_process(None).expect("a thread has a priority");
            (setpriority_process(None, NICE).is_ok(), found)
        })
        .join()
        .expect("the thread ends");
        assert_eq!(found, if may { NICE.min(before) } else { before });
        assert_eq!(getpriority_process(None), Ok(before), "this thread is as it was");
    }
}
