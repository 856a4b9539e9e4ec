//! Owns logging in with a password: counted before it is looked at, and answered in the same words and the same time whether
//! there is such a person or not.

use std::net::IpAddr;
use std::sync::Arc;

use domain::audit::Moment;
use domain::person::{Kind, Login, PasswordHash, Status};
use domain::session::{Authority, Device, End};
use domain::text::TenantName;
use domain::{Person, PrincipalId, Timestamp, tenant};
use identity::opaque::{Secret, refresh};
use identity::password::{Hash, Password};
use store::{Known, NewSession, Opened};

use crate::sessions::LoggedIn;
use crate::{Denied, People};

/// What a cookie's secret begins with.
pub(crate) const COOKIE: &str = "mc_";
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
    /// A code of their second factor, if they have one.
    pub code: Option<String>,
    /// A mark that was given to the device when it was let in before.
    pub device_mark: Option<String>,
    /// How they come.
    pub arrival: Arrival,
}

/// Where a request comes from, and what it is called.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Where from.
    pub address: IpAddr,
    /// What it is called: what the staff do stands under that in the audit log.
    pub request_id: String,
}

/// How somebody comes who is let in.
#[derive(Clone)]
pub struct Arrival {
    /// On what.
    pub device: Device,
    /// What they call it.
    pub device_name: Option<String>,
    /// Where they come from.
    pub origin: Origin,
    /// Whether it is a browser, which keeps a cookie and no tokens.
    pub by_cookie: bool,
    /// The session in which they had no name so far. It ends, and they keep what they began in it.
    pub guest: Option<Arc<Authority>>,
}

impl Origin {
    /// The same, as the audit log has it.
    pub(crate) fn at(&self, now: Timestamp) -> Moment<'_> {
        Moment { at: now, request_id: &self.request_id }
    }
}

impl People {
    /// Lets somebody in who proves who they are.
    pub async fn log_in(&self, wanted: LogIn) -> Result<LoggedIn, Denied> {
        self.run(|people| async move { people.let_in(&wanted).await }).await
    }

    async fn let_in(&self, wanted: &LogIn) -> Result<LoggedIn, Denied> {
        let inside = &self.0;
        let now = (inside.stamp.now)();
        let account = account(wanted, "");
        let device = wanted.device_mark.as_deref().and_then(|mark| inside.devices.name(&account, mark));
        inside.turnstile.look()?;
        inside.limits.log_in(&account, wanted.arrival.origin.address, device.as_deref()).await?;
        let _place = inside.turnstile.enter().await?;
        let found = self.known(wanted).await?;
        let known = self.proven(&wanted.password, found, now).await?;
        let two_factors = match (self.good_factor(&known.person).await?, &wanted.code) {
            (None, _) => false,
            (Some(_), None) => return Err(Denied::CodeNeeded),
            (Some(factor), Some(code)) if self.take_code(&known.person, &factor, code).await? => true,
            (Some(_), Some(_)) => return Err(Denied::CodeWrong),
        };
        let mark = inside.devices.mark(&account, (inside.stamp.id)());
        self.open(&known.person, &wanted.arrival, two_factors, Some(mark)).await
    }

    /// Opens a session for somebody who proved who they are, by the shop's rules.
    pub(crate) async fn open(
        &self,
        person: &Person,
        arrival: &Arrival,
        two_factors: bool,
        mark: Option<String>,
    ) -> Result<LoggedIn, Denied> {
        let inside = &self.0;
        let now = (inside.stamp.now)();
        let tenant = person.tenant;
        let came_as = arrival.guest.as_ref().filter(|guest| guest.tenant == tenant && guest.kind == Kind::Guest);
        let came_as = came_as.filter(|_| person.kind == Kind::Member);
        let guest = came_as.map(|guest| guest.principal);
        let (new, cookie) = self.new_session(person, arrival, (two_factors, guest), now);
        let rules = inside.rules.of(tenant, person.kind).await?;
        let replaced = match inside.store.session_open(&new, &rules).await? {
            Opened::Open(replaced) => replaced,
            Opened::Full(full) => return Err(Denied::Full(full)),
            Opened::ShutOut => return Err(Denied::Wrong),
        };
        for id in &replaced {
            inside.authorities.changed(*id, now).await;
        }
        if let Some(guest) = came_as {
            inside.store.session_end(tenant, guest.id, End::LoggedOut, now).await?;
            inside.authorities.changed(guest.id, now).await;
        }
        self.logged_in(new.id, cookie, mark, now).await
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
            Some((known, _)) => {
                tracing::info!(person = %known.person.id, "a password was wrong");
                Err(Denied::Wrong)
            }
            None => Err(Denied::Wrong),
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

    fn new_session(
        &self,
        person: &Person,
        arrival: &Arrival,
        (two_factors, guest): (bool, Option<PrincipalId>),
        now: Timestamp,
    ) -> (NewSession, Option<Secret>) {
        let cookie = arrival.by_cookie.then(|| Secret::random(COOKIE));
        let name =
            arrival.device_name.as_deref().map(|name| name.chars().filter(|it| !it.is_control()).take(DEVICE_NAME_MAX));
        let new = NewSession {
            id: domain::SessionId::new((self.0.stamp.id)()),
            tenant: person.tenant,
            principal: person.principal,
            epoch: person.epoch,
            device: arrival.device,
            device_name: name.map(Iterator::collect),
            address: Some(arrival.origin.address.to_canonical().to_string()),
            at: now,
            request_id: arrival.origin.request_id.clone(),
            two_factors,
            cookie_hash: cookie.as_ref().map(Secret::digest),
            refresh_nonce: refresh::new_nonce(),
            guest,
        };
        (new, cookie)
    }
}

/// What limits and marks call the account that is tried. Typed another way it is the same.
pub(crate) fn account(wanted: &LogIn, provider: &str) -> String {
    let login = wanted.login.to_lowercase();
    let tenant = wanted.tenant.to_lowercase();
    let digest = identity::opaque::digest(&format!("{tenant}\0{}\0{provider}\0{login}", wanted.kind.name()));
    format!("{:024x}", digest[..12].iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte)))
}
