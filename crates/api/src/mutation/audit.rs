//! Owns which changes are written into the audit log: those of the staff, and those that come with a reason.

use domain::access::Role;
use domain::audit::Note;
use domain::text::Reason;
use http::{HeaderMap, HeaderName};
use percent_encoding::percent_decode_str;

use crate::auth::Caller;
use crate::problem::Problem;

/// The header in which somebody says why they do something. Characters beyond ASCII are percent-encoded UTF-8.
const REASON: HeaderName = HeaderName::from_static("x-reason");

/// What is to be written of a request, if anything is. Who does it is put in where it is sent on.
pub(super) fn note(caller: &Caller, headers: &HeaderMap) -> Result<Option<Note>, Problem> {
    let invalid = |detail: String| Problem::new("parameter_invalid", format!("the header X-Reason: {detail}"));
    let mut lines = headers.get_all(REASON).iter();
    let reason = match (lines.next(), lines.next()) {
        (None, _) => None,
        (Some(line), None) => {
            let text = line.to_str().map_err(|_| invalid("only ASCII; percent-encode the rest".to_owned()))?;
            let text = percent_decode_str(text).decode_utf8().map_err(|error| invalid(error.to_string()))?;
            Some(Reason::new(&text).map_err(|error| invalid(error.to_string()))?)
        }
        _ => return Err(invalid("send one".to_owned())),
    };
    let is_staff = caller.session.is_some() && Role::STAFF.contains(&caller.role);
    // Who gives a reason wants it kept, a server's too.
    Ok((is_staff || reason.is_some()).then(|| Note { actor: String::new(), reason }))
}
