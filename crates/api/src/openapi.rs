//! Owns the generated OpenAPI document: the contract in a form that programs read.

mod answers;
mod words;

use serde::Serialize;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::{Modify, OpenApi, ToSchema};

use self::answers::Answers;
use self::words::Words;
use crate::{auth, routes, wire};

/// An error, RFC 9457. `/problems` lists every code.
#[derive(Serialize, ToSchema)]
pub(crate) struct Problem {
    /// A path of this server that explains the code.
    #[schema(example = "/problems/stock_insufficient")]
    r#type: String,
    /// A short name, for people.
    title: String,
    /// The HTTP status.
    status: u16,
    /// Stable, for programs.
    #[schema(example = "stock_insufficient")]
    code: String,
    /// What happened this time.
    detail: String,
    /// The request that was first answered so.
    request_id: String,
    /// The wrong places of the body, with `validation_failed`.
    errors: Option<Vec<FieldError>>,
}

/// One wrong place in a body.
#[derive(Serialize, ToSchema)]
pub(crate) struct FieldError {
    /// Where, as an RFC 6901 pointer.
    #[schema(example = "/lines/0/quantity")]
    pointer: String,
    /// What is wrong, stable.
    code: String,
    /// What is wrong, in words.
    message: String,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Mideng",
        description = "Orders and payments in which no retry creates a second one: a request is applied at most once and \
            is answered the same every time it is sent.",
        license(name = "MIT OR Apache-2.0")
    ),
    servers((url = "/")),
    paths(
        routes::products::put, routes::products::get, routes::products::list, routes::products::move_stock,
        routes::products::movements,
        routes::orders::issue_number, routes::orders::place, routes::orders::get, routes::orders::list,
        routes::orders::history, routes::orders::cancel, routes::orders::ship, routes::orders::correct_shipment,
        routes::orders::receive, routes::tokens::issue,
        routes::payments::start, routes::payments::get, routes::payments::page, routes::facts::of_payment, routes::payments::query, routes::payments::refund, routes::payments::get_refund, routes::payments::retry,
        routes::refunds::list, routes::refunds::approve, routes::refunds::reject,
        routes::keys::list, routes::keys::arrivals, routes::overview::get,
        routes::channels::list, routes::channels::switch,
        routes::reviews::list, routes::reviews::resolve,
        routes::policies::refunds, routes::policies::put_refunds,
        routes::policies::checkout, routes::policies::put_checkout,
        routes::sessions::log_in, routes::sessions::refresh, routes::sessions::me, routes::sessions::list,
        routes::sessions::log_out, routes::sessions::log_out_everywhere, routes::sessions::change_password,
        routes::providers::go, routes::providers::come_back, routes::strangers::be_guest, routes::strangers::register,
        routes::proofs::begin, routes::proofs::confirm, routes::proofs::recovery_codes, routes::proofs::remove,
        routes::proofs::step_up, routes::proofs::reset_password,
        routes::members::add, routes::members::list, routes::members::get, routes::members::sessions,
        routes::members::end_session, routes::members::disable, routes::members::enable, routes::members::sign_out,
        routes::members::let_reset, routes::members::drop_factor,
        routes::staff::add, routes::staff::list, routes::staff::get, routes::staff::sessions,
        routes::staff::end_session, routes::staff::set_role, routes::staff::disable, routes::staff::enable, routes::staff::sign_out,
        routes::staff::let_reset, routes::staff::drop_factor,
        routes::api_keys::list, routes::api_keys::issue, routes::api_keys::revoke,
        routes::audit::list, routes::audit::head,
        routes::session_rules::get, routes::session_rules::put,
        routes::tenants::add, routes::tenants::list, routes::tenants::get, routes::tenants::suspend,
        routes::tenants::resume,
        routes::notify::notify,
        routes::operations::live, routes::operations::ready, routes::operations::metrics,
    ),
    components(schemas(Problem, FieldError, wire::Money, wire::ParcelLine)),
    modifiers(&Security, &Names, &Answers, &Words),
    tags(
        (name = "orders", description = "Orders and their numbers"),
        (name = "keys", description = "What stands under a key, who sent it, and how often it was sent again"),
        (name = "payments", description = "Payments and refunds, through accounts with payment providers"),
        (name = "reviews", description = "What no rule could settle, and a person has to look at"),
        (name = "channels", description = "Accounts with payment providers"),
        (name = "people", description = "Members and staff"),
        (name = "sessions", description = "Log-ins, and what people do with their own sessions"),
        (name = "api_keys", description = "Keys by which the shop's servers prove who they are"),
        (name = "audit", description = "What was done by whom, as a chain of hashes"),
        (name = "policies", description = "What a shop asks of checkouts and log-ins"),
        (name = "tenants", description = "For the installation's first tenant"),
        (name = "products", description = "Products and their stock"),
        (name = "operations", description = "For those who run the server")
    )
)]
struct Document;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_with(Default::default);
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components.add_security_scheme("api_key", scheme.clone());
        components.add_security_scheme("session", scheme);
        let cookie = ApiKey::Cookie(ApiKeyValue::with_description(
            auth::cookie::NAME,
            "A session kept by a browser. What changes something is taken only from this site's own pages",
        ));
        components.add_security_scheme("browser", SecurityScheme::ApiKey(cookie));
        let session = SecurityRequirement::new("session", [""; 0]);
        for item in document.paths.paths.values_mut() {
            for (_, operation) in answers::operations(item) {
                if let Some(ways) = operation.security.as_mut().filter(|ways| ways.contains(&session)) {
                    ways.push(SecurityRequirement::new("browser", [""; 0]));
                }
            }
        }
    }
}

/// A name that no other operation has: whom or what it is about, then the function's. Programs that write clients call their
/// functions so.
struct Names;

impl Modify for Names {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for (path, item) in &mut document.paths.paths {
            let collection = path.trim_start_matches("/api/v1/").split('/').next().unwrap_or_default();
            for (_, operation) in answers::operations(item) {
                let tag = operation.tags.iter().flatten().next().map_or("", String::as_str);
                let about = if tag == "people" { collection } else { tag };
                operation.operation_id = operation.operation_id.take().map(|name| format!("{about}_{name}"));
            }
        }
    }
}

/// The document as JSON, the same for the same build.
pub fn text() -> String {
    let mut text = Document::openapi().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}
