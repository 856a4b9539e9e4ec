//! Owns the clients' own memory: every request they sent, each time it was sent, and what they heard.

use std::sync::Arc;

use domain::{Command, Timestamp};
use idempotency::CommandId;

use super::wish::Wish;
use crate::{Answered, Refused, Scope, Waiting};

/// A request on its way, once.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    pub(super) wish: Arc<Wish>,
    /// What it became; nothing where nobody was there to take it.
    pub(super) sent: Option<Sent>,
    /// None: nobody listened to the end.
    pub(super) heard: Option<Heard>,
}

/// What an arrival became.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    /// When.
    pub(super) at: Timestamp,
    /// Every name that its answer may be kept under; its key is the first.
    pub(super) names: Vec<Scope>,
}

/// What a client heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Answered(Answered),
    /// The client, or the server for it, stopped waiting.
    Waiting(Waiting),
    Refused(Refused),
    /// It is another request's turn: nothing was begun.
    TooFrequent,
    /// The connection broke.
    Lost,
    /// There was no connection.
    Down,
}

/// All arrivals, by their number, which is also their command's id. It begins at 1.
#[derive(Debug, Default)]
pub(super) struct Log {
    arrivals: Vec<Arrival>,
}

impl Log {
    pub(super) fn arrive(&mut self, wish: &Arc<Wish>) -> u64 {
        self.arrivals.push(Arrival { wish: wish.clone(), sent: None, heard: None });
        self.arrivals.len() as u64
    }

    pub(super) fn send(&mut self, command: &Command) {
        let names = Scope::all_of(command).collect();
        if let Some(found) = self.of(command.id) {
            found.sent = Some(Sent { at: command.at, names });
        }
    }

    pub(super) fn hear(&mut self, arrival: u64, heard: Heard) {
        if let Some(found) = self.of(CommandId(arrival.into())) {
            found.heard = Some(heard);
        }
    }

    fn of(&mut self, id: CommandId) -> Option<&mut Arrival> {
        self.arrivals.get_mut(usize::try_from(id.0).ok()?.checked_sub(1)?)
    }

    pub(super) fn len(&self) -> usize {
        self.arrivals.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (CommandId, &Arrival)> {
        (1..).map(CommandId).zip(&self.arrivals)
    }

    pub(super) fn get(&self, id: CommandId) -> Option<&Arrival> {
        self.arrivals.get(usize::try_from(id.0).ok()?.checked_sub(1)?)
    }

    /// Each wish once, in the order in which they were first sent.
    pub(super) fn wishes(&self) -> Vec<Arc<Wish>> {
        let mut seen = std::collections::BTreeSet::new();
        let first = |wish: &&Arc<Wish>| seen.insert(Arc::as_ptr(wish));
        self.arrivals.iter().map(|arrival| &arrival.wish).filter(first).cloned().collect()
    }
}

impl Arrival {
    /// Its own key, and the names beside it; of what became nothing there are none.
    pub(super) fn names(&self) -> Option<(&Scope, &[Scope])> {
        self.sent.as_ref()?.names.split_first()
    }
}

impl Heard {
    /// True if it ends the matter for the client.
    pub(super) const fn is_final(&self) -> bool {
        matches!(self, Self::Answered(Answered::Executed(_) | Answered::Replayed(_) | Answered::KeyReused))
    }
}
