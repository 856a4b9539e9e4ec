//! Owns the audit log's entries and the chain that ties each to the one before, so that nobody takes one out, or changes
//! one, without breaking the rest. Whoever may write all of a database can also write a chain anew: that shows only where
//! somebody keeps its end elsewhere.

use sha2::{Digest as _, Sha256};

use crate::text::Reason;
use crate::{Action, Command, Outcome, PrincipalId, TenantId, Timestamp};

/// The form of the text that is hashed. Another one gets another number.
const VERSION: u8 = 2;

/// That a command is to be written down, and what its sender says to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// Who does it, as others name them: what is hashed, so that whoever reads the log can compute the chain.
    pub actor: String,
    /// Why it is done.
    pub reason: Option<Reason>,
}

/// What is written down that is no command: somebody's own log-in, or what they prove themselves with.
#[derive(Clone, Copy, Debug)]
pub struct Deed<'a> {
    /// What is done, `sessions.open`.
    pub action: &'static str,
    /// To what; empty where it is the person themselves.
    pub subject: &'a str,
    /// In which request.
    pub moment: Moment<'a>,
}

/// When something is done, and in which request.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// When.
    pub at: Timestamp,
    /// What the request is called; empty where it has no name.
    pub request_id: &'a str,
}

impl From<Timestamp> for Moment<'static> {
    fn from(at: Timestamp) -> Self {
        Self { at, request_id: "" }
    }
}

/// The end of a tenant's chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Whose.
    pub tenant: TenantId,
    /// How many entries there are.
    pub length: i64,
    /// The hash of the last; zeros where there is none.
    pub hash: [u8; 32],
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whose.
    pub tenant: TenantId,
    /// Its place, from 1, without gaps.
    pub place: i64,
    /// When.
    pub at: Timestamp,
    /// In whose name it was done.
    pub principal: PrincipalId,
    /// Who that is, as others name them.
    pub actor: String,
    /// What was done, `orders.ship`.
    pub action: String,
    /// To what; empty where it has no name.
    pub subject: String,
    /// What came of it: `done`, or the code of the refusal.
    pub outcome: String,
    /// Why, if they said so.
    pub reason: Option<Reason>,
    /// Of which request.
    pub request_id: String,
    /// The hash of the entry before.
    pub before: [u8; 32],
    /// The hash of this one.
    pub hash: [u8; 32],
}

impl Head {
    /// Before the first entry.
    pub const fn first(tenant: TenantId) -> Self {
        Self { tenant, length: 0, hash: [0; 32] }
    }

    /// The entry of a command that was decided.
    pub fn next(&self, command: &Command, note: &Note, outcome: &Outcome) -> Entry {
        let outcome = match outcome {
            Outcome::Accepted(_) => "done",
            Outcome::Refused(refusal) => refusal.code(),
        };
        self.with(Entry {
            tenant: self.tenant,
            place: self.length + 1,
            at: command.at,
            principal: command.principal,
            actor: note.actor.clone(),
            action: command.action.audit_name().to_owned(),
            subject: command.action.subject(),
            outcome: outcome.to_owned(),
            reason: note.reason.clone(),
            request_id: command.request_id.clone(),
            before: self.hash,
            hash: [0; 32],
        })
    }

    /// The entry of what somebody of this name did with what is their own.
    pub fn next_of(&self, principal: PrincipalId, actor: String, deed: Deed<'_>) -> Entry {
        self.with(Entry {
            tenant: self.tenant,
            place: self.length + 1,
            at: deed.moment.at,
            principal,
            actor,
            action: deed.action.to_owned(),
            subject: deed.subject.to_owned(),
            outcome: "done".to_owned(),
            reason: None,
            request_id: deed.moment.request_id.to_owned(),
            before: self.hash,
            hash: [0; 32],
        })
    }

    fn with(&self, entry: Entry) -> Entry {
        debug_assert_eq!((entry.tenant, entry.before), (self.tenant, self.hash));
        Entry { hash: entry.computed(), ..entry }
    }
}

impl Entry {
    /// The chain's end behind this entry.
    pub const fn head(&self) -> Head {
        Head { tenant: self.tenant, length: self.place, hash: self.hash }
    }

    /// What the entry's hash must be: of nothing but what a reader of the log is shown, so that it can be computed anywhere.
    /// Each text stands behind its length, so that no two entries give the same bytes. The numbers of the tenant and of the
    /// principal are not shown, and not in it: that an entry is of its tenant shows by whoever did it.
    pub fn computed(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update([VERSION]);
        hash.update(self.before);
        for number in [self.place, self.at.0] {
            hash.update(number.to_be_bytes());
        }
        let reason = self.reason.as_ref().map(Reason::as_str);
        let texts = [&self.actor, &self.action, &self.subject, &self.outcome, &self.request_id];
        for text in texts.into_iter().map(|text| Some(text.as_str())).chain([reason]) {
            // A reason that is missing is not an empty one.
            hash.update(text.map_or(u64::MAX, |text| text.len() as u64).to_be_bytes());
            hash.update(text.unwrap_or_default().as_bytes());
        }
        hash.finalize().into()
    }

