//! Owns what the API answers of payments and of what is given back of them.

use serde::Deserialize;

use crate::show::Money;

/// A payment.
#[derive(Clone, Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the contract names the member")]
pub(crate) struct Payment {
    pub(crate) payment_id: String,
    pub(crate) order_no: String,
    pub(crate) status: String,
    /// What is owed.
    pub(crate) amount: Money,
    /// What was taken.
    pub(crate) captured: Money,
    /// What was given back.
    pub(crate) refunded: Money,
    /// What can still be given back.
    pub(crate) refundable: Money,
    pub(crate) next_action: Option<NextAction>,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) refunds: Vec<Refund>,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
}

/// What a payer does next.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct NextAction {
    /// `wait`, `redirect`, `qr_code` or `client_secret`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) url: Option<String>,
}

/// One submission to a provider.
#[derive(Clone, Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the contract names the member")]
pub(crate) struct Attempt {
    pub(crate) attempt_id: String,
    pub(crate) channel: String,
    pub(crate) method: String,
    pub(crate) status: String,
    /// The provider's own number.
    pub(crate) channel_no: Option<String>,
    /// The provider's word for why it failed.
    pub(crate) code: Option<String>,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
}

/// Something that a provider said.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Fact {
    /// `charge` or `refund`.
    pub(crate) subject: String,
    /// Our number of it.
    pub(crate) reference: String,
    /// `answer`, `closing`, `query`, `callback` or `statement`.
    pub(crate) source: Option<String>,
    pub(crate) verdict: String,
    pub(crate) amount: Option<Money>,
    /// The provider's own number.
    pub(crate) channel_no: Option<String>,
    /// The provider's word for why.
    pub(crate) code: Option<String>,
    /// What shows that it speaks of somebody else's account.
    pub(crate) stranger: Option<String>,
    /// What became of it.
    pub(crate) state: String,
    /// The shop's name for the account.
    pub(crate) account_name: Option<String>,
    pub(crate) received_at: String,
    /// In which words, masked.
    pub(crate) raw: Option<String>,
}

/// Money that is given back.
#[derive(Clone, Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the contract names the member")]
pub(crate) struct Refund {
    pub(crate) refund_id: String,
    pub(crate) payment_id: String,
    pub(crate) order_no: String,
    pub(crate) status: String,
    pub(crate) amount: Money,
    /// `requested`, `late` or `double`.
    pub(crate) cause: String,
    pub(crate) reason: String,
    pub(crate) lines: Vec<Part>,
    /// The provider's own number.
    pub(crate) channel_no: Option<String>,
    /// The provider's word for why it failed.
    pub(crate) code: Option<String>,
    pub(crate) requested_by: Option<String>,
    pub(crate) decided_by: Option<String>,
    pub(crate) decided_at: Option<String>,
    pub(crate) decision_reason: Option<String>,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
}

/// Units of one line that are given back.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Part {
    pub(crate) line: u32,
    pub(crate) quantity: i64,
    /// Whether they go back into stock.
    pub(crate) restock: bool,
}
