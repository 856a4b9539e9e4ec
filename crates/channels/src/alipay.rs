//! Alipay's open platform: pages, codes, refunds, notifications and bills. It does not know how its messages are signed
//! and read, which its folder does.
//!
//! Rules: <https://opendocs.alipay.com/open/270/105902> (page), <https://opendocs.alipay.com/open/194/105322> (codes).

use async_trait::async_trait;
use domain::channel::{Kind, Method, NextAction, Verdict};
use serde_json::json;

use crate::settings::{Settings, wrong};
use crate::sign::{PrivateKey, PublicKey};
use crate::{
    Acknowledgement, Callback, Channel, Charge, Failure, Heard, Notice, Opened, Receipt, Rejected, Reversal,
    StatementLine, amount, ask, clock, fact,
};

mod answer;
mod bill;
mod gateway;
mod notify;
#[cfg(test)]
mod tests;

/// The most bytes of a subject and of a refund's reason.
const WORDS_MAX: usize = 256;

/// One merchant's application.
pub(crate) struct Alipay {
    gateway: outbound::Url,
    app_id: String,
    seller_id: String,
    private_key: PrivateKey,
    public_keys: Vec<PublicKey>,
    ask: ask::Ask,
}

impl Alipay {
    pub(crate) fn open(settings: &mut Settings) -> Result<Self, Failure> {
        let named = |said: String| wrong("private_key", &said);
        let private_key = PrivateKey::read(&settings.secret("private_key")?).map_err(named)?;
        let public_keys = settings.secrets("alipay_public_keys")?;
        let public_keys = public_keys.iter().map(PublicKey::read).collect::<Result<_, _>>();
        let gateway = settings.gateway()?;
        Ok(Self {
            ask: ask::Ask::open(&gateway)?,
            gateway,
            app_id: settings.text("app_id")?,
            seller_id: settings.text("seller_id")?,
            private_key,
            public_keys: public_keys.map_err(|said| wrong("alipay_public_keys", &said))?,
        })
    }

    /// A page's address is only built: Alipay hears of the charge when the payer's browser goes there.
    fn page(&self, charge: &Charge) -> Result<Opened, Failure> {
        let business = json!({
            "out_trade_no": charge.out_trade_no,
            "product_code": "FAST_INSTANT_TRADE_PAY",
            "subject": fact::cut(&charge.subject, WORDS_MAX),
            "time_expire": clock::china_text(charge.expires_at),
            "total_amount": amount::yuan(charge.amount)?,
        });
        let mut members = self.members("alipay.trade.page.pay", &business);
        members.insert("notify_url", charge.notify_url.clone());
        if let Some(return_url) = &charge.return_url {
            members.insert("return_url", return_url.clone());
        }
        let url = format!("{}?{}", self.gateway, self.signed(members));
        let fact = fact::Said::default().of_charge(&charge.out_trade_no, Verdict::Pending)?;
        Ok(Opened { heard: Heard { fact, raw: None }, action: Some(NextAction::Redirect(url)) })
    }

    async fn code(&self, charge: &Charge) -> Result<Opened, Failure> {
        let business = json!({
            "out_trade_no": charge.out_trade_no,
            "subject": fact::cut(&charge.subject, WORDS_MAX),
            "time_expire": clock::china_text(charge.expires_at),
            "total_amount": amount::yuan(charge.amount)?,
        });
        let said = self.call("alipay.trade.precreate", &business, Some(&charge.notify_url)).await?;
        if said.refused_with(&["ACQ.TRADE_HAS_SUCCESS", "ACQ.TRADE_HAS_CLOSE"]) {
            return Ok(Opened { heard: fact::afterwards(self.query(charge).await)?, action: None });
        }
        let raw = said.raw();
        let code: answer::Code = said.done()?;
        fact::same("out_trade_no", &code.out_trade_no, &charge.out_trade_no)?;
        let heard = fact::bare(charge, Verdict::Pending, raw)?;
        Ok(Opened { heard, action: Some(NextAction::QrCode(code.qr_code)) })
    }
}

