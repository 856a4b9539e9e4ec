//! Owns the threads that compute hashes, and the queue before them. They are few, their memory is bounded, and they run
//! behind the others: two hundred log-ins at once must not take the processors from orders (ASVS 2.4.1).

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use argon2::Block;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::Password;
use super::hash::Recipe;

/// As `nice` counts, on top of what the process has: a third of the weight of everybody.
#[cfg(target_os = "linux")]
const NICE: i32 = 5;

/// The longest rest. Where the machine is busy a hash takes longer than its work, and the queue must go on.
const REST_MAX: Duration = Duration::from_millis(50);

/// One hash to compute. Who waits for it holds the other end of `reply`; if that is gone, nobody does.
pub(super) struct Job {
    pub(super) password: Password,
    pub(super) recipe: Recipe,
    pub(super) reply: oneshot::Sender<Zeroizing<Vec<u8>>>,
}

pub(super) struct Pool {
    queue: Arc<Queue>,
    threads: Vec<JoinHandle<()>>,
}

impl Pool {
    /// Starts the threads. `blocks_kept` is how many blocks of memory a thread keeps from one hash to the next.
    pub(super) fn open(threads: usize, queue_max: usize, blocks_kept: usize) -> io::Result<Self> {
        let mut pool = Self { queue: Arc::new(Queue::new(queue_max)), threads: Vec::new() };
        for number in 1..=threads {
            let queue = Arc::clone(&pool.queue);
            let thread = Builder::new().name(format!("password-{number}"));
            pool.threads.push(thread.spawn(move || {
                run_last();
                work(&queue, blocks_kept);
            })?);
        }
        Ok(pool)
    }

    /// Puts a job into the queue, or gives it back: the queue is full, or closed.
    pub(super) fn submit(&self, job: Job) -> Result<(), Job> {
        self.queue.put(job)
    }

    /// How many threads there are.
    pub(super) fn threads(&self) -> usize {
        self.threads.len()
    }

    /// How many jobs wait.
    pub(super) fn waiting(&self) -> usize {
        self.queue.lock().jobs.len()
    }

    /// Takes no more jobs, and lets go of those that have not begun.
    pub(super) fn close(&self) {
        self.queue.close();
    }
}

impl Drop for Pool {
    /// Waits for the hashes that have begun, which is some ten milliseconds.
    fn drop(&mut self) {
        self.close();
        for thread in self.threads.drain(..) {
            // A thread that panicked has nothing left to end.
            let _ = thread.join();
        }
    }
}

struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    closing: Condvar,
    max: usize,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    closed: bool,
}

