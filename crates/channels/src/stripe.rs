//! Stripe's payment intents: cards, refunds and events. It does not know how its answers and events are read, which its
//! folder does.
//!
//! Rules: <https://docs.stripe.com/api/payment_intents>, <https://docs.stripe.com/api/idempotent_requests>.

use async_trait::async_trait;
use domain::channel::{Kind, Method, NextAction, RawAnswer, Verdict};

use crate::secret::Secret;
use crate::settings::Settings;
use crate::sign::MacKey;
use crate::{
    Acknowledgement, Callback, Channel, Charge, Failure, Heard, Notice, Opened, Receipt, Rejected, Reversal,
    StatementLine, ask, clock, fact, form,
};

mod answer;
mod currency;
mod event;
mod gateway;
mod known;
#[cfg(test)]
mod tests;

/// The most bytes of a description, and of a refund's reason, which is kept as metadata.
const DESCRIPTION_MAX: usize = 500;
const REASON_MAX: usize = 450;

/// One account.
pub(crate) struct Stripe {
    gateway: outbound::Url,
    secret_key: Secret,
    webhook_keys: Vec<MacKey>,
    ask: ask::Ask,
}

impl Stripe {
    pub(crate) fn open(settings: &mut Settings) -> Result<Self, Failure> {
        let gateway = settings.gateway()?;
        Ok(Self {
            ask: ask::Ask::open(&gateway)?,
            gateway,
            secret_key: settings.secret("secret_key")?,
            webhook_keys: settings.secrets("webhook_secrets")?.iter().map(MacKey::new).collect(),
        })
    }

    /// Creates the intent, or is told again what was answered when it was created.
    async fn create(&self, charge: &Charge) -> Result<(answer::Intent, RawAnswer), Failure> {
        known::may_create(charge, clock::now())?;
        let amount = currency::minor_text(charge.amount)?;
        let currency = charge.amount.currency.code().to_ascii_lowercase();
        let wish = [
            ("amount", &amount[..]),
            ("currency", &currency),
            ("description", fact::cut(&charge.subject, DESCRIPTION_MAX)),
            ("metadata[out_trade_no]", &charge.out_trade_no),
            ("payment_method_types[]", "card"),
        ];
        let intent = self.post("/v1/payment_intents", &wish, Some(&charge.provider_key)).await;
        let (intent, raw): (answer::Intent, _) = intent?;
        intent.is_of(&charge.out_trade_no)?;
        Ok((intent, raw))
    }

    /// The intent's number. Where nobody wrote it down, the same key brings the same intent, while Stripe keeps the key.
    async fn intent_no(&self, charge: &Charge) -> Result<String, Failure> {
        match &charge.channel_no {
            Some(number) => Ok(number.clone()),
            None => Ok(self.create(charge).await?.0.id),
        }
    }

    async fn create_refund(
        &self,
        reversal: &Reversal,
        charge_no: &str,
    ) -> Result<(answer::Refund, RawAnswer), Failure> {
        let amount = currency::minor_text(reversal.amount)?;
        let wish = [
            ("amount", &amount[..]),
            ("metadata[out_refund_no]", &reversal.out_refund_no),
            ("metadata[out_trade_no]", &reversal.out_trade_no),
            ("metadata[reason]", fact::cut(&reversal.reason, REASON_MAX)),
            ("payment_intent", charge_no),
        ];
        let refund = self.post("/v1/refunds", &wish, Some(&reversal.provider_key)).await;
        let (refund, raw): (answer::Refund, _) = refund.map_err(known::foreign)?;
        refund.is_of(&reversal.out_refund_no)?;
        Ok((refund, raw))
    }
}

#[async_trait]
impl Channel for Stripe {
    fn kind(&self) -> Kind {
        Kind::Stripe
    }

    async fn charge(&self, charge: &Charge) -> Result<Opened, Failure> {
        if charge.method != Method::Card {
            return Err(fact::unfit("method_not_supported", "Stripe has cards here"));
        }
        let (intent, raw): (answer::Intent, _) = match &charge.channel_no {
            Some(number) => fact::afterwards(self.get(&intent_path(number)).await.map_err(known::foreign))?,
            None => self.create(charge).await?,
        };
        let fact = intent.fact(&charge.out_trade_no)?;
        let action = intent.client_secret.filter(|_| fact.verdict == Verdict::Pending).map(NextAction::ClientSecret);
        Ok(Opened { heard: fact::heard(fact, raw), action })
    }

