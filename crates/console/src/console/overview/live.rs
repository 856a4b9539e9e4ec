//! Owns the stream that keeps the overview alive: its parts, sent anew each second (server-sent events). Each time the API is asked as
//! the person who looks, so whoever is put out sees no more; and nobody's session lives longer for an open page.

use std::convert::Infallible;
use std::time::Duration;

use api::Unattended;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use maud::html;
use tokio_util::sync::CancellationToken;

use super::{ARRIVALS, Overview, hour, lights, numbers};
use crate::console::keys::{Arrivals, arrivals};
use crate::inside::Inside;
use crate::lang::Lang;
use crate::refused::Refused;
use crate::visit::Visit;

/// Between two times.
const EVERY: Duration = Duration::from_secs(1);
/// The picture of an hour changes slowly.
const CHART_EVERY: u32 = 10;
/// After so many a stream ends, and the page opens another: nothing lives for ever.
const TICKS_MAX: u32 = 900;

/// Somebody who looks.
struct Looking {
    inside: Inside,
    lang: Lang,
    /// Up to which arrival they have seen.
    last: Option<u64>,
    tick: u32,
    stop: CancellationToken,
}

/// The stream. Nobody may sit before the page that asks for it, so that opening it keeps no session alive either. Who is not let in is
/// told so as an event: a stream that is refused is not asked for again, and the page would stand still without a word.
pub(in crate::console) async fn stream(visit: Visit) -> Response {
    let (lang, stop) = (visit.lang(), visit.settings.stop.clone());
    let looking = Looking { inside: visit.inside.unattended(Unattended::Opening), lang, last: None, tick: 0, stop };
    let events = stream::unfold(looking, |looking| async move {
        let (event, looking) = looking.next().await?;
        Some((Ok::<_, Infallible>(event), looking))
    });
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}

impl Looking {
    /// The next event; none when the stream is over.
    async fn next(mut self) -> Option<(Event, Self)> {
        if self.tick == TICKS_MAX {
            return None;
        }
        if self.tick > 0 {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return None,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
        self.tick += 1;
        match self.parts().await {
            Ok(event) => {
                self.inside = self.inside.unattended(Unattended::Open);
                Some((event, self))
            }
            // The page goes to the log-in, or tells why not.
            Err(refused) if matches!(refused.status, 401 | 403) => {
                self.tick = TICKS_MAX;
                Some((Event::default().event("over").data(""), self))
            }
            // A server that is busy is asked again.
            Err(_) => Some((Event::default().comment("later"), self)),
        }
    }

    /// What is new, as parts of the page, each with its name.
    async fn parts(&mut self) -> Result<Event, Refused> {
        let lang = self.lang;
        let overview: Overview = self.inside.get("/overview").await?;
        let after = self.last.map(|last| format!("&after={last}")).unwrap_or_default();
        let came: Arrivals = self.inside.get(&format!("/arrivals?limit={ARRIVALS}{after}")).await?;
        let is_first = self.last.replace(came.last).is_none();
        let with_chart = self.tick % CHART_EVERY == 1;
        let parts = html! {
            div data-part="numbers" { (numbers(&overview, lang)) }
            @if with_chart { div data-part="chart" { (hour(&overview.minutes, lang)) } }
            @if with_chart && let Some(whole) = &overview.installation { div data-part="lights" { (lights::lights(whole, lang)) } }
            @if is_first || !came.data.is_empty() {
                table data-part="arrivals" data-whole[is_first] { tbody { (arrivals(&came, lang)) } }
            }
        };
        Ok(Event::default().event("parts").data(parts.into_string()))
    }
}
