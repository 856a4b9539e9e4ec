//! WeChat Pay, version 3: codes, refunds, notifications and bills. It does not know how its messages are signed and
//! read, which its folder does.
//!
//! Rules: <https://pay.weixin.qq.com/doc/v3/merchant/4012791874> (native) and, of refunds,
//! <https://pay.weixin.qq.com/doc/v3/merchant/4012791883>.

use async_trait::async_trait;
use domain::channel::{Kind, Method, NextAction, Verdict};
use outbound::Method as Verb;
use serde_json::json;

use crate::settings::{Settings, wrong};
use crate::sign::{PrivateKey, PublicKey, SealKey};
use crate::{
    Acknowledgement, Callback, Channel, Charge, Failure, Heard, Learned, Notice, Opened, Receipt, Rejected, Reversal,
    StatementLine, amount, ask, clock, fact, form,
};

mod answer;
mod bill;
mod certificates;
mod gateway;
mod notify;
#[cfg(test)]
mod tests;

/// The most bytes of a description, and of a refund's reason.
const DESCRIPTION_MAX: usize = 127;
const REASON_MAX: usize = 80;

/// One merchant's application.
pub(crate) struct Wechat {
    gateway: outbound::Url,
    app_id: String,
    mch_id: String,
    merchant_serial: String,
    private_key: PrivateKey,
    api_v3_keys: Vec<SealKey>,
    platform: certificates::Platform,
    ask: ask::Ask,
}

impl Wechat {
    pub(crate) fn open(settings: &mut Settings) -> Result<Self, Failure> {
        let named = |said: String| wrong("private_key", &said);
        let private_key = PrivateKey::read(&settings.secret("private_key")?).map_err(named)?;
        let api_v3_keys = settings.secrets("api_v3_keys")?;
        let api_v3_keys = api_v3_keys.iter().map(SealKey::read).collect::<Result<_, _>>();
        let platform_keys = settings.named_secrets("platform_keys")?.into_iter();
        let platform_keys = platform_keys.map(|(serial, key)| Ok((serial, PublicKey::read(&key)?)));
        let gateway = settings.gateway()?;
        Ok(Self {
            ask: ask::Ask::open(&gateway)?,
            gateway,
            app_id: settings.text("app_id")?,
            mch_id: settings.text("mch_id")?,
            merchant_serial: settings.text("merchant_serial")?,
            private_key,
            api_v3_keys: api_v3_keys.map_err(|said| wrong("api_v3_keys", &said))?,
            platform: platform_keys
                .collect::<Result<_, _>>()
                .map(certificates::Platform::new)
                .map_err(|said: String| wrong("platform_keys", &said))?,
        })
    }

    fn trade_path(&self, charge: &Charge) -> String {
        let (number, mch_id) = (form::escape(&charge.out_trade_no), form::escape(&self.mch_id));
        format!("/v3/pay/transactions/out-trade-no/{number}?mchid={mch_id}")
    }
}

#[async_trait]
impl Channel for Wechat {
    fn kind(&self) -> Kind {
        Kind::WechatPay
    }

    async fn charge(&self, charge: &Charge) -> Result<Opened, Failure> {
        if charge.method != Method::Qr {
            return Err(fact::unfit("method_not_supported", "WeChat Pay has codes here"));
        }
        let wish = json!({
            "amount": { "currency": amount::CNY, "total": amount::fen(charge.amount)? },
            "appid": self.app_id,
            "description": fact::cut(&charge.subject, DESCRIPTION_MAX),
            "mchid": self.mch_id,
            "notify_url": charge.notify_url,
            "out_trade_no": charge.out_trade_no,
            "time_expire": clock::china_rfc3339(charge.expires_at),
        });
        let said = self.call(Verb::POST, "/v3/pay/transactions/native", Some(&wish)).await?;
        if said.refused_with(answer::NO_LONGER_OPEN) {
            return Ok(Opened { heard: fact::afterwards(self.query(charge).await)?, action: None });
        }
        let raw = said.raw();
        let code: answer::Code = said.done()?;
        Ok(Opened {
            heard: fact::bare(charge, Verdict::Pending, raw)?,
            action: Some(NextAction::QrCode(code.code_url)),
        })
    }

