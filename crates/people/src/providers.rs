//! Owns logging in by somebody who knows people by themselves: a directory, or a provider that a browser is sent to. What they
//! say of somebody becomes a login and a role here; that there is such a person is written by a command.

use std::collections::BTreeMap;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::access::Role;
use domain::person::{Kind, Login, Status};
use domain::text::{PersonName, TenantName};
use domain::{Person, PersonId, TenantId, tenant};
use identity::provider::{Callback, Identity, Kept, PasswordProvider, RedirectProvider, Refused, Rules};
use identity::sealed::Key;
use serde::{Deserialize, Serialize};

use crate::login::{Arrival, LogIn, account};
use crate::sessions::LoggedIn;
use crate::{Denied, People};

/// How long somebody may take at a provider, in milliseconds.
const AWAY_MS: i64 = 10 * 60_000;
/// The longest name that is shown of somebody, in characters.
const NAME_MAX: usize = 100;
/// The longest subject that is shown as it is.
const SUBJECT_SHOWN_MAX: usize = 40;

/// Somebody who knows people by themselves.
pub struct Provider {
    /// What it is called here: part of the logins of its people.
    pub name: String,
    /// The tenant that it knows people of.
    pub tenant: String,
    /// Members, or staff.
    pub kind: Kind,
    /// The role of each group.
    pub rules: Rules,
    /// How it is asked.
    pub means: Means,
}

/// How a provider is asked.
pub enum Means {
    /// With login and password.
    Password(Box<dyn PasswordProvider>),
    /// By sending the browser there.
    Redirect(Box<dyn RedirectProvider>),
}

/// Somebody whom a provider knows, with what they are here.
#[derive(Clone, Debug)]
pub struct Introduced {
    /// Of which tenant.
    pub tenant: TenantId,
    /// Member or staff.
    pub kind: Kind,
    /// Theirs alone: the provider's name, a slash, and what the provider calls them by for ever.
    pub login: Login,
    /// What they are called.
    pub name: PersonName,
    /// What their groups give them here.
    pub role: Role,
    /// How they proved it.
    pub by: By,
}

/// How somebody proved to a provider who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// With a password that passed through here. A mark for the device that it was typed on.
    Password(String),
    /// By going there and back.
    Redirect,
}

/// Somebody who came back from a provider.
pub struct Back {
    /// Who.
    pub introduced: Introduced,
    /// The page of ours that they wanted.
    pub return_to: String,
    /// Whether a page of ours had sent them there: then they are who browsed here before.
    pub is_own: bool,
}

/// A browser that is sent away.
pub struct Away {
    /// Where to.
    pub url: String,
    /// What it keeps until it is back, for [`People::come_back`]: sealed.
    pub kept: String,
}

#[derive(Deserialize, Serialize)]
struct Sealed {
    kept: Kept,
    until_ms: i64,
    is_own: bool,
}

pub(crate) struct Providers {
    by_name: BTreeMap<String, Provider>,
    key: Key,
}

impl Providers {
    pub(crate) fn new(providers: Vec<Provider>, secret: &[u8; 32]) -> Self {
        let by_name = providers.into_iter().map(|provider| (provider.name.clone(), provider)).collect();
        Self { by_name, key: Key::derive(secret, "logins by redirection") }
    }

    fn get(&self, name: &str) -> Result<&Provider, Denied> {
        self.by_name.get(name).ok_or(Denied::NoProvider)
    }
}

/// A provider, as a page of log-ins names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Door {
    /// What it is called here.
    pub name: String,
    /// Whether the browser goes there; it is asked with login and password where not.
    pub is_away: bool,
}

impl People {
    /// The providers that know people of this kind, by name.
    pub fn doors(&self, kind: Kind) -> Vec<Door> {
        let of_kind = self.0.providers.by_name.values().filter(|provider| provider.kind == kind);
        let door = |provider: &Provider| Door {
            name: provider.name.clone(),
            is_away: matches!(provider.means, Means::Redirect(_)),
        };
        of_kind.map(door).collect()
    }

