//! Owns what nodes tell each other about sessions, and listening to it.

use coord::bus::{Bus, Heard};
use domain::{PrincipalId, SessionId, TenantId};

use crate::People;

/// What has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// One session.
    Session(SessionId),
    /// A person, so all of their sessions.
    Person(TenantId, PrincipalId),
    /// A tenant, so everybody's sessions in it.
    Tenant(TenantId),
    /// Nobody knows: something was missed, or a newer version spoke.
    Unknown,
}

impl News {
    pub(crate) fn message(&self) -> Vec<u8> {
        match self {
            Self::Session(id) => format!("session {id}"),
            Self::Person(tenant, principal) => format!("person {} {}", tenant.0, principal.0),
            Self::Tenant(tenant) => format!("tenant {}", tenant.0),
            Self::Unknown => "unknown".to_owned(),
        }
        .into_bytes()
    }

    pub(crate) fn read(message: &[u8]) -> Self {
        let text = std::str::from_utf8(message).unwrap_or_default();
        let words: Vec<&str> = text.split(' ').collect();
        let read = match words[..] {
            ["session", id] => id.parse().ok().map(Self::Session),
            ["person", tenant, principal] => tenant
                .parse()
                .ok()
                .zip(principal.parse().ok())
                .map(|(tenant, principal)| Self::Person(TenantId(tenant), PrincipalId(principal))),
            ["tenant", tenant] => tenant.parse().ok().map(|tenant| Self::Tenant(TenantId(tenant))),
            _ => None,
        };
        read.unwrap_or(Self::Unknown)
    }
}

/// Hears the other nodes for as long as the people are there.
pub(crate) fn listen(people: &People, bus: &dyn Bus) {
    let mut subscription = bus.subscribe();
    let people = std::sync::Arc::downgrade(&people.0);
    tokio::spawn(async move {
        while let Some(heard) = subscription.next().await {
            let Some(people) = people.upgrade() else { return };
            let news = match heard {
                Heard::Message(message) => News::read(&message),
                Heard::Gap => News::Unknown,
            };
            people.authorities.forget(&news);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_understood() {
        let all = [
            News::Session(SessionId::new(7)),
            News::Person(TenantId(1), PrincipalId(2)),
            News::Tenant(TenantId(3)),
            News::Unknown,
        ];
        for news in all {
            assert_eq!(News::read(&news.message()), news);
        }
        for odd in ["", "session", "session x", "person 1", "tenant x", "weather fine", "session ses_1 2"] {
            assert_eq!(News::read(odd.as_bytes()), News::Unknown, "{odd}: then everything is forgotten");
        }
    }
}
