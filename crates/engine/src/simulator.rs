//! Owns the simulator: from one seed a whole life of clients, processes and faults, in virtual time, and the
//! judgement on what they were told.
//!
//! A run has three parts: everybody does what they do while the storage fails as the seed has it; then nothing fails
//! any more, and every request is sent once again until it is answered; then the tables and the clients' logs are
//! audited. Nothing in it depends on the machine, so the same seed gives the same run.

mod audit;
mod client;
mod gate;
mod log;
mod node;
mod passes;
mod plan;
mod planted;
mod render;
mod report;
mod talk;
mod trace;
mod wish;
mod world;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use client::Client;
use node::Node;
use talk::Talk;
use world::World;

pub use planted::Planted;
pub use report::{Failure, Report, Summary};
pub use trace::Goal;

/// No run lasts so long: who is not done by then waits for something that never comes.
const RUN_MAX: Duration = Duration::from_hours(1);
/// How long a process lives before everything has settled: late commits have landed, dead processes are back.
const SETTLE: Duration = Duration::from_secs(5);
/// How long, and how often, a request is sent when nothing fails.
const HEALED_PATIENCE: Duration = Duration::from_secs(30);
const HEALED_TRIES: u32 = 100;

/// What a run is to do.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// True: the seed's faults come.
    pub faults: bool,
    /// The process dies here, and nothing else fails.
    pub crash_point: Option<CrashPoint>,
    /// A bug that must be found.
    pub planted: Option<Planted>,
}

impl Default for Options {
    fn default() -> Self {
        Self { faults: true, crash_point: None, planted: None }
    }
}

/// A call to the storage at which the process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrashPoint {
    /// Which call, from 0.
    pub call: usize,
    /// True: behind it. False: before it.
    pub behind: bool,
}

/// Runs one seed.
pub fn run(seed: u64, options: Options) -> Result<Report, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|error| Failure::new(seed, options, format!("no runtime: {error}")))?;
    runtime.block_on(async {
        let world = Arc::new(World::new(seed, options));
        let ended = tokio::time::timeout(RUN_MAX, life(&world)).await;
        match ended.unwrap_or_else(|_| Err("something never comes to an end".to_owned())) {
            Ok(()) => Ok(Report::of(&world)),
            Err(violated) => Err(Failure::new(seed, options, violated).with_trace_of(&world)),
        }
    })
}

/// Runs so many seeds, from `first_seed` on; with `crash_points`, also each seed's life without faults, once for
/// each call to the storage, dying before and behind it.
pub fn main_loop(first_seed: u64, count: u64, crash_points: bool) -> Result<Summary, Failure> {
    let mut summary = Summary::default();
    for seed in first_seed..first_seed.saturating_add(count) {
        summary.add(&run(seed, Options::default())?);
        if crash_points {
            self::crash_points(seed, &mut summary)?;
        }
    }
    Ok(summary)
}

/// One life without faults, then the same life again for each of its calls to the storage, dying there.
fn crash_points(seed: u64, summary: &mut Summary) -> Result<(), Failure> {
    let calm = run(seed, Options { faults: false, ..Options::default() })?;
    summary.add(&calm);
    for call in 0..calm.storage_calls {
        for behind in [false, true] {
            let crash_point = Some(CrashPoint { call, behind });
            summary.add(&run(seed, Options { crash_point, ..Options::default() })?);
        }
    }
    Ok(())
}

async fn life(world: &Arc<World>) -> Result<(), String> {
    let nodes: Arc<[Arc<Node>]> = (0..world.plan.nodes).map(|number| Arc::new(Node::new(world, number))).collect();
    let lives: Vec<_> = nodes.iter().map(|node| tokio::spawn(node.clone().live())).collect();
    let talk = Arc::new(Mutex::new(Talk::default()));
    let clients: Vec<_> =
        (0..world.plan.clients).map(|number| tokio::spawn(Client::new(world, &nodes, &talk, number).live())).collect();
    for client in clients {
        client.await.map_err(|error| format!("a client broke: {error}"))?;
    }
    world.heal();
    tokio::time::sleep(SETTLE).await;
    ask_again(world, &nodes).await?;
    for (node, life) in nodes.iter().zip(lives) {
        node.end();
        life.await.map_err(|error| format!("a node broke: {error}"))??;
    }
    let tables = world.memory.tables();
    world.book().goals.extend(audit::reached(&tables));
    audit::audit(&tables, &world.book().log)
}

/// Sends every request once more: its key tells what became of it, or it is done now.
async fn ask_again(world: &Arc<World>, nodes: &Arc<[Arc<Node>]>) -> Result<(), String> {
    let wishes = world.book().log.wishes();
    let asked: Vec<_> = wishes
        .into_iter()
        .enumerate()
        .map(|(at, wish)| {
            let node = nodes[at % nodes.len()].clone();
            tokio::spawn(async move {
                for _ in 0..HEALED_TRIES {
                    if node.send(&wish, HEALED_PATIENCE).await.is_final() {
                        return Ok(());
                    }
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Err(format!("nothing fails, but this gets no answer: {wish:?}"))
            })
        })
        .collect();
    for answered in asked {
        answered.await.map_err(|error| format!("a client broke: {error}"))??;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
