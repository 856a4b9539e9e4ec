//! Owns everything that can be hurt in one run, and how each fault is brought about and healed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::database::Database;
use super::disk::Disk;
use super::fleet::{Fleet, Place, Ready};
use super::plan::{Fault, Step, Target};
use super::provider::Provider;
use super::proxy::{Proxy, Weather};
use crate::services::Alone;
use crate::shell::Command;

const DELAY: Duration = Duration::from_millis(40);
const LATE: Duration = Duration::from_millis(700);
const BYTES_PER_SECOND: u32 = 40_000;

/// Servers, ways, database and disk. What is above is dropped first.
pub(super) struct Scene {
    pub(super) fleet: Fleet,
    pub(super) provider: Provider,
    pub(super) proxies: Vec<Proxy>,
    alone: Option<Alone>,
    disk: Disk,
    /// How often each fault was brought about.
    pub(super) injected: BTreeMap<Fault, u32>,
    /// What happened that nobody ordered.
    pub(super) surprises: Vec<String>,
}

impl Scene {
    /// Starts all of it; logs go to the folder.
    pub(super) fn start(database: Database, binary: &Path, folder: &Path, disk_mb: u64) -> Result<Self> {
        let disk = Disk::mount(disk_mb)?;
        if !disk.is_own() {
            println!("no disk of its own can be mounted here: the disk does not become full in this run");
        }
        let alone = match database.service() {
            Some(kind) => Some(Alone::start(kind, disk.folder(), &folder.join("database.log"))?),
            None => None,
        };
        let (mut proxies, mut places) = (Vec::new(), Vec::new());
        for node in 0..database.nodes() {
            let data = if alone.is_some() { folder } else { disk.folder() }.join(format!("data-{node}"));
            fs::create_dir_all(&data).with_context(|| format!("making {}", data.display()))?;
            let mut place = Place { data, database_url: None };
            if let Some(alone) = &alone {
                let proxy = Proxy::start(alone.address()).context("starting a proxy")?;
                place.database_url = Some(alone.url(proxy.port()));
                proxies.push(proxy);
            }
            places.push(place);
        }
        let fleet = Fleet::start(binary, folder, places)?;
        let provider = Provider::start(binary, folder)?;
        let (injected, surprises) = (BTreeMap::new(), Vec::new());
        let scene = Self { fleet, provider, proxies, alone, disk, injected, surprises };
        scene.open_account(binary, folder)?;
        Ok(scene)
    }

    /// An account at the provider. Who pays before the servers have seen it is told to come again.
    fn open_account(&self, binary: &Path, folder: &Path) -> Result<()> {
        let (flag, value) = self.database_flag();
        let command = Command::of(binary).words("channel add sandbox --settings").path(&self.provider.settings());
        command.words(flag).text(&value).bare().run_in(folder).context("opening an account at the payment provider")
    }

    /// For people.
    pub(super) fn title(&self) -> String {
        let database = self.alone.as_ref().map_or_else(|| "SQLite, embedded".to_owned(), Alone::title);
        let servers = self.fleet.addresses().len();
        format!("{database}, {servers} server{}", if servers == 1 { "" } else { "s" })
    }

    /// Whether this fault can be brought about here.
    pub(super) const fn can(&self, fault: Fault) -> bool {
        self.disk.is_own() || !matches!(fault, Fault::DiskFull)
    }

    /// What the command line of the server takes to find this database, past all proxies.
    pub(super) fn database_flag(&self) -> (&'static str, String) {
        match &self.alone {
            Some(alone) => ("--database-url", alone.url(alone.address().port())),
            None => ("--data", self.disk.folder().join("data-0").display().to_string()),
        }
    }

