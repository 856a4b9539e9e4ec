//! Owns the rows of API keys that are issued and revoked.

use domain::Change;
use domain::api_key::Name;

use super::Batch;
use crate::set::{Rows, Write, bytes, number, row, text};

static ISSUED: Write = Write::insert(
    "api_keys",
    &[
        number("tenant_id"),
        number("principal_id"),
        text("shown_prefix"),
        bytes("secret_hash"),
        text("role"),
        number("created_at"),
        text("public_id"),
    ],
);

static REVOKED: Write =
    Write::update("api_keys", &[number("tenant_id"), text("public_id")], &[number("revoked_at")], &[]);

static REVOKED_BY_NUMBER: Write =
    Write::update("api_keys", &[number("tenant_id"), number("id")], &[number("revoked_at")], &[]);

pub(super) fn take<'a>(batch: &mut Batch<'a>, change: &'a Change) {
    match change {
        Change::ApiKeyIssued(key, hash) => batch.api_keys.push((key, hash)),
        Change::ApiKeyRevoked(key) => batch.api_keys_revoked.push(key),
        _ => {}
    }
}

/// Each is revoked once, and by nobody else meanwhile: its row is locked where it is loaded.
pub(super) fn rows(batch: &Batch<'_>) -> [Rows; 3] {
    let (mut issued, mut revoked, mut numbered) = (Rows::of(&ISSUED), Rows::of(&REVOKED), Rows::of(&REVOKED_BY_NUMBER));
    for (key, hash) in &batch.api_keys {
        issued.add(row![
            key.tenant.0,
            key.principal.0,
            key.shown_prefix.as_str(),
            &hash.0[..],
            key.role.name(),
            key.created_at.0,
            key.name.to_string(),
        ]);
    }
    for key in &batch.api_keys_revoked {
        let at = key.revoked_at.map(|at| at.0);
        match key.name {
            Name::Id(id) => revoked.add(row![key.tenant.0, id.to_string(), at]),
            Name::Number(number) => numbered.add(row![key.tenant.0, number, at]),
        }
    }
    [issued, revoked, numbered]
}
