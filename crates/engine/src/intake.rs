//! Owns the queue in front of the lanes: bounded, fair between tenants, and aware of which keys are in flight.

use std::collections::{HashMap, VecDeque};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::{Command, TenantId};
use thiserror::Error;
use tokio::sync::{Notify, oneshot};

use crate::answer::{Answered, Failure, Ticket};
use crate::{Options, Scope};

/// So many commands are worth a commit of their own, however many more wait.
const SHARE_MIN: usize = 16;

/// Why a command is not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// Too many of this tenant's commands wait.
    #[error("too many commands wait")]
    Full,
    /// The server is shutting down.
    #[error("the server is shutting down")]
    Closed,
    /// The storage failed for good.
    #[error("the storage failed; the server writes no more until it is restarted")]
    Stopped,
}

/// How the engine stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Commands are taken and committed.
    Ready,
    /// Commands are taken, but the storage does not answer as it should; the last batch is being tried again.
    Struggling,
    /// The server is shutting down.
    Closed,
    /// The storage failed for good.
    Stopped,
}

/// A command with the way to its caller.
pub(crate) struct Entry {
    pub(crate) command: Command,
    pub(crate) reply: oneshot::Sender<Answered>,
}

pub(crate) struct Intake {
    options: Options,
    queues: Mutex<Queues>,
    wake: Notify,
}

#[derive(Default)]
struct Queues {
    /// Commands waiting, by tenant. Looked up, never iterated.
    tenants: HashMap<TenantId, VecDeque<Entry>>,
    /// Tenants with commands waiting, in the order in which they are served.
    ring: VecDeque<TenantId>,
    waiting: usize,
    /// How many commands each lane's latest batch had.
    taken: Vec<usize>,
    /// The same of its latest that had any.
    latest: Vec<usize>,
    /// How many arrivals of each key, and of each name beside one, are taken in and not answered.
    in_flight: HashMap<Scope, usize>,
    closed: Option<Refused>,
    /// True from when a batch does not get through until one does, in whichever lane.
    struggling: bool,
}

impl Intake {
    pub(crate) fn new(options: Options) -> Self {
        let lanes = options.lanes.max(1);
        let queues = Queues { taken: vec![0; lanes], latest: vec![0; lanes], ..Queues::default() };
        Self { options, queues: Mutex::new(queues), wake: Notify::new() }
    }

    pub(crate) fn submit(self: &Arc<Self>, command: Command) -> Result<Ticket, Refused> {
        let (reply, receiver) = oneshot::channel();
        let names: Vec<Scope> = Scope::all_of(&command).collect();
        let mut queues = self.lock();
        if let Some(refused) = queues.closed {
            return Err(refused);
        }
        queues.push(Entry { command, reply }, self.options.queue_commands_max)?;
        let mut ahead = names.into_iter().map(|name| queues.enter(name));
        // Its own key comes first.
        let duplicate = ahead.next().is_some_and(|ahead| ahead > 0);
        ahead.for_each(drop);
        drop(queues);
        self.wake.notify_one();
        Ok(Ticket { receiver, duplicate, intake: self.clone() })
    }

    /// Waits for commands and takes what is there, up to a batch's bounds, for a lane. `None`: closed, and nothing is
    /// left.
    pub(crate) async fn take(&self, lane: usize) -> Option<Vec<Entry>> {
        loop {
            let mut notified = pin!(self.wake.notified());
            // From here on a word that nothing follows is heard.
            notified.as_mut().enable();
            {
                let mut queues = self.lock();
                let batch = queues.take(&self.options, lane);
                if !batch.is_empty() {
                    if queues.waiting > 0 {
                        // Another lane may be idle, and its word was for this one.
                        self.wake.notify_one();
                    }
                    return Some(batch);
                }
                if queues.closed.is_some() {
                    return None;
                }
            }
            notified.await;
        }
    }

    /// Answers commands, whose keys are then no longer in flight.
    pub(crate) fn answer(&self, answers: Vec<(Entry, Answered)>) {
        {
            let mut queues = self.lock();
            for (entry, _) in &answers {
                Scope::all_of(&entry.command).for_each(|name| queues.land(&name));
            }
        }
        for (entry, answered) in answers {
            // A caller that went away loses only its answer; the key will give it again.
            let _gone = entry.reply.send(answered);
        }
    }

    /// Takes no more commands. What stopped before stays stopped.
    pub(crate) fn close(&self, reason: Refused) {
        self.lock().closed.get_or_insert(reason);
        self.wake.notify_waiters();
    }

