//! Web pages: the operators' console at `/console`, and in a demo the shop at `/shop`. Rendered here, and fed by the API alone, which
//! each page asks as the person whose browser it is: a button can do nothing that the API would not let them do.

mod answers;
mod assets;
mod bare;
mod console;
mod days;
mod form;
mod inside;
mod lang;
mod layout;
mod list;
mod look;
mod plain;
mod refused;
mod shop;
mod show;
mod streams;
mod visit;

use std::sync::Arc;

use api::Door;
use axum::Router;
use axum::middleware::{from_fn_with_state, map_request, map_response};
use axum::response::Redirect;
use axum::routing::get;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::streams::Streams;
use crate::visit::Pages;

/// What the pages are told beside what the API answers.
#[derive(Clone, Default)]
pub struct Settings {
    /// The log-ins that a demo shows to whoever comes; none where real people log in.
    pub demo: Option<Demo>,
    /// Who else knows the staff, and may let them in.
    pub doors: Vec<Door>,
    /// When the server stops, so do its streams.
    pub stop: CancellationToken,
}

/// What a demo tells its visitors. It listens on this machine only.
#[derive(Clone)]
pub struct Demo {
    /// One of the staff for each role.
    pub staff: Vec<DemoLogin>,
    /// Members of the shop.
    pub members: Vec<DemoLogin>,
}

/// A log-in that everybody may know.
#[derive(Clone)]
pub struct DemoLogin {
    /// Who.
    pub login: String,
    /// Their password.
    pub password: String,
    /// What they are, in a word.
    pub role: String,
}

/// The pages in front of the API's own routes.
pub fn router(api: Router, settings: Settings) -> Router {
    let front = if settings.demo.is_some() { "/shop" } else { "/console" };
    let has_shop = settings.demo.is_some();
    let pages = Pages { api: api.clone(), settings: Arc::new(settings), streams: Streams::default() };
    // Below their own paths pages say themselves what is not there; everywhere else the API does.
    let whole =
        |routes: Router<Pages>| routes.fallback(bare::nowhere).layer(from_fn_with_state(pages.clone(), bare::as_page));
    let shop = if has_shop { Router::new().nest("/shop", whole(shop::routes())) } else { Router::new() };
    let console = console::routes().layer(from_fn_with_state(pages.clone(), form::kept::read));
    let of_people = shop
        .nest("/console", whole(console))
        .route("/", get(move || async move { Redirect::to(front) }))
        .route("/preferences", axum::routing::post(look::keep))
        .nest("/assets", assets::routes())
        .layer(CatchPanicLayer::custom(layout::panicked))
        .layer(map_response(layout::protect))
        .layer(CompressionLayer::new())
        .with_state(pages);
    let whole = of_people.fallback_service(api.layer(map_response(inside::of_its_side)));
    if has_shop { whole.layer(map_request(plain::back)).layer(map_response(plain::out)) } else { whole }
}