    /// Whether the entry follows on what stands before it.
    pub fn follows(&self, before: &Head) -> bool {
        let place = (self.tenant, self.place, self.before) == (before.tenant, before.length + 1, before.hash);
        place && self.hash == self.computed()
    }
}

/// How many characters a subject has.
const SUBJECT_MAX: usize = 200;

impl Action {
    /// What the action is called in the audit log.
    pub const fn audit_name(&self) -> &'static str {
        match self {
            Self::PutProduct(_) => "products.put",
            Self::MoveStock(_) => "stock.move",
            Self::IssueOrderNumber { .. } => "orders.number",
            Self::PlaceOrder(_) => "orders.place",
            Self::CancelOrder { .. } => "orders.cancel",
            Self::ExpireOrder { .. } => "orders.expire",
            Self::ShipOrder(_) => "orders.ship",
            Self::CorrectShipment(_) => "orders.correct_shipment",
            Self::ReceiveOrder { .. } => "orders.receive",
            Self::StartPayment(_) => "payments.start",
            Self::CloseAttempts { .. } => "payments.close",
            Self::RefundPayment(_) => "refunds.start",
            Self::RetryRefund(_) => "refunds.retry",
            Self::ApproveRefund(_) => "refunds.approve",
            Self::RejectRefund(_) => "refunds.reject",
            Self::SetRefundLimits(_) => "policies.refunds",
            Self::QueryPayment(_) => "payments.query",
            Self::ApplyChannelFact(_) => "payments.apply",
            Self::NoteSilence(_) => "payments.silence",
            Self::AddPerson(_) => "people.add",
            Self::StepPerson(_) => "people.change",
            Self::StepTenant(_) => "tenants.change",
            Self::ResolveReview(_) => "reviews.resolve",
            Self::SwitchChannel(_) => "channels.switch",
            Self::EndSession(_) => "sessions.end",
            Self::PutSessionRules(_) => "policies.sessions",
            Self::IssueApiKey(_) => "api_keys.issue",
            Self::RevokeApiKey(_) => "api_keys.revoke",
            Self::SetCheckoutPolicy(_) => "policies.checkout",
        }
    }

    /// What the action is done to.
    fn subject(&self) -> String {
        match self {
            Self::PutProduct(put) => put.sku.to_string(),
            Self::MoveStock(movement) => movement.sku.to_string(),
            Self::StartPayment(start) => start.order_no.to_string(),
            Self::RefundPayment(refund) => refund.payment.to_string(),
            Self::RetryRefund(retry) => retry.failed.to_string(),
            Self::ApproveRefund(approve) => approve.refund.to_string(),
            Self::RejectRefund(reject) => reject.refund.to_string(),
            Self::QueryPayment(query) => query.payment.to_string(),
            Self::ResolveReview(resolve) => resolve.review.to_string(),
            Self::SwitchChannel(switch) => {
                format!("{} {}", switch.account, if switch.is_enabled { "on" } else { "off" })
            }
            Self::AddPerson(add) => format!("{} {} {}", add.id, add.kind.name(), add.role.name()),
            Self::StepPerson(step) => {
                let role = if let crate::person::Step::Role(role) = step.step { role.name() } else { "" };
                format!("{} {} {role}", step.id, step.step.name()).trim_end().to_owned()
            }
            Self::StepTenant(step) => format!("{} {}", step.public_id, step.step.name()),
            Self::EndSession(end) => format!("{} {}", end.person, end.session),
            // What it is from now on: the one before stands in the entry of its own.
            Self::PutSessionRules(put) => format!("{} {}", put.kind.name(), put.rules),
            Self::IssueApiKey(issue) => format!("{} {} {}", issue.id, issue.role.name(), issue.account),
            Self::RevokeApiKey(name) => name.to_string(),
            Self::SetCheckoutPolicy(set) => set.policy.to_string(),
            Self::SetRefundLimits(set) => within(&set.limits.to_string()),
            Self::ApplyChannelFact(_) | Self::NoteSilence(_) => String::new(),
            other => other.order_no().map(|order_no| order_no.to_string()).unwrap_or_default(),
        }
    }
}

/// As much of a text as a subject has room for.
fn within(text: &str) -> String {
    match text.char_indices().nth(SUBJECT_MAX - 1) {
        Some((at, _)) if text.chars().count() > SUBJECT_MAX => format!("{}…", &text[..at]),
        _ => text.to_owned(),
    }
}
