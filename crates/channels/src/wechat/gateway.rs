//! Owns how WeChat Pay is asked, how its answers are verified, and the download of a bill. It does not know what is asked
//! for. Rules: <https://pay.weixin.qq.com/doc/v3/merchant/4012365342>.

use outbound::{Method, Url};
use serde_json::Value;

use super::Wechat;
use super::answer::{BillPlace, Said};
use crate::ask::{self, Answer, Question};
use crate::{Failure, clock, sign};

/// How requests and answers are signed; the only way there is.
pub(super) const SCHEME: &str = "WECHATPAY2-SHA256-RSA2048";

/// What a signature of the provider comes with.
#[derive(Clone, Copy)]
pub(super) struct Signed<'a> {
    pub(super) serial: Option<&'a str>,
    pub(super) timestamp: Option<&'a str>,
    pub(super) nonce: Option<&'a str>,
    pub(super) signature: Option<&'a str>,
    pub(super) body: &'a [u8],
}

impl<'a> Signed<'a> {
    /// What an answer comes with.
    pub(super) fn of(answer: &'a Answer) -> Self {
        Self {
            serial: answer.header("wechatpay-serial"),
            timestamp: answer.header("wechatpay-timestamp"),
            nonce: answer.header("wechatpay-nonce"),
            signature: answer.header("wechatpay-signature"),
            body: &answer.body,
        }
    }
}

impl Wechat {
    /// Asks, and believes the answer only where it is signed and of now. Behind 5xx nobody knows what was done.
    pub(super) async fn call(&self, method: Method, path: &str, wish: Option<&Value>) -> Result<Said, Failure> {
        let body = wish.map(Value::to_string).unwrap_or_default();
        let answer = self.ask.send(self.question(method, ask::behind(&self.gateway, path)?, body)).await?;
        if answer.status >= 500 {
            return Err(Said::read(&answer)?.unknown());
        }
        // Before anything is believed: it need not be signed where it is said, and the same request comes again under the
        // same number, which is safe whoever says so.
        if answer.status == 429 {
            return Err(Said::read(&answer)?.too_often(answer.retry_after()));
        }
        let signed = Signed::of(&answer);
        let unsigned = |what: String| answer.unknown(&format!("the answer's signature does not hold ({what})"));
        if let Some(serial) = signed.serial {
            self.learn_of_answer(serial).await;
        }
        self.platform.verify(signed).map_err(unsigned)?;
        clock::near(signed.timestamp.unwrap_or(""), clock::now()).map_err(unsigned)?;
        let said = Said::read(&answer)?;
        match said.status {
            401 => Err(said.denied()),
            _ if said.is_too_often() => Err(said.too_often(answer.retry_after())),
            _ => Ok(said),
        }
    }

    /// Fetches a bill from where a signed answer said; the file is not signed, its sum in the answer was.
    pub(super) async fn download(&self, place: &BillPlace) -> Result<Vec<u8>, Failure> {
        let broken = |what: &str| Failure::Unknown(what.to_owned());
        let url = Url::parse(&place.download_url).map_err(|_| broken("the bill has no usable address"))?;
        let question = self.question(Method::GET, url, String::new());
        let answer: Answer = self.ask.fetch(question).await?;
        if answer.status != 200 {
            return Err(answer.unknown("the bill was not given"));
        }
        if place.hash_type != "SHA1" || !sign::sha1_hex(&answer.body).eq_ignore_ascii_case(&place.hash_value) {
            return Err(broken("the bill is not the one of the answer's sum"));
        }
        Ok(answer.body)
    }

    pub(super) fn question(&self, method: Method, url: Url, body: String) -> Question {
        let (timestamp, nonce) = (clock::seconds(clock::now()), sign::token());
        let text = format!("{method}\n{}\n{timestamp}\n{nonce}\n{body}\n", ask::target(&url));
        let signature = self.private_key.sign(text.as_bytes());
        let authorization = format!(
            "{SCHEME} mchid=\"{}\",nonce_str=\"{nonce}\",signature=\"{signature}\",timestamp=\"{timestamp}\",serial_no=\"{}\"",
            self.mch_id, self.merchant_serial
        );
        let mut headers = vec![("accept", "application/json".to_owned()), ("authorization", authorization)];
        // Asks for answers signed with this key, and not with a certificate's, while the provider moves from one to the other.
        headers.extend(self.platform.public_key_id().map(|name| ("wechatpay-serial", name.to_owned())));
        if !body.is_empty() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        Question { method, url, headers, body: body.into_bytes() }
    }
}