    async fn query(&self, charge: &Charge) -> Result<Heard, Failure> {
        let said = self.call(Verb::GET, &self.trade_path(charge), None).await?;
        let raw = said.raw();
        if said.status == 404 && said.refused_with(answer::NO_TRADE) {
            return fact::bare(charge, Verdict::NotFound, raw);
        }
        let trade: answer::Trade = said.done()?;
        fact::same("out_trade_no", &trade.out_trade_no, &charge.out_trade_no)?;
        Ok(fact::heard(trade.fact(self)?, raw))
    }

    async fn close(&self, charge: &Charge) -> Result<Heard, Failure> {
        let path = format!("/v3/pay/transactions/out-trade-no/{}/close", form::escape(&charge.out_trade_no));
        let said = self.call(Verb::POST, &path, Some(&json!({ "mchid": self.mch_id }))).await?;
        let raw = said.raw();
        if said.refused_with(answer::NO_TRADE) {
            return fact::bare(charge, Verdict::NotFound, raw);
        }
        if said.refused_with(answer::NO_LONGER_OPEN) {
            return fact::afterwards(self.query(charge).await);
        }
        said.empty()?;
        fact::bare(charge, Verdict::Closed, raw)
    }

    async fn refund(&self, reversal: &Reversal) -> Result<Heard, Failure> {
        let wish = json!({
            "amount": {
                "currency": amount::CNY,
                "refund": amount::fen(reversal.amount)?,
                "total": amount::fen(reversal.charged)?,
            },
            "notify_url": reversal.notify_url,
            "out_refund_no": reversal.out_refund_no,
            "out_trade_no": reversal.out_trade_no,
            "reason": fact::cut(&reversal.reason, REASON_MAX),
        });
        let said = self.call(Verb::POST, "/v3/refund/domestic/refunds", Some(&wish)).await?;
        let raw = said.raw();
        Ok(fact::heard(said.done::<answer::Refund>()?.asked(reversal, self)?, raw))
    }

    async fn query_refund(&self, reversal: &Reversal) -> Result<Heard, Failure> {
        let path = format!("/v3/refund/domestic/refunds/{}", form::escape(&reversal.out_refund_no));
        let said = self.call(Verb::GET, &path, None).await?;
        let raw = said.raw();
        if said.status == 404 && said.refused_with(answer::NO_REFUND) {
            return fact::bare_refund(reversal, Verdict::NotFound, raw);
        }
        Ok(fact::heard(said.done::<answer::Refund>()?.asked(reversal, self)?, raw))
    }

    fn read(&self, callback: &Callback<'_>) -> Result<Notice, Rejected> {
        notify::read(self, callback)
    }

    async fn learn(&self, callback: &Callback<'_>) -> Learned {
        match notify::header(callback, "wechatpay-serial") {
            Some(serial) => self.learn_of_callback(serial).await,
            None => Learned::Nothing,
        }
    }

    fn acknowledge(&self, receipt: Receipt) -> Acknowledgement {
        let (status, body) = match receipt {
            Receipt::Taken => return Acknowledgement { status: 204, content_type: None, body: "" },
            Receipt::Later => (500, r#"{"code":"FAIL","message":"not stored, send it again"}"#),
            Receipt::Rejected => (401, r#"{"code":"FAIL","message":"not believed"}"#),
        };
        Acknowledgement { status, content_type: Some("application/json"), body }
    }

    async fn statement(&self, day: &str) -> Result<Vec<u8>, Failure> {
        if !clock::is_day(day) {
            return Err(fact::unfit("day_invalid", "a day is written YYYY-MM-DD"));
        }
        let path = format!("/v3/bill/tradebill?bill_date={day}&bill_type=ALL");
        let said = self.call(Verb::GET, &path, None).await?;
        self.download(&said.done()?).await
    }

    fn read_statement(&self, file: &[u8]) -> Result<Vec<StatementLine>, Rejected> {
        bill::read(file)
    }
}
