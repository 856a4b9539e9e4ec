//! Owns a field: its label, what stands in it, and beside it what the server said is wrong with it.

use maud::{Markup, Render, html};

use super::Draft;

/// What a field is filled with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind<'a> {
    Text,
    Password,
    Number,
    Choice(&'a [(&'a str, &'a str)]),
}

/// A labelled field.
#[derive(Clone, Copy)]
pub(crate) struct Field<'a> {
    name: &'a str,
    label: &'a str,
    kind: Kind<'a>,
    value: &'a str,
    wrong: Option<&'a str>,
    at_most: u32,
    is_required: bool,
    /// Whether it stays as it was typed: nobody knows yet what became of it.
    is_fixed: bool,
    /// What it is for, where the label does not say it all.
    hint: Option<&'a str>,
}

impl<'a> Field<'a> {
    /// A line of text.
    pub(crate) const fn text(name: &'a str, label: &'a str) -> Self {
        Self {
            name,
            label,
            kind: Kind::Text,
            value: "",
            wrong: None,
            at_most: 200,
            is_required: false,
            is_fixed: false,
            hint: None,
        }
    }

    /// A password, which is never shown again.
    pub(crate) const fn password(name: &'a str, label: &'a str) -> Self {
        Self { kind: Kind::Password, at_most: 512, ..Self::text(name, label) }
    }

    /// A number. The browser says what is none, and the server what is none that it takes.
    pub(crate) const fn number(name: &'a str, label: &'a str) -> Self {
        Self { kind: Kind::Number, at_most: 24, ..Self::text(name, label) }
    }

    /// One of some values, each with its word.
    pub(crate) const fn choice(name: &'a str, label: &'a str, values: &'a [(&'a str, &'a str)]) -> Self {
        Self { kind: Kind::Choice(values), ..Self::text(name, label) }
    }

    /// How many letters it takes.
    pub(crate) const fn at_most(self, letters: u32) -> Self {
        Self { at_most: letters, ..self }
    }

    /// It is not sent empty.
    pub(crate) const fn required(self) -> Self {
        Self { is_required: true, ..self }
    }

    pub(crate) const fn hint(self, hint: &'a str) -> Self {
        Self { hint: Some(hint), ..self }
    }

    /// What stands in it where nobody typed anything yet.
    pub(crate) const fn filled(self, value: &'a str) -> Self {
        Self { value, ..self }
    }

    /// As it was typed, with what is wrong at its place of the body.
    pub(crate) fn of(self, draft: Draft<'a>, pointer: &str) -> Self {
        let value = draft.said(self.name).unwrap_or(self.value);
        Self { value, wrong: draft.wrong(pointer), is_fixed: draft.open_wish().is_some(), ..self }
    }

    fn entry(&self) -> Markup {
        let invalid = self.wrong.map(|_| "true");
        match self.kind {
            Kind::Choice(values) => html! {
                select name=(self.name) aria-invalid=[invalid] {
                    @for (value, word) in values.iter().filter(|(value, _)| !self.is_fixed || *value == self.value) {
                        option value=(value) selected[*value == self.value] { (word) }
                    }
                }
            },
            Kind::Password => html! {
                input name=(self.name) type="password" autocomplete="new-password" maxlength=(self.at_most)
                    required[self.is_required] aria-invalid=[invalid];
            },
            Kind::Text | Kind::Number => html! {
                input name=(self.name) value=(self.value) maxlength=(self.at_most)
                    inputmode=[(self.kind == Kind::Number).then_some("decimal")]
                    pattern=[(self.kind == Kind::Number).then_some(r"\s*-?[0-9]+(\.[0-9]+)?\s*")]
                    required[self.is_required] readonly[self.is_fixed] aria-invalid=[invalid];
            },
        }
    }
}

impl Render for Field<'_> {
    fn render(&self) -> Markup {
        html! {
            label {
                (self.label)
                (self.entry())
                @if let Some(hint) = self.hint { span.fine { (hint) } }
                @if let Some(wrong) = self.wrong { span.wrong { (wrong) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::{Trouble, Typed};
    use crate::refused::Refused;

    #[test]
    fn a_refused_field_keeps_its_text_and_shows_the_words_of_the_server() {
        let body = r#"{"status":422,"code":"validation_failed","title":"t","detail":"d",
            "errors":[{"pointer":"/name","message":"the name is <empty>"}]}"#;
        let typed: Typed = serde_json::from_str(r#"{"name":"a\"b","password":"secret"}"#).expect("it is JSON");
        let refused: Refused = serde_json::from_str(body).expect("it is a problem");
        let trouble = Trouble { deed: "add".to_owned(), typed, refused };
        let (asked, draft) = (Typed::default(), |asked| Draft::of("add", Some(&trouble), asked));

        let name = Field::text("name", "Name").of(draft(&asked), "/name").render().into_string();
        assert!(name.contains(r#"value="a&quot;b""#) && name.contains(r#"aria-invalid="true""#), "{name}");
        assert!(name.contains("the name is &lt;empty&gt;"), "{name}");
        let password = Field::password("password", "Password").of(draft(&asked), "/password").render().into_string();
        assert!(!password.contains("secret") && !password.contains("aria-invalid"), "{password}");
    }
}
