//! Owns the stream that keeps the overview alive: its parts, sent anew each second (server-sent events). Each time the API is asked as
//! the person who looks, so whoever is put out sees no more; and nobody's session lives longer for an open page. There are only so many.

use std::convert::Infallible;
use std::time::Duration;

use api::Unattended;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use domain::access::Permission;
use futures_util::stream::{self, Stream};
use maud::html;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{ARRIVALS, Overview, hour, lights, numbers};
use crate::console::keys::{Arrivals, arrivals};
use crate::inside::Inside;
use crate::lang::Lang;
use crate::refused::Refused;
use crate::streams::{Full, LASTS, Place};
use crate::visit::{Me, Pages, Visit};

/// Between two times.
const EVERY: Duration = Duration::from_secs(1);
/// The picture of an hour changes slowly.
const CHART_EVERY: u32 = 10;

/// Somebody who looks.
struct Looking {
    inside: Inside,
    lang: Lang,
    /// Up to which arrival they have seen.
    last: Option<u64>,
    tick: u32,
    /// When it ends; nothing lives for ever.
    until: Instant,
    stop: CancellationToken,
    /// It is given up with the stream, however that ends.
    _place: Place,
}

/// The stream. Nobody may sit before the page that asks for it, so that opening it keeps no session alive either. Who is not let in is
/// told so as an event, and so is who is one too many: a stream that is refused is not asked for again, and the page would stand still
/// without a word.
pub(in crate::console) async fn stream(State(pages): State<Pages>, visit: Visit) -> Response {
    let (lang, stop) = (visit.lang(), visit.settings.stop.clone());
    let inside = visit.inside.unattended(Unattended::Opening);
    // Who is nobody takes nobody's place, and neither does who may not look.
    let me: Me = match inside.get("/me").await {
        Ok(me) => me,
        Err(refused) => return sent(stream::iter([Ok(unlooked(&refused))])),
    };
    if !me.is_staff() || !me.may(Permission::OverviewRead) {
        return sent(stream::iter([Ok(over())]));
    }
    match pages.streams.enter(&me.session_id) {
        Err(full) => sent(stream::iter([Ok(Event::default().event("full").data(too_many(full, lang)))])),
        Ok(place) => {
            let looking =
                Looking { inside, lang, last: None, tick: 0, until: Instant::now() + LASTS, stop, _place: place };
            sent(stream::unfold(looking, |looking| async move {
                let (event, looking) = looking.next().await?;
                Some((Ok(event), looking))
            }))
        }
    }
}

fn sent(events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static) -> Response {
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}

/// Who is not let in goes to the log-in, or is told why not; a server that is busy is asked again.
fn unlooked(refused: &Refused) -> Event {
    if is_over(refused) { over() } else { Event::default().comment("later") }
}

fn over() -> Event {
    Event::default().event("over").data("")
}

fn is_over(refused: &Refused) -> bool {
    matches!(refused.status, 401 | 403)
}

/// What the page says that is one too many.
fn too_many(full: Full, lang: Lang) -> &'static str {
    match full {
        Full::Session => lang.say(
            "This page does not update itself: too many live pages of this log-in are open. Close some of them, and load it anew.",
            "此页面未自动更新：本次登录打开的实时页面过多。请关闭部分页面后刷新。",
        ),
        Full::Server => lang.say(
            "This page does not update itself: the server keeps as many live pages as it can. Load it anew in a while.",
            "此页面未自动更新：服务器的实时页面数已达上限，请稍后刷新。",
        ),
    }
}

impl Looking {
    /// The next event; none when the stream is over.
    async fn next(mut self) -> Option<(Event, Self)> {
        if Instant::now() >= self.until {
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
            Err(refused) => {
                if is_over(&refused) {
                    self.until = Instant::now();
                }
                Some((unlooked(&refused), self))
            }
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

#[cfg(test)]
mod tests;
