//! Owns forms: what somebody typed, how a refusal shows it to them again, and the way out and back where a proof is asked for.

mod field;
pub(crate) mod kept;
pub(crate) mod span;
mod typed;

use crate::inside::{Change, Reply, part};
use crate::lang::Lang;
use crate::refused::Refused;
use crate::visit::{Visit, new_key};
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};

pub(crate) use field::Field;
pub(crate) use span::Span;
pub(crate) use typed::Typed;

/// What was done with a form that was refused.
pub(crate) struct Trouble {
    /// The form's name on its page.
    pub(crate) deed: String,
    pub(crate) typed: Typed,
    pub(crate) refused: Refused,
}

/// What a form shows that somebody filled before: it was refused, or they come back from proving who they are.
#[derive(Clone, Copy, Default)]
pub(crate) struct Draft<'a> {
    typed: Option<&'a Typed>,
    refused: Option<&'a Refused>,
}

/// Something that is done with what a page is about, in a form that opens.
pub(crate) struct Deed<'a> {
    /// The page. The form is sent to its name below it.
    pub(crate) page: &'a str,
    pub(crate) name: &'a str,
    /// What the button says.
    pub(crate) word: &'a str,
    /// Whether it takes something away.
    pub(crate) is_danger: bool,
    /// The version that the person sees, where the API compares it.
    pub(crate) version: Option<u32>,
    /// Whether the audit log is told why; some forms ask for a reason of their own.
    pub(crate) says_why: bool,
}

impl<'a> Draft<'a> {
    /// Of a form: from the refusal if it was this one, or from the page's query if that names it.
    pub(crate) fn of(deed: &str, trouble: Option<&'a Trouble>, asked: &'a Typed) -> Self {
        match trouble {
            Some(trouble) if trouble.deed == deed => {
                Self { typed: Some(&trouble.typed), refused: Some(&trouble.refused) }
            }
            None if asked.said("deed") == deed => Self { typed: Some(asked), refused: None },
            _ => Self::default(),
        }
    }

    /// What stands in a field.
    pub(crate) fn said(self, name: &str) -> Option<&'a str> {
        self.typed.map(|typed| typed.said(name))
    }

    /// What is wrong at a place of the body that was sent.
    pub(crate) fn wrong(self, pointer: &str) -> Option<&'a str> {
        self.refused.and_then(|refused| refused.at(pointer))
    }

    /// The key of a wish of which nobody knows yet what became: pressed again it is the same wish, and nothing of it is changed.
    pub(crate) fn open_wish(self) -> Option<&'a str> {
        self.refused.filter(|refused| !refused.is_final())?;
        self.typed.and_then(Typed::key)
    }

    /// What a form held when it was filled, where its wish is not over.
    fn still(self, name: &str) -> Option<&'a str> {
        if self.refused.is_some_and(Refused::is_final) {
            return None;
        }
        self.typed.and_then(|typed| typed.given(name))
    }

    /// Whether somebody is in the middle of it.
    pub(crate) const fn is_begun(self) -> bool {
        self.typed.is_some()
    }

    /// What was refused, and what one does about it.
    pub(crate) fn notice(self, page: &str, deed: &str, lang: Lang) -> Markup {
        html! {
            @if let (Some(refused), Some(typed)) = (self.refused, self.typed) {
                (refused.notice(lang))
                @if self.open_wish().is_some() {
                    p.notice { (lang.say("It is not known yet whether this was done. Press again: it is the same wish, and is done once.", "暂时不知道是否已执行。请再次提交：仍是同一请求，不会重复执行。")) }
                }
                (refused.way_out(lang, &typed.back(page, deed)))
            }
        }
    }
}

/// What somebody else set since the form was opened, above what was typed into it.
pub(crate) fn as_it_is(trouble: Option<&Trouble>, now: &Markup, lang: Lang) -> Markup {
    html! {
        @if trouble.is_some_and(|trouble| trouble.refused.code == "version_mismatch") {
            p { (lang.say("This is how it is now. What you typed is below.", "以下是当前设置，您填写的内容保留在下方表单中。")) }
            (now)
        }
    }
}

/// What the address says of a wish that was done before: the answer is the one of that time.
const AGAIN: &str = "again=yes";

/// Says so, on whatever page one is led to.
pub(crate) fn again(visit: &Visit) -> Markup {
    let lang = visit.lang();
    html! {
        @if visit.here.split(['?', '&']).skip(1).any(|part| part == AGAIN) {
            p.notice role="status" {
                (lang.say("This form had been sent before: you see the answer of that time, and nothing was done a second time. For the same once more, begin with a new form.",
                    "该表单此前已提交：显示的是当时的结果，没有重复执行。如需再做一次，请重新打开表单填写。"))
            }
        }
    }
}

/// Does what a form wants, and goes where the answer leads. What was refused is for the page to show; who has no session logs
/// in.
pub(crate) async fn send(
    visit: &Visit,
    change: Change<'_>,
    to: impl FnOnce(&Reply) -> Result<String, Refused>,
) -> Result<Response, Refused> {
    match visit.inside.send(change).await {
        Ok(reply) => {
            let to = to(&reply)?;
            Ok(Redirect::to(&if reply.is_replay() { format!("{to}&{AGAIN}") } else { to }).into_response())
        }
        Err(refused) if refused.is_nobody() => Ok(refused.page(visit)),
        Err(refused) => Err(refused),
    }
}

