//! Owns the cases in which two names look alike, or a name is as long as it may be.

use super::ground::{Ground, Outcome, Wrong, answer, name, same};
use super::list;
use crate::protocol::{Begun, Error, Name, Request};

list! {
    keys_are_bytes: "two keys that differ only by case would be one",
    scopes_are_bytes: "two callers whose names look alike would share their keys",
    scope_and_key_are_two: "a name would be a scope and a key run together",
    longest_names: "keys that differ at their end would be cut off to one",
    derived_keys_are_others: "a key that a client sends would meet one that the service made",
    impossible_keys_are_refused: "a key that no column holds would be cut off, or be everybody's",
}

/// Completes each name with an answer of its own, and asks for it again.
async fn all_different(ground: &Ground, names: &[Name]) -> Outcome {
    let request = |name: &Name| Request { name: name.clone(), ..ground.request("") };
    for (at, name) in names.iter().enumerate() {
        ground.completed(&request(name), &answer(&at.to_string())).await?;
    }
    for (at, name) in names.iter().enumerate() {
        ground.says(&request(name), &Begun::Replay(answer(&at.to_string()))).await?;
    }
    Ok(())
}

async fn keys_are_bytes(ground: &Ground) -> Outcome {
    let keys = ["85123a", "85123A", "straSSe", "strasse", "a%", "a_", "a*", "a?", "'", "\\", "\"", "{a}", "0", "00"];
    all_different(ground, &keys.map(|key| ground.name(key))).await
}

async fn scopes_are_bytes(ground: &Ground) -> Outcome {
    let scope = &ground.scope;
    let ends = ["", "a", "A", "a ", "a  ", " a", "a\0", "é", "e\u{301}", "e", "ß", "ss", "账户", "a\n"];
    all_different(ground, &ends.map(|end| name(&format!("{scope}{end}"), "key"))).await
}

async fn scope_and_key_are_two(ground: &Ground) -> Outcome {
    let scope = &ground.scope;
    let pairs = [("a", "bc"), ("ab", "c"), ("a:b", "c"), ("a", "b:c"), ("a/b", "c"), ("a", "b/c"), ("a\0b", "c")];
    all_different(ground, &pairs.map(|(end, key)| name(&format!("{scope}{end}"), key))).await
}

async fn longest_names(ground: &Ground) -> Outcome {
    let scope = |last: char| format!("{:x<254}{last}", ground.scope);
    let key = |last: char| format!("{}{last}", "k".repeat(254));
    let pairs = [('a', 'a'), ('a', 'b'), ('b', 'a'), ('b', 'b')];
    all_different(ground, &pairs.map(|(of_scope, of_key)| name(&scope(of_scope), &key(of_key)))).await
}

async fn derived_keys_are_others(ground: &Ground) -> Outcome {
    all_different(ground, &[ground.name(" expire:o1"), ground.name("expire:o1")]).await
}

async fn impossible_keys_are_refused(ground: &Ground) -> Outcome {
    for key in [String::new(), "k".repeat(256), format!("{}{}", "k".repeat(255), " ")] {
        let request = Request { name: ground.name(&key), ..ground.request("") };
        match ground.store.begin(&request).await {
            Err(Error::Broken(_)) => {}
            other => return Err(Wrong(format!("a key of {} bytes was told {other:?}", key.len()))),
        }
    }
    let cut_off = ground.name(&"k".repeat(255));
    same("under the key that it begins with there is", &ground.store.standing(&cut_off).await?, &None)
}
