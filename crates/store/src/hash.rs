//! Owns the short name under which a key is found: 16 bytes instead of an account and up to 300 characters.

use std::collections::BTreeMap;

use domain::OrderNo;
use engine::Scope;
use idempotency::CommandId;
use sha2::{Digest as _, Sha256};

/// How long a hash is.
pub(crate) const LENGTH: usize = 16;

/// The first half of SHA-256 over the account's number and the key's characters. Frozen: it stands in databases.
/// Two keys that share it would take about 2⁶⁴ hashes to find; the second of them would be refused, not confused,
/// since the account and the key stand beside it and are compared.
pub(crate) fn of(scope: &Scope) -> [u8; LENGTH] {
    let mut hasher = Sha256::new();
    hasher.update(scope.principal.0.to_be_bytes());
    hasher.update(scope.key.as_str());
    let digest = hasher.finalize();
    std::array::from_fn(|at| digest[at])
}

/// The keys among these under which a row stands without its answer, each with its order.
pub(crate) type Kept = BTreeMap<Scope, OrderNo>;

/// The order that an arrival made, by the arrival.
pub(crate) type Made = BTreeMap<CommandId, OrderNo>;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::{PrincipalId, TenantId};
    use idempotency::Key;

    use super::*;

    fn scope(principal: i64, key: &str) -> Scope {
        Scope { tenant: TenantId(1), principal: PrincipalId(principal), key: Key::from_stored(key) }
    }

    #[test]
    fn a_hash_is_as_it_always_was() {
        let hex = |bytes: [u8; LENGTH]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        assert_eq!(hex(of(&scope(2, "k"))), "073869ccdf2583ecbf10cad302e73f8d");
    }

    #[test]
    fn accounts_and_keys_do_not_run_into_each_other() {
        let hashes: BTreeSet<_> =
            [scope(1, "k"), scope(2, "k"), scope(1, "K"), scope(1, "k "), scope(1, "")].iter().map(of).collect();
        assert_eq!(hashes.len(), 5);
    }
}
