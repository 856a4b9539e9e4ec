//! Owns the comparison of a key's past with a request. Every path to a replay goes through [`admit`].

use crate::{CommandId, Fingerprint, Fingerprints};

/// What is known of the request that used a key, or another unique name, before.
#[derive(Clone, Copy, Debug)]
pub struct Prior<'a> {
    /// The arrival that was executed, where it is still known.
    pub command: Option<CommandId>,
    /// What it asked for.
    pub fingerprint: &'a Fingerprint,
}

/// What a key's past means for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// The key is new: decide.
    Fresh,
    /// This very arrival was executed before, its commit's reply was lost: give the stored answer as its own.
    Executed,
    /// The same request was executed before: give the stored answer again.
    Replay,
    /// Another request used the key: refuse, and tell nothing of the other.
    KeyReused,
}

/// Compares a key's past with a request. The only place where that is done.
pub fn admit(prior: Option<Prior<'_>>, command: CommandId, fingerprints: &Fingerprints) -> Admission {
    match prior {
        None => Admission::Fresh,
        Some(prior) if !fingerprints.matches(prior.fingerprint) => Admission::KeyReused,
        Some(prior) if prior.command == Some(command) => Admission::Executed,
        Some(_) => Admission::Replay,
    }
}

#[cfg(test)]
mod tests {
    use super::{Admission, Prior, admit};
    use crate::{CommandId, Fingerprint, Fingerprints};

    const fn print(version: u8, fill: u8) -> Fingerprint {
        Fingerprint { version, digest: [fill; 32] }
    }

    fn check(stored: Option<(u128, Fingerprint)>, now: (u128, Fingerprints), expected: Admission) {
        let prior = stored.as_ref().map(|(id, print)| Prior { command: Some(CommandId(*id)), fingerprint: print });
        assert_eq!(admit(prior, CommandId(now.0), &now.1), expected, "{stored:?} then {now:?}");
    }

    #[test]
    fn the_table_of_admission() {
        let only = |current| Fingerprints { current, earlier: None };
        let dual = Fingerprints { current: print(2, 9), earlier: Some(print(1, 1)) };
        check(None, (1, only(print(1, 1))), Admission::Fresh);
        check(Some((1, print(1, 1))), (1, only(print(1, 1))), Admission::Executed);
        check(Some((1, print(1, 1))), (2, only(print(1, 1))), Admission::Replay);
        check(Some((1, print(1, 1))), (2, only(print(1, 2))), Admission::KeyReused);
        // a record of the recipe before is recognised, and is never executed again if it is not.
        check(Some((1, print(1, 1))), (2, dual), Admission::Replay);
        check(Some((1, print(1, 7))), (2, dual), Admission::KeyReused);
        check(Some((1, print(9, 1))), (2, dual), Admission::KeyReused);
    }
}