impl Queue {
    fn new(max: usize) -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), closing: Condvar::new(), max }
    }

    fn put(&self, job: Job) -> Result<(), Job> {
        let mut state = self.lock();
        if state.jobs.len() >= self.max {
            // Who went away takes no place from who came.
            state.jobs.retain(|job| !job.reply.is_closed());
        }
        if state.closed || state.jobs.len() >= self.max {
            return Err(job);
        }
        state.jobs.push_back(job);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// The next job that somebody waits for; `None` when the queue is closed.
    fn take(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            match state.jobs.pop_front() {
                Some(job) if job.reply.is_closed() => {}
                Some(job) => return Some(job),
                None => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// The next job, for a thread that has worked so long. While others wait it rests for as long: a priority holds among
    /// the threads of this process only where the system shares the processors out by session or container, and a database
    /// beside it would lose what log-ins take.
    fn take_after(&self, worked: Duration) -> Option<Job> {
        let state = self.lock();
        if state.jobs.is_empty() {
            drop(state);
        } else {
            let rest = self.closing.wait_timeout_while(state, worked.min(REST_MAX), |state| !state.closed);
            drop(rest.unwrap_or_else(PoisonError::into_inner));
        }
        self.take()
    }

    fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let jobs = std::mem::take(&mut state.jobs);
        drop(state);
        self.changed.notify_all();
        self.closing.notify_all();
        drop(jobs);
    }

    /// The state is whole at any time, so that a panic elsewhere leaves nothing half done.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::disallowed_methods, reason = "a thread rests for as long as it worked")]
fn work(queue: &Queue, blocks_kept: usize) {
    let (mut blocks, mut worked) = (Vec::new(), Duration::ZERO);
    while let Some(Job { password, recipe, reply }) = queue.take_after(worked) {
        let began_at = Instant::now();
        // If nobody waits any more, the work is lost.
        let _ = reply.send(recipe.compute(&password, &mut blocks));
        give_back(&mut blocks, blocks_kept);
        worked = began_at.elapsed();
    }
}

/// A stored hash may take more memory than today's; its rest is not kept.
fn give_back(blocks: &mut Vec<Block>, kept: usize) {
    if blocks.len() > kept {
        blocks.truncate(kept);
        blocks.shrink_to_fit();
    }
}

/// Lets the calling thread run behind others. On Linux a thread has a priority of its own: setpriority(2), "C
/// library/kernel differences". Anybody may be modest; if it fails all the same, hashes only take more of the processor.
#[cfg(target_os = "linux")]
fn run_last() {
    use rustix::process::{getpriority_process, setpriority_process};

    let lowered = getpriority_process(None).and_then(|nice| setpriority_process(None, (nice + NICE).min(19)));
    if let Err(error) = lowered {
        tracing::info!(%error, "password hashes do not run behind other threads");
    }
}

/// Elsewhere a priority is the whole process's.
#[cfg(not(target_os = "linux"))]
const fn run_last() {}

#[cfg(test)]
mod tests {
    use super::super::Cost;
    use super::*;

    fn job(typed: &str) -> (Job, oneshot::Receiver<Zeroizing<Vec<u8>>>) {
        let (reply, answer) = oneshot::channel();
        let password = Password::read(typed).unwrap();
        (Job { password, recipe: Recipe::new(Cost::new(8, 1).unwrap(), [1; 16]), reply }, answer)
    }

    fn typed(job: Option<Job>) -> Option<Vec<u8>> {
        job.map(|job| job.password.as_bytes().to_vec())
    }

    #[test]
    fn a_full_queue_takes_no_more() {
        let queue = Queue::new(2);
        let (jobs, _answers): (Vec<_>, Vec<_>) = ["first", "second", "third"].map(job).into_iter().unzip();
        let mut taken = jobs.into_iter().map(|job| queue.put(job).is_ok());
        assert_eq!([taken.next(), taken.next(), taken.next()], [Some(true), Some(true), Some(false)]);
        assert_eq!(typed(queue.take()).unwrap(), b"first");
        let (fourth, _answer) = job("fourth");
        assert!(queue.put(fourth).is_ok(), "there is a place again");
        assert_eq!(typed(queue.take()).unwrap(), b"second");
        assert_eq!(typed(queue.take()).unwrap(), b"fourth");
    }

    #[test]
    fn who_goes_away_cancels_a_job_that_has_not_begun() {
        let queue = Queue::new(2);
        let (first, gone) = job("first");
        let (second, _answer) = job("second");
        let (third, _stays) = job("third");
        assert!(queue.put(first).is_ok() && queue.put(second).is_ok());
        drop(gone);
        assert!(queue.put(third).is_ok(), "the place of who went away is free");
        assert_eq!(typed(queue.take()).unwrap(), b"second");

        let (fourth, gone) = job("fourth");
        assert!(queue.put(fourth).is_ok());
        drop(gone);
        assert_eq!(typed(queue.take()).unwrap(), b"third");
        let (fifth, _answer) = job("fifth");
        assert!(queue.put(fifth).is_ok());
        assert_eq!(typed(queue.take()).unwrap(), b"fifth", "the fourth is never begun");
    }

    #[test]
    fn closing_lets_go_of_what_has_not_begun_and_ends_the_threads() {
        let queue = Queue::new(2);
        let (first, mut answer) = job("first");
        assert!(queue.put(first).is_ok());
        queue.close();
        assert!(answer.try_recv().is_err() && queue.take().is_none());
        let (second, _answer) = job("second");
        assert!(queue.put(second).is_err());

        let pool = Pool::open(3, 8, 8).unwrap();
        let queue = Arc::downgrade(&pool.queue);
        drop(pool);
        assert!(queue.upgrade().is_none(), "no thread holds it any more");
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "how long it rests is what is asked")]
    fn a_thread_rests_while_others_wait_and_not_for_ever() {
        let queue = Queue::new(4);
        let (jobs, _answers): (Vec<_>, Vec<_>) = ["first", "second"].map(job).into_iter().unzip();
        for job in jobs {
            assert!(queue.put(job).is_ok());
        }
        let began_at = Instant::now();
        assert_eq!(typed(queue.take_after(Duration::ZERO)).unwrap(), b"first");
        assert_eq!(typed(queue.take_after(Duration::from_millis(20))).unwrap(), b"second");
        assert!(began_at.elapsed() >= Duration::from_millis(20), "it rested for as long as it worked");

        let (third, _answer) = job("third");
        assert!(queue.put(third).is_ok());
        let began_at = Instant::now();
        assert_eq!(typed(queue.take_after(Duration::from_hours(1))).unwrap(), b"third");
        assert!(began_at.elapsed() >= REST_MAX, "the longest rest");
    }

    #[test]
    fn what_an_expensive_hash_took_is_not_kept() {
        let mut blocks = vec![Block::new(); 100];
        give_back(&mut blocks, 100);
        assert_eq!(blocks.len(), 100);
        give_back(&mut blocks, 8);
        assert!(blocks.len() == 8 && blocks.capacity() < 100, "{}", blocks.capacity());
    }

    #[test]
    fn a_thread_computes_what_it_takes() {
        let queue = Queue::new(4);
        let (jobs, answers): (Vec<_>, Vec<_>) = ["one", "two"].map(job).into_iter().unzip();
        for job in jobs {
            assert!(queue.put(job).is_ok());
        }
        std::thread::scope(|scope| {
            scope.spawn(|| work(&queue, 8));
            let outputs = answers.into_iter().map(|answer| answer.blocking_recv().unwrap());
            let outputs: Vec<_> = outputs.collect();
            assert_ne!(outputs[0], outputs[1]);
            queue.close();
        });
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn only_the_thread_that_asks_runs_last() {
        use rustix::process::getpriority_process;

        let before = getpriority_process(None).unwrap();
        let found = std::thread::spawn(|| {
            run_last();
            getpriority_process(None).unwrap()
        });
        assert_eq!(found.join().unwrap(), (before + NICE).min(19));
        assert_eq!(getpriority_process(None), Ok(before), "this thread is as it was");
    }
}
