//! Owns the login providers of the file, and that each is one that can let somebody in. It does not know how one is asked.

mod directory;
mod open_id;
mod source;

use anyhow::{Context as _, bail, ensure};
use domain::access::Role;
use domain::person::Kind;
use domain::text::TenantName;
use people::provider::{Refused, Rules};
use people::{Means, Provider};
use serde::{Deserialize, Serialize};

use directory::DirectorySetting;
use open_id::OpenIdSetting;

/// The longest name of a provider: it stands in the logins of all of its people.
const NAME_MAX: usize = 16;

/// One of `login_providers`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderSetting {
    /// What it is called here: 1 to 16 of `a-z`, `0-9` and `-`.
    name: String,
    /// Whose people it knows.
    #[serde(default = "default_tenant")]
    tenant: String,
    /// What they are here.
    r#as: People,
    /// Which group gives which role; the first line that fits decides.
    #[serde(default)]
    roles: Vec<RoleSetting>,
    /// The role of whoever is in none of these groups; without it they are not let in.
    #[serde(default)]
    default_role: Option<String>,
    /// A directory, which is asked with login and password …
    #[serde(default)]
    ldap: Option<DirectorySetting>,
    /// … or a provider, to which the browser is sent.
    #[serde(default)]
    oidc: Option<OpenIdSetting>,
}

/// One line of `roles`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleSetting {
    group: String,
    role: String,
}

/// What people of a provider are here.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum People {
    Staff,
    Members,
}

fn default_tenant() -> String {
    "default".to_owned()
}

/// Reads them all, with their secrets. None of them is asked yet, nor need be there.
pub(super) fn open(settings: &[ProviderSetting], public_url: Option<&str>) -> anyhow::Result<Vec<Provider>> {
    let mut providers: Vec<Provider> = Vec::with_capacity(settings.len());
    for setting in settings {
        let place = || format!("login_providers: {:?}", setting.name);
        let provider = setting.open(public_url).with_context(place)?;
        if providers.iter().any(|earlier| earlier.name == provider.name) {
            return Err(anyhow::anyhow!("another has this name; give each a name of its own").context(place()));
        }
        providers.push(provider);
    }
    Ok(providers)
}

impl ProviderSetting {
    fn open(&self, public_url: Option<&str>) -> anyhow::Result<Provider> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_name = (1..=NAME_MAX).contains(&self.name.len()) && self.name.bytes().all(plain);
        ensure!(is_name, "name: give 1 to {NAME_MAX} of a-z, 0-9 and the hyphen");
        ensure!(TenantName::new(&self.tenant).is_ok(), "tenant: {:?} cannot be the name of a tenant", self.tenant);
        let kind = self.r#as.kind();
        let rules = self.rules(kind)?;
        let means = match (&self.ldap, &self.oidc) {
            (Some(ldap), None) => {
                ensure!(
                    self.roles.is_empty() || ldap.has_groups(),
                    "ldap: roles name groups, and nothing says where they come from; give `groups`"
                );
                Means::Password(Box::new(ldap.open().context("ldap")?))
            }
            (None, Some(oidc)) => Means::Redirect(Box::new(oidc.open(&self.name, public_url).context("oidc")?)),
            _ => bail!("give either `ldap` or `oidc`"),
        };
        Ok(Provider { name: self.name.clone(), tenant: self.tenant.clone(), kind, rules, means })
    }

    fn rules(&self, kind: Kind) -> anyhow::Result<Rules> {
        ensure!(
            !self.roles.is_empty() || self.default_role.is_some(),
            "neither `roles` nor `default_role` is there, so that nobody would be let in; give one of them"
        );
        for line in &self.roles {
            ensure!(
                !line.group.is_empty(),
                "roles: a line has an empty group; give its name as the provider writes it"
            );
            check(&line.role, kind).with_context(|| format!("roles: {:?}", line.group))?;
        }
        if let Some(role) = &self.default_role {
            check(role, kind).context("default_role")?;
        }
        let lines = self.roles.iter().map(|line| (line.group.clone(), line.role.clone())).collect();
        Ok(Rules::new(lines, self.default_role.clone()))
    }
}

impl People {
    fn kind(self) -> Kind {
        match self {
            Self::Staff => Kind::Staff,
            Self::Members => Kind::Member,
        }
    }
}

/// Refuses a role that nobody has, and one that is not for people of this kind.
fn check(role: &str, kind: Kind) -> anyhow::Result<()> {
    let known = Role::ALL.into_iter().filter(|role| kind.takes(*role)).map(Role::name).collect::<Vec<_>>().join(", ");
    match Role::from_name(role) {
        None => bail!("there is no role {role:?}; give one of: {known}"),
        Some(role) if !kind.takes(role) => {
            let people = if kind == Kind::Staff { "staff" } else { "members" };
            bail!("{} is no role of {people}; give one of: {known}", role.name())
        }
        Some(_) => Ok(()),
    }
}

/// What a provider says of its settings.
fn unfit(refused: Refused) -> anyhow::Error {
    match refused {
        Refused::Misconfigured(why) => anyhow::anyhow!(why),
        other => other.into(),
    }
}
