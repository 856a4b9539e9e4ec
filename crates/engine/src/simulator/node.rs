//! Owns the life of a simulated process: it runs an engine over the shared tables, dies, is closed, comes again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::Command;
use idempotency::CommandId;
use rand::RngExt as _;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::gate::Asked;
use super::log::Heard;
use super::plan::actor;
use super::planted::{RiggedExecute, RiggedStorage};
use super::trace::Goal;
use super::wish::Wish;
use super::world::{Dice, World};
use crate::memory::Faulty;
use crate::{Engine, Refused, Scope, Standing};

/// How long a process may take to end, once it is closed and nothing fails any more.
const END_MAX: Duration = Duration::from_secs(30);

pub(super) struct Node {
    world: Arc<World>,
    number: usize,
    engine: Mutex<Option<Engine>>,
    /// Notified when the process dies: every connection breaks. Not a watch channel, which wakes in random order.
    death: Notify,
    over: Notify,
}

enum End {
    Died,
    Ended,
    Drain,
    Over,
}

impl Node {
    pub(super) fn new(world: &Arc<World>, number: usize) -> Self {
        let (engine, death, over) = (Mutex::default(), Notify::new(), Notify::new());
        Self { world: world.clone(), number, engine, death, over }
    }

    /// Sends a request and waits so long for what comes of it.
    pub(super) async fn send(&self, wish: &Arc<Wish>, patience: Duration) -> Heard {
        let arrival = self.world.arrive(wish, self.number);
        let heard = self.submit(wish, arrival, patience).await;
        self.world.hear(arrival, heard.clone());
        heard
    }

    async fn submit(&self, wish: &Wish, arrival: u64, patience: Duration) -> Heard {
        let Some(engine) = self.engine() else { return Heard::Down };
        let death = self.death.notified();
        tokio::select! {
            biased;
            () = death => Heard::Lost,
            heard = self.at_the_gate(&engine, wish, (arrival, patience)) => heard,
        }
    }

    /// A member's orders come one at a time. Who dies in its turn gives nothing back.
    async fn at_the_gate(&self, engine: &Engine, wish: &Wish, (arrival, patience): (u64, Duration)) -> Heard {
        let world = &self.world;
        let command = wish.command(arrival, world.now());
        world.book().log.send(&command);
        let Some(member) = wish.member().filter(|_| world.plan.turn_ms > 0) else {
            return work(engine, command, patience).await;
        };
        let names: Vec<_> = Scope::all_of(&command).collect();
        let asked = world.gate.ask(world, member, arrival).await;
        let is_known = names.iter().any(|name| world.memory.tables().records.contains_key(name));
        match asked {
            Asked::Held if is_known || names.iter().any(|name| engine.is_in_flight(name)) => {
                world.met(Goal::LetThrough);
            }
            Asked::Held => return Heard::TooFrequent,
            Asked::Granted if !is_known => {
                world.book().first_of_turn.insert(CommandId(arrival.into()));
            }
            Asked::Granted | Asked::Away => {}
        }
        let heard = work(engine, command, patience).await;
        if asked == Asked::Granted {
            world.gate.release(world, member, arrival);
        }
        heard
    }

    /// Runs one process after the other, until [`Node::end`].
    pub(super) async fn live(self: Arc<Self>) -> Result<(), String> {
        let mut rng = actor(self.world.seed, 2_000 + self.number as u64);
        for life in 0.. {
            let crashed = Arc::new(Notify::new());
            let storage =
                Faulty::new(self.world.memory.clone(), Dice::new(&self.world, self.number, life), crashed.clone());
            let storage = RiggedStorage::new(storage, self.world.options.planted);
            let execute = RiggedExecute::new(&self.world);
            let (engine, mut task) = Engine::start(storage, execute, self.world.plan.engine);
            self.world.trace(format_args!("node {} starts", self.number));
            self.set_engine(Some(engine.clone()));
            match self.watch(&crashed, &mut task).await {
                End::Over => return self.close(&engine, task).await,
                End::Drain => {
                    engine.close();
                    tokio::select! {
                        biased;
                        () = crashed.notified() => self.die(&task),
                        _ = &mut task => self.world.met(Goal::Drained),
                    }
                }
                End::Died => self.die(&task),
                End::Ended => self.expect_stopped(&engine)?,
            }
            self.set_engine(None);
            let pause = Duration::from_millis(rng.random_range(1..400));
            tokio::time::sleep(pause).await;
        }
        Ok(())
    }

    /// Asks the process to end in order.
    pub(super) fn end(&self) {
        self.over.notify_one();
    }

    async fn watch(&self, crashed: &Notify, task: &mut JoinHandle<()>) -> End {
        let drain_after = self.world.plan.drain_after.filter(|_| !self.world.is_healed());
        let drain = async {
            match drain_after {
                Some(pause) => tokio::time::sleep(pause).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = crashed.notified() => End::Died,
            _ = task => End::Ended,
            () = self.over.notified() => End::Over,
            () = drain => End::Drain,
        }
    }

    /// The process is gone with its queue: nobody hears from it again.
    fn die(&self, task: &JoinHandle<()>) {
        self.world.trace(format_args!("node {} dies", self.number));
        self.death.notify_waiters();
        task.abort();
    }

    /// An engine ends by itself only where its storage failed for good.
    fn expect_stopped(&self, engine: &Engine) -> Result<(), String> {
        self.world.trace(format_args!("node {} stopped", self.number));
        match engine.standing() {
            Standing::Stopped => Ok(()),
            standing => Err(format!("the engine of node {} ended while it was {standing:?}", self.number)),
        }
    }

    /// Nothing fails any more: the engine says so, has nothing left, and ends.
    async fn close(&self, engine: &Engine, task: JoinHandle<()>) -> Result<(), String> {
        let (standing, waiting) = (engine.standing(), engine.waiting());
        if standing != Standing::Ready || waiting > 0 {
            return Err(format!("node {} is healed, but {standing:?} with {waiting} waiting", self.number));
        }
        engine.close();
        match tokio::time::timeout(END_MAX, task).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(format!("the engine of node {} broke: {error}", self.number)),
            Err(_) => Err(format!("the engine of node {} does not end", self.number)),
        }
    }

    fn engine(&self) -> Option<Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_engine(&self, engine: Option<Engine>) {
        *self.engine.lock().unwrap_or_else(PoisonError::into_inner) = engine;
    }
}

async fn work(engine: &Engine, command: Command, patience: Duration) -> Heard {
    match engine.submit(command) {
        Ok(ticket) => ticket.wait(patience).await.map_or_else(Heard::Waiting, Heard::Answered),
        Err(refused) => Heard::Refused(refused),
    }
}

impl Heard {
    /// True if the server said, or the client knows, that this arrival was not applied.
    pub(super) const fn says_not_applied(&self) -> bool {
        use crate::{Answered, Failure};
        matches!(
            self,
            Self::Refused(Refused::Full | Refused::Closed | Refused::Stopped)
                | Self::TooFrequent
                | Self::Down
                | Self::Answered(Answered::Failed(Failure::Busy | Failure::Broken | Failure::Stopped))
        )
    }
}
