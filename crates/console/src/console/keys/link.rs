//! Owns how a key and who sent it are named on every page, and the way from there to what stands under the key.

use maud::{Markup, html};
use serde::Deserialize;

use crate::inside::part;
use crate::lang::Lang;

/// Who sent a key, as others name them.
#[derive(Debug, Deserialize)]
pub(super) struct Sender {
    /// `acc_…` or `per_…`.
    pub(super) id: String,
    /// As `kind:name`.
    pub(super) name: String,
}

/// A mark on a key that no client chose.
pub(super) fn derived(lang: Lang) -> Markup {
    html! { span.fine { (lang.say("(made by the server)", "（服务器生成）")) } }
}

/// Who sent it, where that is known.
pub(super) fn sender(account: Option<&Sender>) -> Markup {
    html! { @match account { Some(account) => (account.name), None => "–" } }
}

/// A key that leads to what stands under it, of this sender.
pub(super) fn key_link(key: &str, account: Option<&Sender>) -> Markup {
    link(key, account.map_or("", |account| &account.id))
}

/// A key that leads to what stands under it; `account` is who sent it, by their id or as `kind:name`.
pub(in crate::console) fn link(key: &str, account: &str) -> Markup {
    let key = key.trim();
    let of = if account.is_empty() { String::new() } else { format!("&account={}", part(account)) };
    html! { a href={ "/console/keys?key=" (part(key)) (of) } { code { (short(key)) } } }
}

/// A long key by its beginning and end.
fn short(key: &str) -> String {
    let letters: Vec<char> = key.chars().collect();
    if letters.len() <= 28 {
        return key.to_owned();
    }
    let (begin, end) =
        (letters[..14].iter().collect::<String>(), letters[letters.len() - 12..].iter().collect::<String>());
    format!("{begin}…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_keys_are_shown_by_their_ends() {
        for (key, text) in [
            ("k1", "k1"),
            ("abcdefghijklmnopqrstuvwxyz12", "abcdefghijklmnopqrstuvwxyz12"),
            ("abcdefghijklmnopqrstuvwxyz123", "abcdefghijklmn…rstuvwxyz123"),
            ("\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}", "ääääääääää"),
        ] {
            assert_eq!(short(key), text);
        }
    }
}