#[async_trait]
impl Channel for Alipay {
    fn kind(&self) -> Kind {
        Kind::Alipay
    }

    fn is_made_here(&self, method: Method) -> bool {
        method == Method::Page
    }

    async fn charge(&self, charge: &Charge) -> Result<Opened, Failure> {
        match charge.method {
            Method::Page => self.page(charge),
            Method::Qr => self.code(charge).await,
            Method::Card => Err(fact::unfit("method_not_supported", "Alipay has pages and codes")),
        }
    }

    async fn query(&self, charge: &Charge) -> Result<Heard, Failure> {
        let business = json!({ "out_trade_no": charge.out_trade_no });
        let said = self.call("alipay.trade.query", &business, None).await?;
        let raw = said.raw();
        if said.refused_with(&[answer::NOT_FOUND]) {
            return fact::bare(charge, Verdict::NotFound, raw);
        }
        Ok(fact::heard(said.done::<answer::Trade>()?.fact(&charge.out_trade_no)?, raw))
    }

    async fn close(&self, charge: &Charge) -> Result<Heard, Failure> {
        let business = json!({ "out_trade_no": charge.out_trade_no });
        let said = self.call("alipay.trade.close", &business, None).await?;
        let raw = said.raw();
        if said.refused_with(&[answer::NOT_FOUND]) {
            return fact::bare(charge, Verdict::NotFound, raw);
        }
        if said.refused_with(answer::TOO_LATE_TO_CLOSE) {
            return fact::afterwards(self.query(charge).await);
        }
        Ok(fact::heard(said.done::<answer::Closed>()?.fact(&charge.out_trade_no)?, raw))
    }

    async fn refund(&self, reversal: &Reversal) -> Result<Heard, Failure> {
        let business = json!({
            "out_request_no": reversal.out_refund_no,
            "out_trade_no": reversal.out_trade_no,
            "refund_amount": amount::yuan(reversal.amount)?,
            "refund_reason": fact::cut(&reversal.reason, WORDS_MAX),
        });
        let said = self.call("alipay.trade.refund", &business, None).await?;
        let raw = said.raw();
        match said.done::<answer::Refunded>()?.fact(reversal)? {
            Some(fact) => Ok(fact::heard(fact, raw)),
            None => fact::afterwards(self.query_refund(reversal).await),
        }
    }

    async fn query_refund(&self, reversal: &Reversal) -> Result<Heard, Failure> {
        let business = json!({ "out_request_no": reversal.out_refund_no, "out_trade_no": reversal.out_trade_no });
        let said = self.call("alipay.trade.fastpay.refund.query", &business, None).await?;
        let raw = said.raw();
        if said.refused_with(&[answer::NOT_FOUND]) {
            return fact::bare_refund(reversal, Verdict::NotFound, raw);
        }
        Ok(fact::heard(said.done::<answer::RefundFound>()?.fact(reversal)?, raw))
    }

    fn read(&self, callback: &Callback<'_>) -> Result<Notice, Rejected> {
        notify::read(self, callback.body)
    }

    fn acknowledge(&self, receipt: Receipt) -> Acknowledgement {
        // Alipay compares the seven letters; anything else is sent again.
        let body = if receipt == Receipt::Taken { "success" } else { "failure" };
        Acknowledgement { status: 200, content_type: Some("text/plain"), body }
    }

    async fn statement(&self, day: &str) -> Result<Vec<u8>, Failure> {
        if !clock::is_day(day) {
            return Err(fact::unfit("day_invalid", "a day is written YYYY-MM-DD"));
        }
        let business = json!({ "bill_date": day, "bill_type": "trade" });
        let said = self.call("alipay.data.dataservice.bill.downloadurl.query", &business, None).await?;
        let place: answer::BillPlace = said.done()?;
        self.download(&place.bill_download_url).await
    }

    fn read_statement(&self, file: &[u8]) -> Result<Vec<StatementLine>, Rejected> {
        bill::read(file)
    }
}