    /// Asks a provider whether login and password belong together. Tries are counted as others are.
    pub async fn ask_provider(&self, name: &str, wanted: &LogIn) -> Result<Introduced, Denied> {
        let inside = &self.0;
        let provider = inside.providers.get(name)?;
        let Means::Password(means) = &provider.means else { return Err(Denied::NoProvider) };
        let account = account(wanted, name);
        let device = wanted.device_mark.as_deref().and_then(|mark| inside.devices.name(&account, mark));
        inside.limits.log_in(&account, wanted.arrival.origin.address, device.as_deref()).await?;
        if (provider.tenant.as_str(), provider.kind) != (wanted.tenant.as_str(), wanted.kind) {
            return Err(Denied::Wrong);
        }
        let identity =
            means.authenticate(&wanted.login, &wanted.password).await.map_err(|refused| told(name, &refused))?;
        let mark = inside.devices.mark(&account, (inside.stamp.id)());
        self.introduced(provider, &identity, By::Password(mark)).await
    }

    /// Sends a browser to a provider. `is_own` tells whether a page of ours, or the person, had it go.
    pub async fn go_away(
        &self,
        name: &str,
        (return_to, is_own): (&str, bool),
        address: IpAddr,
    ) -> Result<Away, Denied> {
        let provider = self.0.providers.get(name)?;
        let Means::Redirect(means) = &provider.means else { return Err(Denied::NoProvider) };
        self.0.limits.stranger(address).await?;
        let begun = means.begin(return_to).await.map_err(|refused| told(name, &refused))?;
        let until_ms = (self.0.stamp.now)().0.saturating_add(AWAY_MS);
        let sealed = serde_json::to_vec(&Sealed { kept: begun.kept, until_ms, is_own });
        let sealed = sealed.map_err(|error| Denied::Broken(error.to_string()))?;
        Ok(Away { url: begun.url, kept: URL_SAFE_NO_PAD.encode(self.0.providers.key.seal(name, &sealed)) })
    }

    /// Looks at what a browser came back with.
    pub async fn come_back(&self, name: &str, kept: &str, callback: &Callback) -> Result<Back, Denied> {
        let provider = self.0.providers.get(name)?;
        let Means::Redirect(means) = &provider.means else { return Err(Denied::NoProvider) };
        let sealed = URL_SAFE_NO_PAD.decode(kept).ok().and_then(|sealed| self.0.providers.key.open(name, &sealed));
        let sealed = sealed.and_then(|bytes| serde_json::from_slice::<Sealed>(&bytes).ok()).ok_or(Denied::Wrong)?;
        if (self.0.stamp.now)().0 >= sealed.until_ms {
            return Err(Denied::Wrong);
        }
        let identity = means.finish(&sealed.kept, callback).await.map_err(|refused| told(name, &refused))?;
        let introduced = self.introduced(provider, &identity, By::Redirect).await?;
        Ok(Back { introduced, return_to: sealed.kept.return_to().to_owned(), is_own: sealed.is_own })
    }

    /// Opens a session for somebody whom a provider introduced, and who is a person here by now. Where they have a second
    /// factor here, its code is asked for with a password; who came back with a browser proves it in the session.
    pub async fn let_introduced_in(
        &self,
        (introduced, id): (Introduced, PersonId),
        code: Option<String>,
        arrival: Arrival,
    ) -> Result<LoggedIn, Denied> {
        self.run(move |people| async move {
            let person = people.0.store.person(introduced.tenant, id).await?.ok_or(Denied::Wrong)?;
            if person.status != Status::Active {
                return Err(Denied::Disabled);
            }
            let mark = match &introduced.by {
                By::Password(mark) => Some(mark.clone()),
                By::Redirect => None,
            };
            let two_factors = match (people.good_factor(&person).await?, &code) {
                (None, _) => false,
                (Some(_), None) if introduced.by == By::Redirect => {
                    return people.open_unproved(&person, &arrival).await;
                }
                (Some(_), None) => return Err(Denied::CodeNeeded),
                (Some(factor), Some(code)) if people.take_code(&person, &factor, code).await? => true,
                (Some(_), Some(_)) => return Err(Denied::CodeWrong),
            };
            people.open(&person, &arrival, two_factors, mark).await
        })
        .await
    }