    async fn query(&self, charge: &Charge) -> Result<Heard, Failure> {
        // What is told again is as old as the intent, so it is asked for by its number all the same.
        let number = match self.intent_no(charge).await {
            // The answer that was kept under the key, or our own: the intent was never made.
            Err(Failure::Refused { code, raw, .. }) => return never_made(charge, &code, Some(raw)),
            Err(Failure::Unfit { code, .. }) => return never_made(charge, &code, None),
            number => number?,
        };
        let intent = self.get::<answer::Intent>(&intent_path(&number)).await.map_err(known::foreign);
        let intent = if charge.channel_no.is_none() { fact::afterwards(intent) } else { intent };
        let (intent, raw) = intent?;
        Ok(fact::heard(intent.fact(&charge.out_trade_no)?, raw))
    }

    async fn close(&self, charge: &Charge) -> Result<Heard, Failure> {
        let number = match self.intent_no(charge).await {
            Err(Failure::Refused { .. } | Failure::Unfit { .. }) => return fact::afterwards(self.query(charge).await),
            number => number?,
        };
        let path = intent_path(&number) + "/cancel";
        match self.post::<answer::Intent>(&path, &[], None).await {
            Ok((intent, raw)) => Ok(fact::heard(intent.fact(&charge.out_trade_no)?, raw)),
            Err(Failure::Refused { code, .. }) if code == answer::TOO_LATE => {
                fact::afterwards(self.query(&Charge { channel_no: Some(number), ..charge.clone() }).await)
            }
            Err(failure) if charge.channel_no.is_none() => fact::afterwards(Err(failure)),
            Err(failure) => Err(known::foreign(failure)),
        }
    }

    /// Stripe forgets a key after a day, and asked for again behind that it would give back a second time. How often and
    /// when this refund was asked for before is not known here, so it is looked for first, always.
    async fn refund(&self, reversal: &Reversal) -> Result<Heard, Failure> {
        let charge_no = known::charge_no(reversal)?;
        let (refund, raw) = match self.find_refund(reversal, charge_no).await? {
            (Some(refund), raw) => (refund, raw),
            (None, _) => self.create_refund(reversal, charge_no).await?,
        };
        Ok(fact::heard(refund.fact(&reversal.out_refund_no)?, raw))
    }

    async fn query_refund(&self, reversal: &Reversal) -> Result<Heard, Failure> {
        let Some(number) = &reversal.channel_no else {
            return match self.find_refund(reversal, known::charge_no(reversal)?).await? {
                (Some(refund), raw) => Ok(fact::heard(refund.fact(&reversal.out_refund_no)?, raw)),
                (None, raw) => fact::bare_refund(reversal, Verdict::NotFound, raw),
            };
        };
        let refund = self.get::<answer::Refund>(&format!("/v1/refunds/{}", form::escape(number))).await;
        let (refund, raw) = refund.map_err(known::foreign)?;
        Ok(fact::heard(refund.fact(&reversal.out_refund_no)?, raw))
    }

    fn read(&self, callback: &Callback<'_>) -> Result<Notice, Rejected> {
        event::read(&self.webhook_keys, callback)
    }

    fn acknowledge(&self, receipt: Receipt) -> Acknowledgement {
        let (status, body) = match receipt {
            Receipt::Taken => (200, ""),
            Receipt::Later => (500, "not stored, send it again"),
            Receipt::Rejected => (400, "not believed"),
        };
        let content_type = (!body.is_empty()).then_some("text/plain");
        Acknowledgement { status, content_type, body }
    }

    async fn statement(&self, _day: &str) -> Result<Vec<u8>, Failure> {
        Err(fact::unfit("statement_not_supported", "Stripe's reports are not fetched"))
    }

    fn read_statement(&self, _file: &[u8]) -> Result<Vec<StatementLine>, Rejected> {
        Err(Rejected::Malformed("Stripe's reports are not read".to_owned()))
    }
}

fn never_made(charge: &Charge, code: &str, raw: Option<RawAnswer>) -> Result<Heard, Failure> {
    let said = fact::Said { code: Some(code), ..fact::Said::default() };
    Ok(Heard { fact: said.of_charge(&charge.out_trade_no, Verdict::Failed)?, raw })
}

fn intent_path(number: &str) -> String {
    format!("/v1/payment_intents/{}", form::escape(number))
}
