//! Owns lists: rows that become cards where there is little room, filters as a query, and the way from page to page.

use maud::{Markup, html};

use crate::inside::part;
use crate::lang::Lang;

/// How many rows a page shows.
pub(crate) const SHOWN: usize = 50;

/// A column of a table.
#[derive(Clone, Copy)]
pub(crate) struct Column<'a> {
    word: &'a str,
    class: Option<&'a str>,
}

/// A column of words.
pub(crate) const fn column(word: &str) -> Column<'_> {
    Column { word, class: None }
}

/// A column of numbers.
pub(crate) const fn number(word: &str) -> Column<'_> {
    Column { word, class: Some("number") }
}

/// A table; each row has a cell for each column.
pub(crate) fn table(columns: &[Column<'_>], rows: &[Vec<Markup>]) -> Markup {
    html! {
        table.cards {
            thead { tr { @for column in columns { th class=[column.class] scope="col" { (column.word) } } } }
            tbody {
                @for row in rows {
                    tr { @for (column, cell) in columns.iter().zip(row) {
                        td class=[column.class] data-of=[Some(column.word).filter(|word| !word.is_empty())] { div { (cell) } }
                    } }
                }
            }
        }
    }
}

/// A part of the query for each filter that is set.
pub(crate) fn query(pairs: &[(&str, &str)]) -> String {
    let given = pairs.iter().map(|(name, value)| (name, value.trim())).filter(|(_, value)| !value.is_empty());
    given.map(|(name, value)| format!("{name}={}", part(value))).collect::<Vec<_>>().join("&")
}

/// Where one is in a list.
pub(crate) struct Place<'a> {
    /// The page, without its query.
    pub(crate) path: &'a str,
    /// The filters.
    pub(crate) query: &'a str,
    /// Whether this is not the first page.
    pub(crate) is_behind: bool,
    /// Where the next page begins.
    pub(crate) next: Option<&'a str>,
    /// What the links say: to the first page, and to the next.
    pub(crate) words: [&'a str; 2],
}

/// The links from page to page.
pub(crate) fn pages(place: &Place<'_>, lang: Lang) -> Markup {
    let link = |cursor: Option<&str>| {
        let cursor = cursor.map(|cursor| format!("cursor={}", part(cursor)));
        let parts = [Some(place.query.to_owned()).filter(|query| !query.is_empty()), cursor];
        let query = parts.into_iter().flatten().collect::<Vec<_>>().join("&");
        if query.is_empty() { place.path.to_owned() } else { format!("{}?{query}", place.path) }
    };
    let [first, next] = place.words;
    html! {
        @if place.is_behind || place.next.is_some() {
            nav.pages aria-label=(lang.say("Pages", "分页")) {
                @if place.is_behind { a href=(link(None)) { (first) } }
                @if place.next.is_some() { a rel="next" href=(link(place.next)) { (next) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_a_query() {
        assert_eq!(query(&[("status", "paid"), ("q", " "), ("actor", "a&b ")]), "status=paid&actor=a%26b");
        assert_eq!(query(&[("status", "")]), "");
    }

    #[test]
    fn pages_keep_the_filters() {
        let place = |query, is_behind, next| {
            let place = Place { path: "/console/audit", query, is_behind, next, words: ["first", "more"] };
            pages(&place, Lang::En).into_string()
        };
        assert_eq!(place("", false, None), "");
        let middle = place("actor=x", true, Some("c+1"));
        assert!(middle.contains(r#"href="/console/audit?actor=x""#), "{middle}");
        assert!(middle.contains(r#"href="/console/audit?actor=x&amp;cursor=c%2B1""#), "{middle}");
        assert!(place("", true, None).contains(r#"href="/console/audit""#));
    }
}