    /// Takes no more commands and fails those that wait: they were not applied.
    pub(crate) fn stop(&self) {
        let left = {
            let mut queues = self.lock();
            queues.closed = Some(Refused::Stopped);
            queues.take_all()
        };
        self.answer(left.into_iter().map(|entry| (entry, Answered::Failed(Failure::Stopped))).collect());
        self.wake.notify_waiters();
    }

    /// For a lane that ends. If it did not end in order, by a panic or an abort, nobody would ever be answered.
    pub(crate) fn abandon(&self) {
        let in_order = {
            let queues = self.lock();
            queues.closed.is_some() && queues.waiting == 0
        };
        if !in_order {
            self.stop();
        }
    }

    pub(crate) fn set_struggling(&self, struggling: bool) {
        self.lock().struggling = struggling;
    }

    pub(crate) fn standing(&self) -> Standing {
        let queues = self.lock();
        match queues.closed {
            Some(Refused::Stopped) => Standing::Stopped,
            Some(_) => Standing::Closed,
            None if queues.struggling => Standing::Struggling,
            None => Standing::Ready,
        }
    }

    pub(crate) fn is_in_flight(&self, scope: &Scope) -> bool {
        self.lock().in_flight.contains_key(scope)
    }

    pub(crate) fn waiting(&self) -> usize {
        self.lock().waiting
    }

    pub(crate) fn latest_batches(&self) -> Vec<usize> {
        self.lock().latest.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Queues> {
        // No code that can panic runs under the lock.
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queues {
    /// A tenant may have its share of the queue waiting: all of it while it is alone, half of it beside one other.
    /// A flood that came first cannot keep a newcomer out, and the whole stays bounded.
    fn push(&mut self, entry: Entry, capacity: usize) -> Result<(), Refused> {
        let tenant = entry.command.tenant;
        let active = self.ring.len() + usize::from(!self.tenants.contains_key(&tenant));
        let queue = self.tenants.entry(tenant).or_default();
        if queue.len() >= (capacity / active).max(1) {
            return Err(Refused::Full);
        }
        if queue.is_empty() {
            self.ring.push_back(tenant);
        }
        queue.push_back(entry);
        self.waiting += 1;
        Ok(())
    }

    /// One command of each waiting tenant in turn, until a bound is reached.
    fn take(&mut self, options: &Options, lane: usize) -> Vec<Entry> {
        let commands_max = self.share().min(options.batch_commands_max);
        let mut batch = Vec::with_capacity(self.waiting.min(commands_max));
        let (mut rows, mut bytes) = (0, 0);
        while batch.len() < commands_max {
            let Some(&tenant) = self.ring.front() else { break };
            let Some(next) = self.tenants.get(&tenant).and_then(VecDeque::front) else { break };
            rows += next.command.action.rows();
            // Each further name takes the answer once more.
            bytes += next.command.action.bytes() * (1 + next.command.aliases.len());
            let full = rows > options.batch_rows_max || bytes > options.batch_bytes_max;
            if full && !batch.is_empty() {
                break;
            }
            batch.extend(self.pop());
        }
        self.taken[lane] = batch.len();
        if !batch.is_empty() {
            self.latest[lane] = batch.len();
        }
        batch
    }

    /// Half of a crowd: of those that wait and those that were just answered and will be back. While one half is
    /// committed the other sends and reads; taken all at once, disk and callers would idle in turns. With several lanes,
    /// one share for each and one for the callers.
    fn share(&self) -> usize {
        let crowd = self.waiting + self.taken.iter().sum::<usize>();
        crowd.div_ceil(self.taken.len() + 1).max(SHARE_MIN)
    }

    fn take_all(&mut self) -> Vec<Entry> {
        std::iter::from_fn(|| self.pop()).collect()
    }

    /// The next command of the tenant whose turn it is; the turn goes on to the next tenant.
    fn pop(&mut self) -> Option<Entry> {
        let tenant = self.ring.pop_front()?;
        let queue = self.tenants.get_mut(&tenant)?;
        let entry = queue.pop_front();
        if queue.is_empty() {
            self.tenants.remove(&tenant);
        } else {
            self.ring.push_back(tenant);
        }
        self.waiting -= 1;
        entry
    }

    /// Takes a name in; how many arrivals were there under it.
    fn enter(&mut self, name: Scope) -> usize {
        let count = self.in_flight.entry(name).or_default();
        *count += 1;
        *count - 1
    }

    fn land(&mut self, scope: &Scope) {
        if let Some(count) = self.in_flight.get_mut(scope) {
            *count -= 1;
            if *count == 0 {
                self.in_flight.remove(scope);
            }
        }
    }
}

#[cfg(test)]
mod tests;
