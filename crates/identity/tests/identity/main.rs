//! Logs in at real login providers, those that `cargo xtask services up` tells of, and at some of the tests' own that lie.

mod harness;
mod ldap_broken;
mod ldap_logins;
mod ldap_ways;
mod oidc_answers;
mod oidc_logins;
mod oidc_tokens;
