//! The simulator's own protocol. It does not know how its messages are signed and read, which its folder does.

use async_trait::async_trait;
use domain::channel::{Kind, Method, NextAction, Verdict};
use outbound::Method as Verb;
use serde_json::json;

use crate::settings::Settings;
use crate::sign::MacKey;
use crate::{
    Acknowledgement, Callback, Channel, Charge, Failure, Heard, Notice, Opened, Receipt, Rejected, Reversal,
    StatementLine, amount, ask, clock, fact, form,
};

mod gateway;
mod message;
mod statement;
#[cfg(test)]
mod tests;

/// One account.
pub(crate) struct Sandbox {
    gateway: outbound::Url,
    account: String,
    /// The first one signs, each one verifies.
    keys: Vec<MacKey>,
    ask: ask::Ask,
}

impl Sandbox {
    pub(crate) fn open(settings: &mut Settings) -> Result<Self, Failure> {
        let gateway = settings.gateway()?;
        Ok(Self {
            ask: ask::Ask::open(&gateway)?,
            gateway,
            account: settings.text("account")?,
            keys: settings.secrets("secrets")?.iter().map(MacKey::new).collect(),
        })
    }
}

fn charge_path(charge: &Charge) -> String {
    format!("/v1/charges/{}", form::escape(&charge.out_trade_no))
}

#[async_trait]
impl Channel for Sandbox {
    fn kind(&self) -> Kind {
        Kind::Sandbox
    }

    async fn charge(&self, charge: &Charge) -> Result<Opened, Failure> {
        let wish = json!({
            "amount": amount::positive(charge.amount)?,
            "currency": charge.amount.currency.code(),
            "expires_at": clock::utc_rfc3339(charge.expires_at),
            "method": charge.method.name(),
            "notify_url": charge.notify_url,
            "out_trade_no": charge.out_trade_no,
            "return_url": charge.return_url,
            "subject": charge.subject,
        });
        let said = self.call(Verb::POST, "/v1/charges", Some((&wish, &charge.provider_key))).await?;
        let raw = said.raw();
        let said: message::Charge = said.done()?;
        let fact = said.asked(&charge.out_trade_no)?;
        let pay_url = said.pay_url.filter(|_| fact.verdict == Verdict::Pending);
        let action = pay_url
            .map(|url| if charge.method == Method::Qr { NextAction::QrCode(url) } else { NextAction::Redirect(url) });
        Ok(Opened { heard: fact::heard(fact, raw), action })
    }

    async fn query(&self, charge: &Charge) -> Result<Heard, Failure> {
        let said = self.call(Verb::GET, &charge_path(charge), None).await?;
        let raw = said.raw();
        if said.not_found() {
            return fact::bare(charge, Verdict::NotFound, raw);
        }
        Ok(fact::heard(said.done::<message::Charge>()?.asked(&charge.out_trade_no)?, raw))
    }

    async fn close(&self, charge: &Charge) -> Result<Heard, Failure> {
        let said = self.call(Verb::POST, &format!("{}/close", charge_path(charge)), None).await?;
        let raw = said.raw();
        if said.not_found() {
            return fact::bare(charge, Verdict::NotFound, raw);
        }
        Ok(fact::heard(said.done::<message::Charge>()?.asked(&charge.out_trade_no)?, raw))
    }

    async fn refund(&self, reversal: &Reversal) -> Result<Heard, Failure> {
        let wish = json!({
            "amount": amount::positive(reversal.amount)?,
            "currency": reversal.amount.currency.code(),
            "notify_url": reversal.notify_url,
            "out_refund_no": reversal.out_refund_no,
            "out_trade_no": reversal.out_trade_no,
            "reason": reversal.reason,
        });
        let said = self.call(Verb::POST, "/v1/refunds", Some((&wish, &reversal.provider_key))).await?;
        let raw = said.raw();
        Ok(fact::heard(said.done::<message::Refund>()?.asked(reversal)?, raw))
    }

    async fn query_refund(&self, reversal: &Reversal) -> Result<Heard, Failure> {
        let path = format!("/v1/refunds/{}", form::escape(&reversal.out_refund_no));
        let said = self.call(Verb::GET, &path, None).await?;
        let raw = said.raw();
        if said.not_found() {
            return fact::bare_refund(reversal, Verdict::NotFound, raw);
        }
        Ok(fact::heard(said.done::<message::Refund>()?.asked(reversal)?, raw))
    }

    fn read(&self, callback: &Callback<'_>) -> Result<Notice, Rejected> {
        self.verify_callback(callback)?;
        message::read(callback.body, &self.account)
    }

    fn acknowledge(&self, receipt: Receipt) -> Acknowledgement {
        let (status, body) = match receipt {
            Receipt::Taken => (200, "ok"),
            Receipt::Later => (500, "not stored, send it again"),
            Receipt::Rejected => (401, "not believed"),
        };
        Acknowledgement { status, content_type: Some("text/plain"), body }
    }

    async fn statement(&self, day: &str) -> Result<Vec<u8>, Failure> {
        if !clock::is_day(day) {
            return Err(fact::unfit("day_invalid", "a day is written YYYY-MM-DD"));
        }
        self.call(Verb::GET, &format!("{}{day}", gateway::STATEMENTS), None).await?.file()
    }

    fn read_statement(&self, file: &[u8]) -> Result<Vec<StatementLine>, Rejected> {
        statement::read(file)
    }
}
