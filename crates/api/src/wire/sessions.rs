//! Owns the JSON of log-ins and sessions.

use domain::person::Kind;
use domain::session::Device;
use people::LoggedIn;
use serde::{Deserialize, Serialize};
use store::SessionRecord;
use utoipa::ToSchema;

use super::answers::time;
use crate::problem::{FieldError, Problem};

/// Log in with a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogIn {
    /// The name of the tenant; `default` where it is missing.
    #[schema(max_length = 64, example = "acme")]
    pub(crate) tenant: Option<String>,
    /// `member`, which it is where it is missing, or `staff`.
    #[schema(example = "member")]
    r#as: Option<String>,
    /// Who.
    #[schema(max_length = 64, example = "anna@example.com")]
    pub(crate) login: String,
    /// Their password.
    #[schema(max_length = 512, format = Password)]
    pub(crate) password: String,
    /// Who knows the password, where it is not this server: a provider, as the settings name it.
    #[schema(max_length = 32, example = "corp")]
    pub(crate) provider: Option<String>,
    /// A code of the second factor, if the account has one: six digits, or a recovery code.
    #[schema(max_length = 64, example = "123456")]
    pub(crate) code: Option<String>,
    /// On what.
    pub(crate) device: LogInDevice,
    /// `tokens`, which it is where it is missing, or `cookie`: what a browser keeps by itself, and no script sees.
    #[schema(example = "tokens")]
    pub(crate) keep: Option<String>,
}

/// The device that somebody logs in on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogInDevice {
    /// `web`, `app` or `mini_program`. The shop says how many sessions of each kind there may be.
    #[schema(example = "app")]
    r#type: String,
    /// What its owner calls it.
    #[schema(max_length = 100, example = "Anna's phone")]
    pub(crate) name: Option<String>,
    /// The `device_mark` of an earlier log-in on it: then tries of strangers do not slow this one.
    #[schema(max_length = 100)]
    pub(crate) mark: Option<String>,
}

/// Buy without a name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BeGuest {
    /// The name of the tenant; `default` where it is missing.
    #[schema(max_length = 64, example = "acme")]
    pub(crate) tenant: Option<String>,
    /// On what.
    pub(crate) device: LogInDevice,
    /// `tokens`, which it is where it is missing, or `cookie`.
    #[schema(example = "cookie")]
    pub(crate) keep: Option<String>,
}

/// Become a member.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Register {
    /// The name of the tenant; `default` where it is missing.
    #[schema(max_length = 64, example = "acme")]
    pub(crate) tenant: Option<String>,
    /// What they will log in with.
    #[schema(min_length = 1, max_length = 64, example = "anna@example.com")]
    pub(crate) login: String,
    /// What they are called.
    #[schema(min_length = 1, max_length = 100)]
    pub(crate) name: String,
    /// Their password.
    #[schema(min_length = 8, max_length = 128, format = Password)]
    pub(crate) password: String,
}

/// Exchange a refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefreshTokens {
    /// As it was given. Each is exchanged once; sent again within a minute because the reply was lost, it is answered the same.
    #[schema(max_length = 200)]
    pub(crate) refresh_token: String,
}

/// Change one's own password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangePassword {
    /// The one there is.
    #[schema(max_length = 512, format = Password)]
    pub(crate) current_password: String,
    /// The one there will be.
    #[schema(min_length = 8, max_length = 128, format = Password)]
    pub(crate) new_password: String,
}

/// A session.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the contract names the member")]
pub(crate) struct Session {
    /// Its id.
    #[schema(example = "ses_01KAPF6V7M0QZ4X2N8R5T3W1YB")]
    session_id: String,
    /// Whose.
    person_id: String,
    /// `web`, `app` or `mini_program`.
    device_type: &'static str,
    /// What its owner calls the device.
    device_name: Option<String>,
    /// The address that the log-in came from.
    address: Option<String>,
    /// `active`, or why it is over: `logged_out`, `kicked`, `replaced`, `expired`, `reused`.
    status: &'static str,
    /// True for the session that asks.
    current: bool,
    /// Since when.
    #[schema(format = DateTime)]
    opened_at: String,
    /// When it ends without a request.
    #[schema(format = DateTime)]
    idle_until: String,
    /// When it ends in any case.
    #[schema(format = DateTime)]
    ends_at: String,
}

