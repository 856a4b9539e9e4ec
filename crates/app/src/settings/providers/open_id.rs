//! Owns how an OpenID provider is described in the file, and where browsers come back from it. It does not know whose people
//! it has.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use http::Uri;
use people::provider::oidc::{ClientProof, Network, OpenId, Settings, Sources};
use serde::{Deserialize, Serialize};

use super::{source, unfit};
use crate::settings::Period;

/// The longest that somebody waits for what we ask the provider.
const ANSWER_MAX: Duration = Duration::from_mins(1);
/// How long what it says of itself, and its keys, are believed.
const METADATA_MAX: Duration = Duration::from_hours(1);
/// How soon its keys are asked for again.
const KEYS_AGAIN: Duration = Duration::from_mins(1);

/// An OpenID provider.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OpenIdSetting {
    issuer: String,
    client_id: String,
    #[serde(default)]
    client_secret_file: Option<PathBuf>,
    #[serde(default)]
    client_secret_variable: Option<String>,
    #[serde(default)]
    client_proof: ProofSetting,
    #[serde(default = "scopes")]
    scopes: Vec<String>,
    #[serde(default = "groups")]
    groups: String,
    /// Whether what is missing in the token is asked for with one more question.
    #[serde(default)]
    userinfo: bool,
    #[serde(default)]
    authority_file: Option<PathBuf>,
    /// Networks in which what it names beside the issuer may be.
    #[serde(default)]
    networks: Vec<String>,
    #[serde(default = "answer_max")]
    answer_max: Period,
}

/// How we prove to the provider who we are.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ProofSetting {
    /// The secret in a header.
    #[default]
    Header,
    /// The secret in the body.
    Body,
    /// Without a secret.
    None,
}

fn scopes() -> Vec<String> {
    ["profile", "email"].map(str::to_owned).into()
}

fn groups() -> String {
    "/groups".to_owned()
}

fn answer_max() -> Period {
    Period(Duration::from_secs(8))
}

impl OpenIdSetting {
    pub(super) fn open(&self, name: &str, public_url: Option<&str>) -> anyhow::Result<OpenId> {
        let answer_max = self.answer_max.0;
        ensure!(!answer_max.is_zero() && answer_max <= ANSWER_MAX, "answer_max: give more than nothing and at most 1m");
        let scopes = self.scopes.iter().filter(|scope| *scope != "openid").cloned().collect();
        let settings = Settings {
            issuer: self.issuer.clone(),
            client_id: self.client_id.clone(),
            client_secret: self.proof()?,
            redirect_url: redirect_url(name, public_url)?,
            scopes,
            groups: self.groups.clone(),
            claims: if self.userinfo { Sources::TokenAndUserInfo } else { Sources::Token },
            authority: source::authority(self.authority_file.as_deref())?,
            networks: self.networks()?,
            answer_max,
            metadata_max: METADATA_MAX,
            keys_again: KEYS_AGAIN,
        };
        OpenId::open(settings).map_err(unfit)
    }

    fn networks(&self) -> anyhow::Result<Vec<Network>> {
        let read = |text: &String| text.parse().with_context(|| format!("networks: {text:?}"));
        self.networks.iter().map(read).collect()
    }

    fn proof(&self) -> anyhow::Result<ClientProof> {
        let place = (self.client_secret_file.as_deref(), self.client_secret_variable.as_deref());
        match (self.client_proof, source::secret("client_secret", place, false)?) {
            (ProofSetting::Header, Some(secret)) => Ok(ClientProof::Header(secret)),
            (ProofSetting::Body, Some(secret)) => Ok(ClientProof::Body(secret)),
            (ProofSetting::None, None) => Ok(ClientProof::None),
            (ProofSetting::None, Some(_)) => {
                bail!("client_proof is none, and there is a secret; leave one of them out")
            }
            (_, None) => {
                bail!("there is no secret; give `client_secret_file`, or `client_proof: none` for a public client")
            }
        }
    }
}

/// Where a browser comes back to us. It is told to the provider, so it must not depend on where we happen to listen; and codes
/// come with it, and a cookie that browsers send only where nobody reads along.
fn redirect_url(name: &str, public_url: Option<&str>) -> anyhow::Result<String> {
    let public_url = public_url.context(
        "public_url is missing, and browsers would not know where to come back to; give a URL such as \
         https://shop.example.com",
    )?;
    let uri = public_url.parse::<Uri>().ok().filter(|uri| uri.query().is_none() && !public_url.contains('#'));
    let is_private = uri.as_ref().is_some_and(|uri| {
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let is_here = host == "localhost" || host.parse().is_ok_and(|it: std::net::IpAddr| it.is_loopback());
        uri.scheme_str() == Some("https") || is_here
    });
    ensure!(
        is_private,
        "public_url is {public_url:?}, and browsers come back there with what lets them in; give a URL with https"
    );
    Ok(format!("{}/api/v1/login/{name}/callback", public_url.trim_end_matches('/')))
}
