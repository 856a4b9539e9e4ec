//! Owns how Alipay is asked: members sorted and signed (RSA2), one POST, and the download of a bill. It does not know what
//! is asked for. Rules: <https://opendocs.alipay.com/common/02khjm>.

use std::collections::BTreeMap;

use outbound::{Method, Url};
use serde_json::Value;

use super::Alipay;
use super::answer::{self, Said};
use crate::ask::Question;
use crate::{Failure, clock, form};

/// Members by name; in the order in which they are signed.
pub(super) type Members = BTreeMap<&'static str, String>;

impl Alipay {
    /// Asks a method of the gateway.
    pub(super) async fn call(&self, method: &str, business: &Value, notify: Option<&str>) -> Result<Said, Failure> {
        let mut members = self.members(method, business);
        if let Some(notify_url) = notify {
            members.insert("notify_url", notify_url.to_owned());
        }
        let question = Question {
            method: Method::POST,
            url: self.gateway.clone(),
            headers: vec![("content-type", "application/x-www-form-urlencoded;charset=utf-8".to_owned())],
            body: self.signed(members).into_bytes(),
        };
        let answer = self.ask.send(question).await?;
        if answer.status != 200 {
            return Err(answer.unknown("Alipay did not answer the question"));
        }
        answer::open(answer.text()?, method, &self.public_keys)
    }

    /// What every request says.
    pub(super) fn members(&self, method: &str, business: &Value) -> Members {
        Members::from([
            ("app_id", self.app_id.clone()),
            ("biz_content", business.to_string()),
            ("charset", "utf-8".to_owned()),
            ("format", "JSON".to_owned()),
            ("method", method.to_owned()),
            ("sign_type", "RSA2".to_owned()),
            ("timestamp", clock::china_text(clock::now())),
            ("version", "1.0".to_owned()),
        ])
    }

    /// The form, with its signature.
    pub(super) fn signed(&self, mut members: Members) -> String {
        members.retain(|_, value| !value.is_empty());
        let sign = self.private_key.sign(sorted(members.iter().map(|(name, value)| (*name, &value[..]))).as_bytes());
        members.insert("sign", sign);
        form::encode(members.iter().map(|(name, value)| (*name, &value[..])))
    }

    /// Fetches a bill from where a signed answer said. The address itself allows it, for half a minute.
    pub(super) async fn download(&self, address: &str) -> Result<Vec<u8>, Failure> {
        let url = Url::parse(address).map_err(|_| Failure::Unknown("the bill has no usable address".to_owned()))?;
        let question = Question { method: Method::GET, url, headers: Vec::new(), body: Vec::new() };
        let answer = self.ask.fetch(question).await?;
        if answer.status == 200 { Ok(answer.body) } else { Err(answer.unknown("the bill was not given")) }
    }
}

/// The text that is signed: sorted members, as they are before they are encoded.
pub(super) fn sorted<'a>(members: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    members.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}
