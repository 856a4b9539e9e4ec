//! Owns switching accounts with providers on and off.

use crate::channel::{Account, Refusal, Standing};
use crate::{Change, Command, Outcome, Reply, State, SwitchChannel};

/// What is so already stays as it is.
pub(super) fn switch(state: &State, command: &Command, wanted: SwitchChannel) -> Result<Outcome, crate::Refusal> {
    let before = state.standing(command.tenant, wanted.account).ok_or(Refusal::NotFound(wanted.account))?;
    if before.account.is_enabled == wanted.is_enabled {
        return Ok(Outcome::accepted(Reply::Channel(before.account.clone()), Vec::new()));
    }
    let account = Account { is_enabled: wanted.is_enabled, ..before.account.clone() };
    let now = Standing { account: account.clone(), version: before.version + 1, changed_at: command.at };
    Ok(Outcome::accepted(Reply::Channel(account), vec![Change::ChannelSwitched(now)]))
}

#[cfg(test)]
mod tests {
    use super::super::tests::command_of;
    use super::*;
    use crate::channel::{Conditions, Kind};
    use crate::{Action, ChannelAccountId, TenantId, Timestamp, decide};

    #[test]
    fn an_account_is_switched_once() {
        let (tenant, id) = (TenantId(1), ChannelAccountId::new(1));
        let (name, conditions) = ("till".to_owned(), Conditions::default());
        let account = Account { tenant, id, kind: Kind::Sandbox, name, is_enabled: true, conditions };
        let mut state = State::default();
        state.put_account(account.clone());
        state.put_standing(Standing { account, version: 1, changed_at: Timestamp(1) });
        for (account, is_enabled, version) in [(1, true, 1), (1, false, 2), (1, false, 2), (1, true, 3), (2, true, 3)] {
            let wanted = SwitchChannel { account: ChannelAccountId::new(account), is_enabled };
            match decide(&state, &command_of(Action::SwitchChannel(wanted))) {
                Outcome::Refused(refusal) => assert_eq!((refusal.code(), account), ("not_found", 2)),
                Outcome::Accepted(accepted) => accepted.changes.iter().for_each(|change| state.apply(change)),
            }
            assert_eq!(state.standing(tenant, id).map(|standing| standing.version), Some(version));
            let used = state.account(tenant, id).map(|account| account.is_enabled);
            assert_eq!(used, Some(if account == 1 { is_enabled } else { true }), "who pays in the same batch sees it");
        }
    }
}
