//! Owns the files that pages load: all of them are in the binary, and nothing comes from elsewhere.

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::refused::Refused;
use crate::visit::Pages;

/// Each file's name, kind and content. A name has a mark of the content, so that browsers may keep it for good.
const FILES: &[(&str, &str, &[u8])] = &[
    (STYLE, "text/css; charset=utf-8", include_bytes!("../assets/style.css")),
    (SCRIPT, "text/javascript; charset=utf-8", include_bytes!("../assets/console.js")),
    (CHECKOUT, "text/javascript; charset=utf-8", include_bytes!("../assets/shop.js")),
    (HTMX, "text/javascript; charset=utf-8", include_bytes!("../assets/htmx-4.0.1.min.js")),
    (ICON, "image/svg+xml", include_bytes!("../assets/icon.svg")),
];

pub(crate) const STYLE: &str = "style.css";
pub(crate) const SCRIPT: &str = "console.js";
pub(crate) const CHECKOUT: &str = "shop.js";
pub(crate) const HTMX: &str = "htmx-4.0.1.min.js";
pub(crate) const ICON: &str = "icon.svg";

/// Where a file is found: below what names this build, so that browsers may keep it for good.
pub(crate) fn url(name: &str) -> String {
    format!("/assets/{}/{name}", build())
}

/// A number made of every file's bytes (FNV-1a, 64 bits).
const fn build_number() -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut file = 0;
    while file < FILES.len() {
        let bytes = FILES[file].2;
        let mut at = 0;
        while at < bytes.len() {
            hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
            at += 1;
        }
        file += 1;
    }
    hash
}

fn build() -> String {
    use std::sync::LazyLock;
    static NUMBER: LazyLock<String> = LazyLock::new(|| format!("{:016x}", build_number()));
    NUMBER.clone()
}

/// Every file.
pub(crate) fn routes() -> Router<Pages> {
    Router::new().route("/{build}/{name}", get(file))
}

async fn file(Path((asked, name)): Path<(String, String)>) -> Response {
    let Some((_, kind, bytes)) = FILES.iter().find(|(known, _, _)| *known == name) else {
        return Refused::missing("file").status_code().into_response();
    };
    // A page of another build may still ask: it gets what there is, and asks again next time.
    let keep = if asked == build() { "public, max-age=31536000, immutable" } else { "no-store" };
    ([(CONTENT_TYPE, *kind), (CACHE_CONTROL, keep)], *bytes).into_response()
}
