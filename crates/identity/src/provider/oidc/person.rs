//! Owns how claims become somebody: which are taken from the token, which from what is told beside it. It does not know how
//! they were verified.

use openidconnect::{AdditionalClaims, EndUserEmail, EndUserName, LocalizedClaim};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::exchange::Told;
use super::verify::TokenClaims;
use crate::provider::{Claims, Refused};

/// Claims that the library does not know, groups among them.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Extra {
    #[serde(flatten)]
    claims: Map<String, Value>,
}

impl AdditionalClaims for Extra {}

/// What a verified token says, and what is told beside it where the token does not say it.
pub(super) fn claims(token: &TokenClaims, told: Option<&Told>, groups: &str) -> Result<Claims, Refused> {
    let login = token.preferred_username().or(told.and_then(Told::preferred_username));
    let name = plain(token.name()).or(told.and_then(|told| plain(told.name())));
    let email = vouched(token.email(), token.email_verified())
        .or(told.and_then(|told| vouched(told.email(), told.email_verified())));
    let in_token = listed(token.additional_claims(), groups)?;
    let groups = match (in_token, told) {
        (Some(groups), _) => groups,
        (None, Some(told)) => listed(told.additional_claims(), groups)?.unwrap_or_default(),
        (None, None) => Vec::new(),
    };
    Ok(Claims {
        subject: token.subject().to_string(),
        login: login.map(|login| login.to_string()).unwrap_or_default(),
        name: name.unwrap_or_default(),
        email,
        groups,
    })
}

/// The name that is in no language in particular.
fn plain(name: Option<&LocalizedClaim<EndUserName>>) -> Option<String> {
    name.and_then(|name| name.get(None)).map(|name| name.to_string())
}

/// An address that nobody looked at may be anybody's: it is as if there were none.
fn vouched(email: Option<&EndUserEmail>, is_verified: Option<bool>) -> Option<String> {
    email.filter(|_| is_verified == Some(true)).map(|email| email.to_string())
}

/// The groups, if the claim is there: a list of texts, or one text.
fn listed(extra: &Extra, pointer: &str) -> Result<Option<Vec<String>>, Refused> {
    let unfit = || Refused::invalid("its groups are no list of texts");
    let mut steps = pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~"));
    let first = steps.next().and_then(|step| extra.claims.get(&step));
    let claim = steps.try_fold(first, |value, step| value.map(|value| value.get(&step)));
    match claim.flatten() {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(group)) => Ok(Some(vec![group.clone()])),
        Some(Value::Array(groups)) => {
            let text = |group: &Value| group.as_str().map(str::to_owned).ok_or_else(unfit);
            groups.iter().map(text).collect::<Result<_, _>>().map(Some)
        }
        Some(_) => Err(unfit()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn groups_stand_where_the_setting_says() {
        let extra: Extra = serde_json::from_value(json!({
            "groups": ["staff", "night shift"],
            "role": "desk",
            "realm_access": { "roles": ["a"] },
            "https://example.test/groups": ["b"],
            "count": 3,
            "mixed": ["a", 1],
            "nothing": null,
        }))
        .unwrap();
        for (pointer, expected) in [
            ("/groups", Some(&["staff", "night shift"][..])),
            ("/role", Some(&["desk"])),
            ("/realm_access/roles", Some(&["a"])),
            ("/https:~1~1example.test~1groups", Some(&["b"])),
            ("/nothing", None),
            ("/groups/roles", None),
            ("/realm_access/other", None),
            ("/", None),
        ] {
            let expected = expected.map(|groups| groups.iter().map(|group| (*group).to_owned()).collect::<Vec<_>>());
            assert_eq!(listed(&extra, pointer).unwrap(), expected, "{pointer}");
        }
        for unfit in ["/count", "/mixed", "/realm_access"] {
            assert!(matches!(listed(&extra, unfit), Err(Refused::Invalid(_))), "{unfit}");
        }
    }
}
