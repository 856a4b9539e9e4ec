//! Owns the names that a request has beside its key: the one-time token that it brings, and what it asks for within some
//! time.

use domain::{Alias, Timestamp, Token};
use http::{HeaderMap, HeaderName};

use super::Mutation;
use crate::problem::Problem;
use crate::token::{Binding, Purpose};
use crate::{stamp, wire};

/// The header of a one-time token.
const ONE_TIME_TOKEN: HeaderName = HeaderName::from_static("one-time-token");

impl Mutation {
    /// A one-time token for the caller.
    pub(crate) fn seal(&self, wanted: &wire::Wanted, until: Timestamp) -> String {
        let binding = self.binding(wanted.purpose, &wanted.subject, &wanted.content);
        self.api.mint().seal(&binding, stamp::id(), until)
    }

    /// Takes the one-time token that came along, which must be for this. Whether it was used, or has expired, is for the
    /// transaction to say.
    pub(crate) fn take_token(&mut self, purpose: Purpose, subject: &str, is_required: bool) -> Result<(), Problem> {
        let Some(text) = self.one_time_token.take() else {
            self.token = if is_required { Token::Missing } else { Token::None };
            return Ok(());
        };
        let presented = self.api.mint().open(&text, &self.binding(purpose, subject, &self.body)).ok_or_else(|| {
            let detail =
                "the one-time token is not one of ours, or is bound to another caller, purpose, subject or body";
            Problem::new("token_invalid", detail)
        })?;
        self.aliases.push(Alias { key: presented.name, since: None });
        self.token = Token::Until(presented.until);
        Ok(())
    }

    /// Requests without a key that ask for the same within so many milliseconds are one.
    ///
    /// Who is told to come again was told so at the end of the longest wait for an answer: that counts in, so that the first
    /// arrival is still known then.
    pub(crate) fn same_within(&mut self, within_ms: i64) {
        let wait = i64::try_from(self.api.settings().answer_wait.as_millis()).unwrap_or(i64::MAX);
        let within_ms = within_ms.saturating_add(wait.saturating_mul(2));
        self.aliases.extend(Alias::same_within(&self.fingerprints, self.at, within_ms));
    }

    fn binding<'a>(&self, purpose: Purpose, subject: &'a str, content: &'a str) -> Binding<'a> {
        Binding { tenant: self.caller.tenant, principal: self.caller.principal, purpose, subject, content }
    }
}

/// The header as it was sent. It is a name of the request beside its key, and no part of what is asked for.
pub(super) fn read_token(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut lines = headers.get_all(ONE_TIME_TOKEN).iter();
    let Some(line) = lines.next() else { return Ok(None) };
    match (line.to_str(), lines.next()) {
        (Ok(text), None) => Ok(Some(text.trim().to_owned())),
        _ => Err(Problem::new("token_invalid", "send one header One-Time-Token, as the server gave it")),
    }
}