    /// Brings a fault about.
    pub(super) fn begin(&mut self, step: &Step) -> Result<()> {
        *self.injected.entry(step.fault).or_default() += 1;
        let nodes = self.nodes(step.target);
        match step.fault {
            Fault::Killed => nodes.iter().for_each(|&node| self.fleet.kill(node)),
            Fault::Stopped => nodes.iter().try_for_each(|&node| self.fleet.stop(node))?,
            Fault::Frozen => nodes.iter().for_each(|&node| self.fleet.freeze(node, true)),
            Fault::DiskFull => self.disk.fill()?,
            Fault::Cut => nodes.iter().for_each(|&node| self.proxies[node].cut()),
            Fault::DatabaseKilled => self.alone.iter_mut().for_each(Alone::kill),
            Fault::BackendsTerminated => {}
            Fault::ProviderKilled => self.provider.kill(),
            fault => self.set(&nodes, weather(fault)),
        }
        Ok(())
    }

    /// Called again and again while a fault lasts.
    pub(super) fn go_on(&mut self, step: &Step) {
        match step.fault {
            Fault::BackendsTerminated => {
                // While the database starts it refuses, which is as good.
                let _ended = self.alone.as_ref().map(Alone::terminate_backends);
            }
            Fault::Cut => self.nodes(step.target).iter().for_each(|&node| self.proxies[node].cut()),
            _ => {}
        }
    }

    /// Heals one fault; what follows from it may take longer.
    pub(super) fn end(&mut self, step: &Step) -> Result<()> {
        let nodes = self.nodes(step.target);
        match step.fault {
            Fault::Killed | Fault::Stopped => nodes.iter().try_for_each(|&node| self.fleet.run(node))?,
            Fault::Frozen => nodes.iter().for_each(|&node| self.fleet.freeze(node, false)),
            Fault::DatabaseKilled => self.alone.iter_mut().try_for_each(Alone::start_again)?,
            Fault::ProviderKilled => self.provider.run()?,
            Fault::DiskFull => {
                self.disk.free();
                // It may have ended over this, and an operator starts it again.
                self.alone.iter_mut().try_for_each(Alone::start_again)?;
                self.restart_stopped()?;
            }
            _ => self.set(&nodes, Weather::Clear),
        }
        Ok(())
    }

    /// Looks for what ended though nobody ended it, and starts it again.
    pub(super) fn watch(&mut self, is_disk_full: bool) -> Result<()> {
        self.surprises.extend(self.fleet.fallen()?);
        if self.provider.has_fallen() {
            self.surprises.push("the payment provider ended by itself".to_owned());
            self.provider.run()?;
        }
        if let Some(alone) = &mut self.alone
            && !is_disk_full
            && !alone.runs()
        {
            self.surprises.push("the database ended by itself".to_owned());
            alone.start_again()?;
        }
        Ok(())
    }

    /// An operator starts servers again that say that they have stopped.
    pub(super) fn restart_stopped(&mut self) -> Result<()> {
        for node in 0..self.fleet.addresses().len() {
            if self.fleet.ready(node) == Ready::Stopped {
                self.fleet.stop(node)?;
                self.fleet.run(node)?;
            }
        }
        Ok(())
    }

    fn set(&self, nodes: &[usize], weather: Weather) {
        nodes.iter().filter_map(|&node| self.proxies.get(node)).for_each(|proxy| proxy.set(weather));
    }

    fn nodes(&self, target: Target) -> Vec<usize> {
        match target {
            Target::Node(node) => vec![node],
            Target::All => (0..self.fleet.addresses().len()).collect(),
            Target::Database | Target::Provider => Vec::new(),
        }
    }
}

const fn weather(fault: Fault) -> Weather {
    match fault {
        Fault::Delayed => Weather::Delayed(DELAY),
        Fault::Throttled => Weather::Throttled(BYTES_PER_SECOND),
        Fault::Refused => Weather::Refused,
        Fault::Silenced => Weather::Silent,
        Fault::CommitCut => Weather::CommitCut,
        Fault::ReplyDropped => Weather::ReplyDropped,
        Fault::CommitLate => Weather::CommitLate(LATE),
        _ => Weather::Clear,
    }
}
