//! Owns forms: what somebody typed, how a refusal shows it to them again, and the way out and back where a proof is asked for.

mod field;
pub(crate) mod span;

use std::collections::BTreeMap;

use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::inside::{Change, Reply, part};
use crate::lang::Lang;
use crate::refused::Refused;
use crate::visit::{Visit, new_key};

pub(crate) use field::Field;
pub(crate) use span::Span;

/// What a form or the query of a page says, by the names of its fields.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Typed(BTreeMap<String, String>);

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

impl Typed {
    /// A field as it was typed.
    pub(crate) fn said(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// What stands in a field; none where nothing does.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        Some(self.said(name).trim()).filter(|text| !text.is_empty())
    }

    /// The wish's name, made where the form was.
    pub(crate) fn key(&self) -> Option<&str> {
        self.given("key")
    }

    /// A whole number; what is none goes to the API as it is, which says so in its own words.
    pub(crate) fn number(&self, name: &str) -> Value {
        let text = self.said(name).trim();
        text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number))
    }

    /// The page with this form filled as it is now. Passwords stand in no address, and a wish that was refused is over.
    fn back(&self, page: &str, deed: &str) -> String {
        let kept = |name: &str| !matches!(name, "key" | "version" | "deed" | "done") && !name.contains("password");
        let fields = self.0.iter().filter(|(name, value)| kept(name) && !value.is_empty());
        fields
            .fold(format!("{page}?deed={deed}"), |link, (name, value)| format!("{link}&{}={}", part(name), part(value)))
    }
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

/// Does what a form wants, and goes where the answer leads. What was refused is for the page to show; who has no session logs
/// in.
pub(crate) async fn send(
    visit: &Visit,
    change: Change<'_>,
    to: impl FnOnce(&Reply) -> Result<String, Refused>,
) -> Result<Response, Refused> {
    match visit.inside.send(change).await {
        Ok(reply) => Ok(Redirect::to(&to(&reply)?).into_response()),
        Err(refused) if refused.is_nobody() => Ok(refused.page(visit)),
        Err(refused) => Err(refused),
    }
}

/// The answer where not even the page of a form may be seen: what was typed is there behind the proof, or the log-in.
pub(crate) fn unseen(visit: &Visit, refused: &Refused, trouble: Option<&Trouble>, page: &str) -> Response {
    let back = trouble.map(|trouble| trouble.typed.back(page, &trouble.deed));
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
                (held(deed.version, draft))
                (fields)
                @if deed.says_why { (why(draft, lang)) }
                button type="submit" class=(if deed.is_danger { "danger" } else { "" }) { (deed.word) }
            }
        }
    }
}

/// What a form holds that nobody types: the wish's name and the version it was made for. While nobody knows what became of a wish,
/// both stay as they are.
pub(crate) fn held(version: Option<u32>, draft: Draft<'_>) -> Markup {
    let open = draft.open_wish();
    let key = open.map_or_else(new_key, str::to_owned);
    let seen = open.and(draft.said("version")).filter(|version| !version.is_empty()).map(str::to_owned);
    let version = seen.or_else(|| version.map(|version| version.to_string()));
    html! {
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
        Typed(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn who_proves_themselves_comes_back_to_what_they_typed() {
        let form = typed(&[
            ("amount", "19.99"),
            ("key", "form-1"),
            ("password", "four green hills"),
            ("reason", "破损 & torn"),
            ("version", "3"),
            ("why", ""),
        ]);
        let back = "/console/payments/pay_1?deed=refund&amount=19.99&reason=%E7%A0%B4%E6%8D%9F%20%26%20torn";
        assert_eq!(form.back("/console/payments/pay_1", "refund"), back);
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
            let shown = held(Some(4), draft).into_string();
            assert_eq!(shown.contains(r#"value="form-1""#), keeps, "{code}: {shown}");
            assert_eq!(shown.contains(r#"value="3""#), keeps, "{code}: {shown}");
            let field = Field::number("amount", "Amount").of(draft, "/amount").render().into_string();
            assert_eq!(field.contains("readonly"), keeps, "{code}: {field}");
        }
    }

    #[test]
    fn what_is_no_number_is_for_the_api_to_tell() {
        for (text, value) in [(" 7 ", json!(7)), ("-3", json!(-3)), ("", json!("")), ("1.5", json!("1.5"))] {
            assert_eq!(typed(&[("quantity", text)]).number("quantity"), value, "{text:?}");
        }
    }
}
