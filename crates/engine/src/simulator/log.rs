//! Owns the clients' own memory: every request they sent, each time it was sent, and what they heard.

use std::collections::BTreeMap;
use std::sync::Arc;

use idempotency::CommandId;

use super::wish::Wish;
use crate::{Answered, Refused, Scope, Waiting};

/// A request on its way, once.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    pub(super) wish: Arc<Wish>,
    /// None: nobody listened to the end.
    pub(super) heard: Option<Heard>,
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
        self.arrivals.push(Arrival { wish: wish.clone(), heard: None });
        self.arrivals.len() as u64
    }

    pub(super) fn hear(&mut self, arrival: u64, heard: Heard) {
        if let Some(found) = usize::try_from(arrival - 1).ok().and_then(|at| self.arrivals.get_mut(at)) {
            found.heard = Some(heard);
        }
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

    /// The wishes that were sent under each key.
    pub(super) fn by_scope(&self) -> BTreeMap<Scope, Vec<(CommandId, &Arrival)>> {
        let mut scopes: BTreeMap<Scope, Vec<(CommandId, &Arrival)>> = BTreeMap::new();
        for (id, arrival) in self.iter() {
            scopes.entry(arrival.wish.scope()).or_default().push((id, arrival));
        }
        scopes
    }
}

impl Wish {
    pub(super) fn scope(&self) -> Scope {
        Scope { tenant: self.tenant, principal: self.principal, key: self.key.clone() }
    }
}

impl Heard {
    /// True if it ends the matter for the client.
    pub(super) const fn is_final(&self) -> bool {
        matches!(self, Self::Answered(Answered::Executed(_) | Answered::Replayed(_) | Answered::KeyReused))
    }
}