/// The answer where not even the page of a form may be seen: what was typed is there behind the proof, or the log-in.
pub(crate) fn unseen(visit: &Visit, refused: &Refused, trouble: Option<&Trouble>, page: &str) -> Response {
    let back = trouble.map(|trouble| {
        if trouble.refused.is_final() {
            trouble.typed.back(page, &trouble.deed)
        } else {
            // Nobody knows what became of it: it stays the same wish.
            trouble.typed.still(page, &trouble.deed)
        }
    });
    refused.page_and_back(visit, back.as_deref().unwrap_or(&visit.here))
}

/// What was refused where no form on the page is the one that was sent: what it was about has left the page meanwhile.
pub(crate) fn lost(trouble: Option<&Trouble>, mut is_there: impl FnMut(&str) -> bool, lang: Lang) -> Markup {
    html! {
        @if let Some(trouble) = trouble.filter(|trouble| !is_there(&trouble.deed)) { (trouble.refused.notice(lang)) }
    }
}

/// A page that says what was done a moment ago.
pub(crate) fn done(page: &str, deed: &str) -> String {
    format!("{page}?done={}", part(deed))
}

/// The form of a deed: shut, until somebody wants it or it was refused.
pub(crate) fn deed(deed: &Deed<'_>, draft: Draft<'_>, fields: &Markup, lang: Lang) -> Markup {
    html! {
        details.deed open[draft.is_begun()] {
            summary { (deed.word) }
            (draft.notice(deed.page, deed.name, lang))
            form method="post" action={ (deed.page) "/" (deed.name) } {
                (held((deed.page, deed.name), deed.version, draft))
                (fields)
                @if deed.says_why { (why(draft, lang)) }
                button type="submit" class=(if deed.is_danger { "danger" } else { "" }) { (deed.word) }
            }
        }
    }
}

/// What a form holds that nobody types: its page and its name there, the wish's name and the version it was made for. Until a wish
/// is over, its name and version stay as they are.
pub(crate) fn held((page, deed): (&str, &str), version: Option<u32>, draft: Draft<'_>) -> Markup {
    let key = draft.still("key").map_or_else(new_key, str::to_owned);
    let seen = draft.still("version").map(str::to_owned);
    let version = seen.or_else(|| version.map(|version| version.to_string()));
    html! {
        input type="hidden" name="page" value=(page);
        input type="hidden" name="deed" value=(deed);
        input type="hidden" name="key" value=(key);
        @if let Some(version) = version { input type="hidden" name="version" value=(version); }
    }
}

/// Why something is done.
pub(crate) fn why(draft: Draft<'_>, lang: Lang) -> Markup {
    let label = lang.say("Why (for the audit log)", "原因（记入审计日志）");
    html! { (Field::text("why", label).at_most(200).of(draft, "/reason")) }
}

#[cfg(test)]
mod tests {
    use maud::Render as _;

    use super::*;

    fn typed(pairs: &[(&str, &str)]) -> Typed {
        Typed::of(pairs)
    }

    #[test]
    fn a_draft_is_of_one_form() {
        let refused = Refused::missing("refund");
        let trouble = Trouble { deed: "refund".to_owned(), typed: typed(&[("amount", "1")]), refused };
        let asked = typed(&[("deed", "query"), ("amount", "2")]);
        for (deed, trouble, amount) in [
            ("refund", Some(&trouble), Some("1")),
            ("query", Some(&trouble), None),
            ("query", None, Some("2")),
            ("refund", None, None),
        ] {
            assert_eq!(Draft::of(deed, trouble, &asked).said("amount"), amount, "{deed}");
        }
    }

    /// A new key could apply it twice.
    #[test]
    fn a_wish_that_is_not_over_keeps_its_key() {
        let form = || typed(&[("key", "form-1"), ("amount", "20"), ("version", "3")]);
        for (status, code, keeps) in [
            (503, "outcome_pending", true),
            (409, "request_in_flight", true),
            (500, "internal_error", true),
            (503, "overloaded", true),
            (429, "too_many_requests", true),
            (422, "validation_failed", false),
            (409, "invalid_transition", false),
            (412, "version_mismatch", false),
            (403, "step_up_needed", false),
        ] {
            let problem = format!(r#"{{"status":{status},"code":"{code}","title":"t","detail":"d"}}"#);
            let refused: Refused = serde_json::from_str(&problem).expect("it is a problem");
            let trouble = Trouble { deed: "refund".to_owned(), typed: form(), refused };
            let asked = Typed::default();
            let draft = Draft::of("refund", Some(&trouble), &asked);
            let shown = held(("/console/refunds", "refund"), Some(4), draft).into_string();
            assert_eq!(shown.contains(r#"value="form-1""#), keeps, "{code}: {shown}");
            assert_eq!(shown.contains(r#"value="3""#), keeps, "{code}: {shown}");
            let field = Field::number("amount", "Amount").of(draft, "/amount").render().into_string();
            assert_eq!(field.contains("readonly"), keeps, "{code}: {field}");
        }
    }

    /// A session that ended between two presses gives the same person no second wish.
    #[test]
    fn a_wish_that_nobody_looked_at_keeps_its_key_behind_the_log_in() {
        let link =
            typed(&[("key", "form-1"), ("amount", "20"), ("version", "3")]).still("/console/payments/pay_1", "refund");
        assert_eq!(link, "/console/payments/pay_1?deed=refund&amount=20&key=form-1&version=3");
        let asked = typed(&[("deed", "refund"), ("key", "form-1"), ("amount", "20"), ("version", "3")]);
        for (deed, keeps) in [("refund", true), ("query", false)] {
            let shown = held(("/console/payments/pay_1", deed), Some(4), Draft::of(deed, None, &asked)).into_string();
            assert_eq!(shown.contains(r#"value="form-1""#), keeps, "{shown}");
            assert_eq!(shown.contains(r#"value="3""#), keeps, "{shown}");
        }
    }
}
