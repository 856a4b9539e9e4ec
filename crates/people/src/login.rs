//! Owns logging in with a password: counted before it is looked at, and answered in the same words and the same time whether
//! there is such a person or not.

use std::net::IpAddr;

use domain::person::{Kind, Login, PasswordHash, Status};
use domain::session::Device;
use domain::text::TenantName;
use domain::{PrincipalId, Timestamp, tenant};
use identity::opaque::{Secret, refresh};
use identity::password::{Hash, Password};
use store::{Known, NewSession, Opened};

use crate::sessions::LoggedIn;
use crate::{Denied, People};

/// The longest name of a device that is kept, in characters.
const DEVICE_NAME_MAX: usize = 100;

/// Somebody at the door.
#[derive(Clone)]
pub struct LogIn {
    /// The name of the tenant they want into.
    pub tenant: String,
    /// Through which door.
    pub kind: Kind,
    /// Who they say they are.
    pub login: String,
    /// What proves it.
    pub password: String,
    /// On what they come.
    pub device: Device,
    /// What they call it.
    pub device_name: Option<String>,
    /// A mark that was given to the device when it was let in before.
    pub device_mark: Option<String>,
    /// Where they come from.
    pub address: IpAddr,
    /// Whether it is a browser, which keeps a cookie and no tokens.
    pub by_cookie: bool,
    /// Who they were so far, while they had no name.
    pub guest: Option<PrincipalId>,
}

impl People {
    /// Lets somebody in who proves who they are.
    pub async fn log_in(&self, wanted: LogIn) -> Result<LoggedIn, Denied> {
        self.run(|people| async move { people.let_in(&wanted).await }).await
    }

    async fn let_in(&self, wanted: &LogIn) -> Result<LoggedIn, Denied> {
        let inside = &self.0;
        let now = (inside.stamp.now)();
        let account = account(wanted);
        let device = wanted.device_mark.as_deref().and_then(|mark| inside.devices.name(&account, mark));
        inside.limits.log_in(&account, wanted.address, device.as_deref()).await?;
        let found = self.known(wanted).await?;
        let known = self.proven(&wanted.password, found, now).await?;
        let new = self.new_session(wanted, &known, now);
        let (new, cookie) = new;
        let rules = inside.rules.of(new.tenant, known.person.kind).await?;
        let replaced = match inside.store.session_open(&new, &rules).await? {
            Opened::Open(replaced) => replaced,
            Opened::Full(full) => return Err(Denied::Full(full)),
            Opened::ShutOut => return Err(Denied::Wrong),
        };
        for id in &replaced {
            inside.authorities.changed(*id, now).await;
        }
        let mark = inside.devices.mark(&account, (inside.stamp.id)());
        self.logged_in(new.id, cookie, Some(mark), now).await
    }

    async fn known(&self, wanted: &LogIn) -> Result<Option<(Known, tenant::Status)>, Denied> {
        // What cannot be a name is not asked for: not every database takes every character.
        let (Ok(name), Ok(login)) = (TenantName::new(&wanted.tenant), Login::new(&wanted.login)) else {
            return Ok(None);
        };
        let Some(tenant) = self.0.store.tenant_named(name.as_str()).await? else { return Ok(None) };
        let known = self.0.store.person_by_login(tenant.id, wanted.kind, &login).await?;
        Ok(known.map(|known| (known, tenant.status)))
    }

    /// Who it is, if the password is theirs and they may come in.
    async fn proven(
        &self,
        typed: &str,
        found: Option<(Known, tenant::Status)>,
        now: Timestamp,
    ) -> Result<Known, Denied> {
        let hash = found.as_ref().and_then(|(known, _)| known.password.as_ref());
        let is_right = self.is_password(typed, found.as_ref().map(|(known, _)| known), hash, now).await?;
        match found {
            Some((known, status)) if is_right => {
                if status != tenant::Status::Active {
                    return Err(Denied::Suspended);
                }
                if known.person.status != Status::Active {
                    return Err(Denied::Disabled);
                }
                Ok(known)
            }
            _ => Err(Denied::Wrong),
        }
    }

    /// Whether it is the password; who has none, or is nobody, costs as much. A hash that is weaker than today's is replaced.
    pub(crate) async fn is_password(
        &self,
        typed: &str,
        known: Option<&Known>,
        hash: Option<&PasswordHash>,
        now: Timestamp,
    ) -> Result<bool, Denied> {
        // What cannot be anybody's password is compared with nobody's, as the time shows either way.
        let password = Password::read(typed).ok();
        let parsed = hash.and_then(|hash| Hash::parse(hash.as_str()).ok()).filter(|_| password.is_some());
        let password = match password {
            Some(password) => password,
            None => Password::read("?").map_err(|_| Denied::Wrong)?,
        };
        let verdict = self.0.hasher.verify(&password, parsed.as_ref()).await.map_err(|_| Denied::Busy)?;
        if let (true, Some(new), Some(known)) = (verdict.right, verdict.rehash, known) {
            let person = (known.person.tenant, known.person.principal);
            let new = PasswordHash::new(new.as_str());
            if let Err(error) = self.0.store.password_replace(person, hash, &new, now).await {
                tracing::warn!(%error, "a password's hash could not be renewed; the next log-in does it");
            }
        }
        Ok(verdict.right)
    }

    fn new_session(&self, wanted: &LogIn, known: &Known, now: Timestamp) -> (NewSession, Option<Secret>) {
        let cookie = wanted.by_cookie.then(|| Secret::random("mc_"));
        let name =
            wanted.device_name.as_deref().map(|name| name.chars().filter(|it| !it.is_control()).take(DEVICE_NAME_MAX));
        let new = NewSession {
            id: domain::SessionId::new((self.0.stamp.id)()),
            tenant: known.person.tenant,
            principal: known.person.principal,
            epoch: known.person.epoch,
            device: wanted.device,
            device_name: name.map(Iterator::collect),
            address: Some(wanted.address.to_canonical().to_string()),
            at: now,
            two_factors: false,
            cookie_hash: cookie.as_ref().map(Secret::digest),
            refresh_nonce: refresh::new_nonce(),
            guest: wanted.guest,
        };
        (new, cookie)
    }
}

/// What limits and marks call the account that is tried. Typed another way it is the same.
fn account(wanted: &LogIn) -> String {
    let login = wanted.login.to_lowercase();
    let digest = identity::opaque::digest(&format!("{}\0{}\0{login}", wanted.tenant, wanted.kind.name()));
    format!("{:024x}", digest[..12].iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte)))
}
