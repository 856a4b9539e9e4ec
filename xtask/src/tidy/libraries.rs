//! Owns which crate may name which library: each trade has one house.

use super::Finding;
use super::repository::{Crate, Kind, Repository};

/// A library (and those whose names go on with `-`), the crates that may name it, why.
const OWNERS: &[(&str, &[&str], &str)] = &[
    ("sea-orm", &["store", "idempotency", "shop"], "only `store`, and the keys of a service not ours, know SQL"),
    ("sea-query", &["store"], "only `store` knows SQL"),
    ("sqlx", &["store", "idempotency", "shop"], "only `store`, and the keys of a service not ours, know SQL"),
    ("rusqlite", &["store"], "only `store` knows SQL"),
    ("libsqlite3-sys", &["store"], "only `store` knows SQL"),
    (
        "axum",
        &["api", "app", "console", "psp-sim", "idempotency", "shop"],
        "`api` answers HTTP; `console` answers browsers, and asks `api`; `app` gives the metrics a door of their own; `psp-sim` is another server; `idempotency` has a \
         layer for services that are not ours",
    ),
    (
        "tower",
        &["api", "console", "idempotency"],
        "`api` answers HTTP; `console` asks it inside the process; `idempotency` has a layer",
    ),
    ("maud", &["console"], "only `console` makes pages"),
    ("utoipa", &["api"], "only `api` describes HTTP"),
    (
        "http",
        &["api", "app", "console", "psp-sim", "conform", "idempotency"],
        "`api` answers HTTP; `console` answers browsers; `app` and `conform` are clients; `psp-sim` is another server; `idempotency` has a layer",
    ),
    (
        "hyper",
        &["api", "app", "psp-sim"],
        "`api` answers HTTP; `app` is a client in replay, demo and bench; `psp-sim` is another server",
    ),
    ("rsa", &["psp-sim"], "only the simulator makes keys"),
    (
        "reqwest",
        &["outbound", "conform", "psp-sim", "shop"],
        "`outbound` calls whom others name, and asks the providers for those who know them; `conform` asks any service; \
         `psp-sim` calls merchants back; `shop` asks a provider",
    ),
    ("redis", &["coord", "idempotency"], "only `coord`, and the keys of a service not ours, know Redis"),
    ("ring", &["channels", "identity", "psp-sim"], "signatures of providers, on both sides, and of access tokens"),
    ("argon2", &["identity"], "only `identity` knows passwords"),
    ("jsonwebtoken", &["identity"], "only `identity` reads and writes access tokens"),
    ("totp-rs", &["identity"], "only `identity` knows second factors"),
    ("ldap3", &["identity"], "only `identity` asks login providers"),
    ("openidconnect", &["identity"], "only `identity` asks login providers"),
    ("figment", &["app"], "only `app` reads configuration"),
    ("clap", &["app", "xtask"], "only the binaries have a command line"),
    ("anyhow", &["app", "xtask"], "a library's errors say what its caller can do about them"),
    ("tracing-subscriber", &["app", "shop"], "only the programs decide where the log goes"),
    ("metrics-exporter", &["api", "app"], "the others only count"),
];

/// Crates that are pure, and all they may depend on outside of tests, but for what comes with a feature.
const PURE: &[(&str, &[&str])] =
    &[("idempotency", &["bytes", "hmac", "sha2", "thiserror"]), ("domain", &["idempotency", "sha2", "thiserror"])];

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    repository.crates.iter().flat_map(|it| foreign(it).chain(impure(it))).collect()
}

fn foreign(it: &Crate) -> impl Iterator<Item = Finding> {
    it.dependencies.iter().filter_map(|dependency| {
        let name = dependency.name.as_str();
        let (_, owners, why) = OWNERS.iter().find(|(library, _, _)| names(library, name))?;
        // Tests may put things together as they need, but never with a second way to SQL.
        let in_tests = dependency.kind == Some(Kind::Dev) && !why.ends_with("know SQL") && !why.ends_with("knows SQL");
        let allowed = in_tests || owners.contains(&it.name.as_str());
        (!allowed).then(|| Finding::error(&it.name, format!("may not depend on `{name}`: {why}")))
    })
}

fn impure(it: &Crate) -> impl Iterator<Item = Finding> {
    let allowed = PURE.iter().find(|(name, _)| *name == it.name).map(|(_, allowed)| *allowed);
    let outside_tests =
        it.dependencies.iter().filter(|dependency| dependency.kind != Some(Kind::Dev) && !dependency.optional);
    outside_tests.filter_map(move |dependency| {
        let name = dependency.name.as_str();
        let breaks = allowed.is_some_and(|allowed| !allowed.contains(&name));
        breaks.then(|| Finding::error(&it.name, format!("is pure and may not depend on `{name}`")))
    })
}

fn names(library: &str, dependency: &str) -> bool {
    dependency.strip_prefix(library).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(name: &str, dependency: &str, kind: Option<Kind>) -> usize {
        check(&Repository::default().with_crate(name, &[(dependency, kind)])).len()
    }

    #[test]
    fn a_library_in_a_foreign_house_is_found() {
        assert_eq!(count("api", "sqlx", None), 1);
        assert_eq!(count("api", "sea-orm-migration", Some(Kind::Dev)), 1);
        assert_eq!(count("engine", "hyper-util", None), 1);
        assert_eq!(count("store", "sqlx", None), 0);
        assert_eq!(count("api", "anyhow", Some(Kind::Dev)), 0);
        assert_eq!(count("engine", "httparse", None), 0);
    }

    #[test]
    fn a_pure_crate_that_learns_of_the_world_is_found() {
        assert_eq!(count("domain", "tokio", None), 1);
        assert_eq!(count("idempotency", "serde", None), 1);
        assert_eq!(count("domain", "proptest", Some(Kind::Dev)), 0);
        assert_eq!(count("engine", "tokio", None), 0);
    }
}
