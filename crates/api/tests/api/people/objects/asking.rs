//! Owns asking for what is there and for what never was, and wanting the same answer.

use api::Line;

use super::requests::{never, request};
use super::shops::Somebody;
use crate::harness::{Answer, Client};
use crate::people::strangers::blank;

/// Everybody who sells puts products of their own, also under a name that another tenant has.
pub(super) const OWN: (&str, &str) = ("PUT", "/api/v1/products/{sku}");

/// Counts requests, for each wants a key of its own.
#[derive(Default)]
pub(super) struct Asking {
    pub(super) requests: u32,
}

impl Asking {
    pub(super) async fn ask(&mut self, client: &Client, line: &Line, ids: &[&str]) -> Answer {
        self.requests += 1;
        request(client, line, ids, &format!("k-{:06}", self.requests)).send().await
    }

    /// Asks for what is there and for what never was, and wants the same answer but for the ids.
    pub(super) async fn is_the_same(&mut self, caller: &Somebody, line: &Line, ids: &[(&str, bool)], status: u16) {
        let there: Vec<&str> = ids.iter().map(|(id, _)| *id).collect();
        let made_up: Vec<String> =
            ids.iter().map(|(id, theirs)| if *theirs { never(id) } else { (*id).to_owned() }).collect();
        let made_up: Vec<&str> = made_up.iter().map(String::as_str).collect();
        let place = format!("{} {} of {there:?} by {caller}", line.method, line.path);
        let one = self.ask(&caller.client, line, &there).await;
        let other = self.ask(&caller.client, line, &made_up).await;
        if (line.method, line.path) == OWN && status == 404 {
            // It is their own now. Only the times differ.
            let shown = |answer: &Answer, ids: &[&str]| answer.shown().replace(ids[0], "<id>");
            assert_eq!(shown(&one, &there), shown(&other, &made_up), "{place}");
            assert!(matches!(one.status, 200 | 201), "{place}: {}", one.shown());
            return;
        }
        assert_eq!(one.status, status, "{place}: {}", one.shown());
        assert_eq!(one.body.len(), other.body.len(), "{place}: {} and {}", one.text(), other.text());
        assert_eq!(blank(&one, &there), blank(&other, &made_up), "{place}");
    }
}
