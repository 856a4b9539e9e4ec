//! Owns listening to the statements that one piece of work runs, while other tests run theirs.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use tracing::field::{Field, Visit};
use tracing::{Event, Instrument as _, Subscriber, info_span};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

/// Under which names sqlx and the store itself tell of a statement.
const STATEMENTS: &[&str] = &["sqlx::query", "store::statement"];
/// Under which name sqlx tells what PostgreSQL said beside its answers: there, how it ran a statement.
const NOTICES: &[&str] = &["sqlx::postgres::notice"];
/// How the settings of a connection begin.
const SET_UP: &[&str] = &["pragma ", "set session ", "set sql_mode="];
const SPAN: &str = "captured";

/// Texts by the id of the span they were told in, each with what told it.
type Heard = Mutex<HashMap<u64, Vec<(&'static str, String)>>>;

fn heard() -> &'static Heard {
    static HEARD: OnceLock<Heard> = OnceLock::new();
    HEARD.get_or_init(|| {
        let subscriber = tracing_subscriber::registry().with(Ear);
        tracing::subscriber::set_global_default(subscriber).expect("nobody else listens");
        Heard::default()
    })
}

/// Runs the work and gives the text of each statement that it ran, BEGIN and COMMIT aside: those go past the log.
///
/// What sets up a connection is left out: whether a pool opens another one meanwhile is a matter of the load.
pub async fn statements<T>(work: impl Future<Output = T>) -> (T, Vec<String>) {
    let (result, texts) = told(STATEMENTS, work).await;
    let lines = texts.iter().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
    (result, lines.filter(|line| !is_set_up(line)).collect())
}

fn is_set_up(line: &str) -> bool {
    let line = line.to_lowercase();
    SET_UP.iter().any(|start| line.starts_with(start))
}

/// Runs the work and gives what PostgreSQL said beside its answers.
pub async fn notices<T>(work: impl Future<Output = T>) -> (T, Vec<String>) {
    told(NOTICES, work).await
}

async fn told<T>(by: &[&str], work: impl Future<Output = T>) -> (T, Vec<String>) {
    let heard = heard();
    let span = info_span!("captured");
    let id = span.id().expect("the span is listened to").into_u64();
    let result = work.instrument(span).await;
    let told = heard.lock().unwrap_or_else(PoisonError::into_inner).remove(&id).unwrap_or_default();
    (result, told.into_iter().filter(|(target, _)| by.contains(target)).map(|(_, text)| text).collect())
}

struct Ear;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Ear {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let target = event.metadata().target();
        if !STATEMENTS.contains(&target) && !NOTICES.contains(&target) {
            return;
        }
        let mut scope = context.event_scope(event).into_iter().flatten();
        let Some(span) = scope.find(|span| span.name() == SPAN) else { return };
        let mut text = Text::default();
        event.record(&mut text);
        let mut heard = heard().lock().unwrap_or_else(PoisonError::into_inner);
        heard.entry(span.id().into_u64()).or_default().push((target, text.told()));
    }
}

/// A short statement is all summary, a long one stands beside its summary.
#[derive(Default)]
struct Text {
    summary: String,
    whole: String,
}

impl Text {
    fn told(self) -> String {
        if self.whole.trim().is_empty() { self.summary } else { self.whole }
    }
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" | "sql" | "message" => value.clone_into(&mut self.whole),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" && self.whole.is_empty() {
            self.whole = format!("{value:?}");
        }
    }
}
