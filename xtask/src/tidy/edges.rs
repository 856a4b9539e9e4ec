//! Owns the table of allowed edges between crates. It stands here and nowhere else.

use super::Finding;
use super::repository::{Kind, Repository};

/// Each crate and the crates it may depend on. All of them stand above it, so there is no circle.
const EDGES: &[(&str, &[&str])] = &[
    ("idempotency", &[]),
    ("coord", &[]),
    ("conform", &[]),
    ("ports", &[]),
    ("outbound", &[]),
    ("identity", &["outbound"]),
    ("domain", &["idempotency"]),
    ("channels", &["outbound", "domain"]),
    ("psp-sim", &[]),
    ("engine", &["domain", "idempotency"]),
    ("store", &["coord", "engine", "domain", "idempotency"]),
    ("relay", &["store", "engine", "channels", "domain", "idempotency"]),
    ("people", &["store", "coord", "identity", "domain"]),
    ("api", &["people", "coord", "relay", "store", "engine", "channels", "domain", "idempotency"]),
    ("console", &["api", "domain"]),
    (
        "app",
        &[
            "console",
            "api",
            "people",
            "identity",
            "conform",
            "coord",
            "relay",
            "store",
            "engine",
            "channels",
            "psp-sim",
            "domain",
            "idempotency",
        ],
    ),
    // What a user of the toolkit writes: it has the toolkit, and nothing else of ours.
    ("shop", &["idempotency"]),
    // For the simulator.
    ("xtask", &["engine", "domain", "idempotency", "ports"]),
];

/// Edges that only tests may have: from, to, why.
const TEST_EDGES: &[(&str, &str, &str)] = &[
    ("idempotency", "conform", "the layer is asked on each store what any holder of a key is asked"),
    ("shop", "conform", "the example keeps what it promises"),
    ("conform", "ports", "a server that a test starts keeps its address"),
    ("coord", "ports", "a server that a test starts keeps its address"),
    ("idempotency", "ports", "a server that a test starts keeps its address"),
    ("shop", "ports", "a server that a test starts keeps its address"),
    ("app", "ports", "a server that a test starts keeps its address"),
];

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let ours = |name: &str| repository.crates.iter().any(|it| it.name == name);
    let mut findings = Vec::new();
    for it in &repository.crates {
        let Some((_, allowed)) = EDGES.iter().find(|(name, _)| *name == it.name) else {
            findings.push(Finding::error(&it.name, "is not in the table of allowed edges"));
            continue;
        };
        for dependency in it.dependencies.iter().filter(|dependency| ours(&dependency.name)) {
            let to = dependency.name.as_str();
            let in_tests = dependency.kind == Some(Kind::Dev)
                && TEST_EDGES.iter().any(|(from, other, _)| *from == it.name && *other == to);
            if !allowed.contains(&to) && !in_tests {
                let text = format!("may not depend on `{to}`; it may on: {}", allowed.join(", "));
                findings.push(Finding::error(&it.name, text));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_no_circle() {
        for (at, (name, allowed)) in EDGES.iter().enumerate() {
            for to in *allowed {
                assert!(EDGES[..at].iter().any(|(above, _)| above == to), "{name} -> {to} points up");
            }
        }
    }

    #[test]
    fn an_edge_that_points_up_is_found() {
        for kind in [None, Some(Kind::Build), Some(Kind::Dev)] {
            let repository = Repository::default()
                .with_crate("domain", &[("idempotency", None), ("engine", kind), ("thiserror", None)])
                .with_crate("engine", &[("domain", None)]);
            assert_eq!(check(&repository).len(), 1, "{kind:?}");
        }
    }

    #[test]
    fn a_crate_that_nobody_placed_is_found() {
        assert_eq!(check(&Repository::default().with_crate("helpers", &[])).len(), 1);
    }
}
