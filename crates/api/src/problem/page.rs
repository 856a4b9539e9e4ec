//! Owns the pages that explain each problem, at the path that a problem's `type` names.

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};

use super::{Kind, Problem, Retry, kinds};

/// The page of one kind.
pub(crate) async fn page(Path(code): Path<String>) -> Response {
    match kinds().find(|kind| kind.code == code) {
        Some(kind) => Html(one(kind)).into_response(),
        None => Problem::new("not_found", format!("there is no problem with the code {code:?}")).into_response(),
    }
}

/// The list of all kinds.
pub(crate) async fn index() -> Html<String> {
    let row = |kind: &Kind| {
        format!(
            "<tr><td><a href=\"/problems/{0}\"><code>{0}</code></a></td><td>{1}</td><td>{2}</td><td>{3}</td></tr>",
            kind.code,
            kind.status,
            kind.title,
            advice(kind.retry)
        )
    };
    let rows = kinds().map(row).collect::<Vec<_>>().join("\n");
    Html(frame(
        "Problems",
        &format!("<table><tr><th>code</th><th>status</th><th>meaning</th><th>what to do</th></tr>\n{rows}</table>"),
    ))
}

/// What a client should do, in words.
const fn advice(retry: Retry) -> &'static str {
    match retry {
        Retry::SameKey => "Send the same request again, under the same key.",
        Retry::NewKey => "This key is spent. If the wish still stands, send it under a new key.",
        Retry::Correct => "Correct the request. The key was not used.",
    }
}

fn one(kind: &Kind) -> String {
    let wait = kind.retry_after_s.map(|_| "<p>Wait as long as the header Retry-After says.</p>").unwrap_or_default();
    frame(
        kind.title,
        &format!(
            "<p><code>{}</code>, status {}</p><p>{}</p><p><strong>{}</strong></p>{wait}\
             <p><a href=\"/problems\">All problems</a> · <a href=\"/docs\">API reference</a></p>",
            kind.code,
            kind.status,
            kind.explanation,
            advice(kind.retry)
        ),
    )
}

fn frame(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title} · Mideng</title>\
         <style>body{{font:16px/1.6 system-ui,sans-serif;max-width:46rem;margin:3rem auto;padding:0 1rem}}\
         table{{border-collapse:collapse}}td,th{{text-align:left;padding:.25rem .75rem .25rem 0;vertical-align:top}}\
         code{{background:#8882;padding:.1em .3em;border-radius:3px}}\
         @media(prefers-color-scheme:dark){{body{{background:#111;color:#ddd}}a{{color:#8bf}}}}</style></head>\
         <body><h1>{title}</h1>{body}</body></html>"
    )
}