    /// A session of somebody who has a second factor and was not asked for its code: whatever is fresh they prove first.
    async fn open_unproved(&self, person: &Person, arrival: &Arrival) -> Result<LoggedIn, Denied> {
        let logged_in = self.open(person, arrival, false, None).await?;
        let id = logged_in.session.id;
        if !self.0.store.session_unprove(id).await? {
            return Err(Denied::Wrong);
        }
        self.0.authorities.changed(id, (self.0.stamp.now)()).await;
        Ok(logged_in)
    }

    async fn introduced(&self, provider: &Provider, identity: &Identity, by: By) -> Result<Introduced, Denied> {
        let name = TenantName::new(&provider.tenant).map_err(|_| Denied::NoTenant)?;
        let tenant = self.0.store.tenant_named(name.as_str()).await?.ok_or(Denied::NoTenant)?;
        if tenant.status != tenant::Status::Active {
            return Err(Denied::Suspended);
        }
        let role = provider.rules.role(identity.groups()).and_then(Role::from_name);
        let role = role.filter(|role| provider.kind.takes(*role)).ok_or(Denied::NoRole)?;
        let shown: String = identity.name().chars().take(NAME_MAX).collect();
        let name = PersonName::new(&shown).unwrap_or_else(|_| PersonName::from_stored(&provider.name));
        let login = login_of(provider, identity.subject());
        Ok(Introduced { tenant: tenant.id, kind: provider.kind, login, name, role, by })
    }
}

/// A login that nobody can choose: those that are typed have no slash. Two subjects never have the same one, also where they
/// differ only by the case of a letter.
fn login_of(provider: &Provider, subject: &str) -> Login {
    let plain = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || b"-._@".contains(&it);
    let shown = if subject.len() <= SUBJECT_SHOWN_MAX && subject.bytes().all(plain) {
        subject.to_owned()
    } else {
        let digest = identity::opaque::digest(subject);
        digest[..16].iter().fold("~".to_owned(), |text, byte| text + &format!("{byte:02x}"))
    };
    Login::from_stored(&format!("{}/{shown}", provider.name))
}

/// Only that it is wrong is for the person; the rest is for who runs this.
fn told(name: &str, refused: &Refused) -> Denied {
    match refused {
        Refused::Wrong => Denied::Wrong,
        Refused::Invalid(_) => {
            tracing::warn!(provider = name, %refused, "a log-in by a provider is refused");
            Denied::Wrong
        }
        Refused::Away(_) => {
            tracing::warn!(provider = name, %refused, "a login provider does not answer");
            Denied::ProviderAway
        }
        Refused::Misconfigured(_) => {
            tracing::error!(provider = name, %refused, "a login provider will let nobody in");
            Denied::ProviderAway
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nobody;

    #[async_trait::async_trait]
    impl PasswordProvider for Nobody {
        async fn authenticate(&self, _: &str, _: &str) -> Result<Identity, Refused> {
            Err(Refused::Wrong)
        }
    }

    #[test]
    fn logins_of_providers_are_theirs_alone() {
        let provider = Provider {
            name: "corp".to_owned(),
            tenant: "default".to_owned(),
            kind: Kind::Staff,
            rules: Rules::default(),
            means: Means::Password(Box::new(Nobody)),
        };
        let login = |subject: &str| login_of(&provider, subject).as_str().to_owned();
        assert_eq!(login("0b1c-9"), "corp/0b1c-9");
        assert_ne!(login("Ada"), login("ada"));
        assert!(login("Ada").starts_with("corp/~"));
        assert_ne!(login(&"x".repeat(41)), login(&"x".repeat(42)));
        // What looks like a digest of another is not shown as it is.
        assert_ne!(login(&login("Ada")["corp/".len()..]), login("Ada"));
        for subject in ["Ada", "0b1c-9", "a b", "\u{5317}", &"x".repeat(255)] {
            assert!(login(subject).chars().count() <= 64, "{subject}");
            assert!(Login::new(&login(subject)).is_err(), "nobody types it");
        }
    }
}
