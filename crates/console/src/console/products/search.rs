//! Owns looking for products by a part of their name or code, as the shop's window does, among as many as can be looked through
//! while somebody waits.

use maud::{Markup, html};

use super::PAGE;
use crate::answers::{List, Product};
use crate::inside::{Inside, part};
use crate::lang::Lang;
use crate::list::{self, SHOWN};
use crate::refused::Refused;

/// How many products are read at once, and how often: what is older is looked through with the next page.
const READ_AT_ONCE: usize = 200;
const READS_MAX: usize = 5;

/// What was found, and from where one looks on.
pub(super) async fn found(inside: &Inside, word: &str, cursor: &str) -> Result<List<Product>, Refused> {
    let mut found = List { data: Vec::new(), next_cursor: Some(cursor.to_owned()) };
    if cursor.is_empty() {
        found.data.extend(of_code(inside, word).await?);
    }
    let (limit, wanted) = (READ_AT_ONCE.to_string(), word.to_lowercase());
    for _ in 0..READS_MAX {
        let after = found.next_cursor.as_deref().unwrap_or_default();
        let query = list::query(&[("limit", &limit), ("cursor", after)]);
        let read: List<Product> = inside.get(&format!("/products?{query}")).await?;
        // The one of this very code stands first, however old it is.
        found.data.extend(read.data.into_iter().filter(|product| product.is_like(&wanted) && product.sku != word));
        found.next_cursor = read.next_cursor;
        if found.next_cursor.is_none() || found.data.len() >= SHOWN {
            break;
        }
    }
    Ok(found)
}

async fn of_code(inside: &Inside, word: &str) -> Result<Option<Product>, Refused> {
    match inside.get(&format!("/products/{}", part(word))).await {
        Ok(product) => Ok(Some(product)),
        // Most words that somebody looks for are no code, and some can be none.
        Err(refused) if matches!(refused.status, 400 | 404) => Ok(None),
        Err(refused) => Err(refused),
    }
}

/// The field above the list.
pub(super) fn field(word: &str, lang: Lang) -> Markup {
    html! {
        form.filters method="get" action=(PAGE) role="search" {
            label {
                (lang.say("A part of the name or of the code", "商品名称或编码"))
                input type="search" name="q" value=(word) maxlength="64";
            }
            button.quiet type="submit" { (lang.say("Search", "查询")) }
        }
    }
}

/// What stands where no product does.
pub(super) fn nothing(word: &str, is_over: bool, lang: Lang) -> Markup {
    html! {
        p.empty {
            @if word.is_empty() { (lang.say("There is no product yet.", "暂无商品。")) }
            @else if is_over { (lang.say("There is nothing like that.", "没有找到相关商品。")) }
            @else { (lang.say("Nothing like that among these; older ones are on the next page.", "本页范围内没有找到，可继续查找更早的商品。")) }
        }
    }
}

#[cfg(test)]
mod tests;