/// Who is logged in, and with what.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    /// Their id; a member's is the `customer_id` of their orders.
    person_id: String,
    /// `member`, `staff` or `guest`.
    kind: &'static str,
    /// What they may do.
    role: &'static str,
    /// Their session.
    session_id: String,
    /// Whether they proved who they are with two factors.
    two_factors: bool,
    /// When they last proved it.
    #[schema(format = DateTime)]
    proved_at: String,
}

/// What somebody gets who is logged in.
#[derive(Serialize, ToSchema)]
pub(crate) struct Tokens {
    /// Who.
    #[serde(flatten)]
    me: Me,
    /// For the header `Authorization: Bearer`; missing where a cookie is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<String>,
    /// How long it lasts, in seconds. The session behind it may end before.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<u64>,
    /// Exchanged for the next tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// To be sent with the next log-in on this device. It is no credential.
    #[serde(skip_serializing_if = "Option::is_none")]
    device_mark: Option<String>,
}

impl LogIn {
    /// Through which door.
    pub(crate) fn kind(&self) -> Result<Kind, Problem> {
        match self.r#as.as_deref() {
            None | Some("member") => Ok(Kind::Member),
            Some("staff") => Ok(Kind::Staff),
            Some(_) => Err(unknown("/as", "member, staff")),
        }
    }
}

impl LogInDevice {
    pub(crate) fn checked(&self) -> Result<Device, Problem> {
        let known = || unknown("/device/type", &Device::ALL.map(Device::name).join(", "));
        Device::from_name(&self.r#type).ok_or_else(known)
    }
}

/// Whether a cookie is wanted.
pub(crate) fn by_cookie(keep: Option<&str>) -> Result<bool, Problem> {
    match keep {
        None | Some("tokens") => Ok(false),
        Some("cookie") => Ok(true),
        Some(_) => Err(unknown("/keep", "tokens, cookie")),
    }
}

fn unknown(pointer: &str, known: &str) -> Problem {
    let message = format!("it is one of {known}");
    Problem::invalid(&[FieldError { pointer: pointer.to_owned(), code: "unknown_value", message }])
}

impl Me {
    pub(crate) fn of(session: &domain::session::Authority) -> Self {
        Self {
            person_id: session.person.to_string(),
            kind: session.kind.name(),
            role: session.role.name(),
            session_id: session.id.to_string(),
            two_factors: session.two_factors,
            proved_at: time(session.proved_at),
        }
    }
}

impl Tokens {
    pub(crate) fn of(logged_in: LoggedIn) -> Self {
        let by_tokens = logged_in.cookie.is_none();
        Self {
            me: Me::of(&logged_in.session),
            access_token: by_tokens.then_some(logged_in.access_token),
            expires_in: by_tokens.then_some(people::ACCESS_TOKEN_FOR.as_secs()),
            refresh_token: logged_in.refresh_token,
            device_mark: logged_in.device_mark,
        }
    }
}

impl Session {
    pub(crate) fn of(record: &SessionRecord, current: Option<domain::SessionId>, now: domain::Timestamp) -> Self {
        let it = &record.authority;
        Self {
            session_id: it.id.to_string(),
            person_id: it.person.to_string(),
            device_type: it.device.name(),
            device_name: record.device_name.clone(),
            address: record.address.clone(),
            status: it.over(now).map_or("active", domain::session::End::name),
            current: current == Some(it.id),
            opened_at: time(it.opened_at),
            idle_until: time(it.idle_until),
            ends_at: time(it.ends_at),
        }
    }
}
