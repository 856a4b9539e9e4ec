//! Owns issuing and revoking API keys.

use crate::access::Role;
use crate::api_key::{ApiKey, Name, Refusal};
use crate::{Change, Command, IssueApiKey, Outcome, Reply, State};

pub(super) fn issue(command: &Command, wanted: &IssueApiKey) -> Result<Outcome, crate::Refusal> {
    if !Role::KEYS.contains(&wanted.role) {
        return Err(Refusal::RoleUnfit(wanted.role).into());
    }
    let key = ApiKey {
        tenant: command.tenant,
        name: Name::Id(wanted.id),
        principal: wanted.principal,
        account: wanted.account.clone(),
        role: wanted.role,
        shown_prefix: wanted.shown_prefix.clone(),
        created_at: command.at,
        revoked_at: None,
    };
    let changes = vec![Change::ApiKeyIssued(key.clone(), wanted.secret_hash)];
    Ok(Outcome::accepted(Reply::ApiKey { key, created: true }, changes))
}

/// A key that is revoked already stays as it is.
pub(super) fn revoke(state: &State, command: &Command, name: Name) -> Result<Outcome, crate::Refusal> {
    let key = state.api_key(command.tenant, name).ok_or(Refusal::NotFound(name))?.clone();
    if key.revoked_at.is_some() {
        return Ok(Outcome::accepted(Reply::ApiKey { key, created: false }, Vec::new()));
    }
    let key = ApiKey { revoked_at: Some(command.at), ..key };
    let changes = vec![Change::ApiKeyRevoked(key.clone())];
    Ok(Outcome::accepted(Reply::ApiKey { key, created: false }, changes))
}

#[cfg(test)]
mod tests {
    use super::super::tests::command_of;
    use super::*;
    use crate::api_key::{SecretHash, shown_prefix};
    use crate::text::AccountName;
    use crate::{Action, ApiKeyId, PrincipalId, TenantId, Timestamp, decide};

    fn issue(id: u128, role: Role) -> Action {
        Action::IssueApiKey(IssueApiKey {
            id: ApiKeyId::new(id),
            principal: PrincipalId(9),
            account: AccountName::from_stored("checkout"),
            role,
            shown_prefix: shown_prefix("mk_0123456789"),
            secret_hash: SecretHash([7; 32]),
        })
    }

    #[test]
    fn which_roles_a_key_may_have() {
        for role in Role::ALL {
            match decide(&State::default(), &command_of(issue(1, role))) {
                Outcome::Accepted(accepted) => {
                    assert!(Role::KEYS.contains(&role));
                    assert!(matches!(&accepted.reply, Reply::ApiKey { key, created: true } if key.role == role));
                }
                Outcome::Refused(refusal) => {
                    assert_eq!((refusal.code(), Role::KEYS.contains(&role)), ("role_unfit", false), "{role:?}");
                }
            }
        }
    }

    #[test]
    fn a_key_is_revoked_once() {
        let mut state = State::default();
        let (mine, old) = (Name::Id(ApiKeyId::new(1)), Name::Number(4));
        let Outcome::Accepted(issued) = decide(&state, &command_of(issue(1, Role::Service))) else { panic!("refused") };
        issued.changes.iter().for_each(|change| state.apply(change));
        let Some(key) = state.api_key(TenantId(1), mine).cloned() else { panic!("it is not there") };
        state.put_api_key(ApiKey { name: old, ..key.clone() });
        state.put_api_key(ApiKey { name: Name::Number(5), tenant: TenantId(2), ..key });
        // Which, when; what is said, and since when it is revoked then.
        let table = [
            (mine, 20, Ok(20)),
            (mine, 30, Ok(20)),
            (old, 40, Ok(40)),
            (Name::Number(5), 50, Err("not_found")),
            (Name::Id(ApiKeyId::new(2)), 50, Err("not_found")),
        ];
        for (name, at, wanted) in table {
            let command = Command { at: Timestamp(at), ..command_of(Action::RevokeApiKey(name)) };
            let told = match decide(&state, &command) {
                Outcome::Refused(refusal) => Err(refusal.code()),
                Outcome::Accepted(accepted) => {
                    accepted.changes.iter().for_each(|change| state.apply(change));
                    let Reply::ApiKey { key, created: false } = accepted.reply else { panic!("another reply") };
                    assert_eq!(state.api_key(TenantId(1), name), Some(&key));
                    Ok(key.revoked_at.map_or(0, |at| at.0))
                }
            };
            assert_eq!(told, wanted, "{name} at {at}");
        }
    }
}
