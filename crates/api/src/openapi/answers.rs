//! Owns how each operation of the document can be answered: which statuses there are besides what its route says, and which
//! headers. A route writes `4XX` and `5XX`; what they stand for follows from who may call it and what it reads.

use std::collections::{BTreeMap, BTreeSet};

use utoipa::Modify;
use utoipa::openapi::header::Header;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::{Content, Object, OpenApi, Ref, RefOr, Required, Response, Schema, Type};

use crate::access::{Access, Line};
use crate::routes;

/// Answers that no rule below tells of: what a log-in and its like are refused with.
const OTHERS: [(&str, &[u16]); 10] = [
    ("GET /api/v1/login/{provider}/callback", &[401, 403]),
    ("POST /api/v1/guests", &[401, 403, 404, 409]),
    ("POST /api/v1/registrations", &[401, 403, 404]),
    ("POST /api/v1/sessions", &[401, 403, 404, 409]),
    ("POST /api/v1/sessions/refresh", &[401, 403]),
    ("POST /api/v1/password-reset", &[401, 403]),
    ("POST /api/v1/me/second-factor", &[409]),
    ("POST /api/v1/me/second-factor/confirm", &[404, 409]),
    ("POST /api/v1/me/second-factor/recovery-codes", &[404]),
    ("DELETE /api/v1/me/second-factor", &[409]),
];

/// Puts statuses in the place of ranges, and headers to each.
pub(super) struct Answers;

impl Modify for Answers {
    fn modify(&self, document: &mut OpenApi) {
        let lines = routes::lines();
        let shared = &mut document.components.get_or_insert_with(Default::default).responses;
        for (path, item) in &mut document.paths.paths {
            for (method, operation) in operations(item) {
                let line = lines.iter().find(|line| line.method == method && line.path == path);
                if let Some(line) = line {
                    name_statuses(*line, operation, shared);
                }
                name_headers(operation);
            }
        }
    }
}

/// The operations of a path with their methods.
pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let all = [("GET", &mut item.get), ("POST", &mut item.post), ("PUT", &mut item.put), ("DELETE", &mut item.delete)];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

fn name_statuses(line: Line, operation: &mut Operation, shared: &mut BTreeMap<String, RefOr<Response>>) {
    let (refused, failed) = (refusals(line, operation), [500, 503].into());
    for (range, statuses) in [("4XX", refused), ("5XX", failed)] {
        let responses = &mut operation.responses.responses;
        // What has no content of ours is a provider's own, of which nothing more is known.
        let Some(RefOr::T(whole)) = responses.get(range).filter(|response| has_content(response)).cloned() else {
            continue;
        };
        responses.remove(range);
        for status in statuses {
            let name = format!("Problem{status}");
            shared.entry(name.clone()).or_insert_with(|| RefOr::T(problem(status, whole.clone())));
            let reference = Ref::new(format!("#/components/responses/{name}"));
            responses.entry(status.to_string()).or_insert(RefOr::Ref(reference));
        }
    }
}

fn has_content(response: &RefOr<Response>) -> bool {
    matches!(response, RefOr::T(response) if !response.content.is_empty())
}

/// The answer with a problem of this status, the same for all operations.
fn problem(status: u16, mut response: Response) -> Response {
    words(status).clone_into(&mut response.description);
    let mut headers = vec![request_id()];
    match status {
        401 => headers.push(header("WWW-Authenticate", "How to send a credential", "^Bearer$")),
        404 | 409 | 412 => headers.extend(key_headers()),
        429 | 503 => headers.push(header("Retry-After", "Seconds", "^[0-9]{1,5}$")),
        _ => {}
    }
    response.headers.extend(headers);
    response
}

/// How a request of the operation can be refused.
fn refusals(line: Line, operation: &Operation) -> BTreeSet<u16> {
    let mut statuses = BTreeSet::new();
    let path = line.path;
    if path.starts_with("/api/") {
        statuses.insert(429);
    }
    if line.access != Access::Open {
        statuses.extend([401, 403]);
    }
    if path.contains('{') {
        statuses.insert(404);
    }
    let parameter = |name: &str| operation.parameters.iter().flatten().find_map(|parameter| is_named(parameter, name));
    // An id that cannot be one names nothing; a sku and a query can be wrong.
    let mut parameters = operation.parameters.iter().flatten();
    let has_query = parameters.any(|one| matches!(one, RefOr::T(one) if one.parameter_in == ParameterIn::Query));
    if path.contains("{sku}") || has_query {
        statuses.insert(400);
    }
    let has_key = parameter("Idempotency-Key").is_some();
    if has_key || operation.request_body.is_some() {
        statuses.extend([400, 408, 413, 415, 422]);
    }
    if has_key {
        statuses.insert(409);
    }
    if let Some(required) = parameter("If-Match") {
        statuses.insert(412);
        statuses.extend(required.then_some(428));
    }
    let name = format!("{} {path}", line.method);
    statuses.extend(OTHERS.into_iter().filter(|(other, _)| *other == name).flat_map(|(_, statuses)| statuses));
    statuses
}

/// Whether the parameter of this name is required, if this is it.
fn is_named(parameter: &RefOr<utoipa::openapi::path::Parameter>, name: &str) -> Option<bool> {
    match parameter {
        RefOr::T(parameter) if parameter.name == name => Some(matches!(parameter.required, Required::True)),
        _ => None,
    }
}

const fn words(status: u16) -> &'static str {
    match status {
        400 => "A header, a parameter or the JSON itself is not as it must be; nothing was done",
        401 => "No valid credential",
        403 => "The credential is valid and may not do this",
        404 => "There is no such thing that the credential can see",
        408 => "The body did not arrive in time; nothing was done",
        409 => "It cannot be done as things stand; `code` says why",
        412 => "The object is not as If-Match or If-None-Match wants it",
        413 => "The body is too large; nothing was done",
        415 => "The body is not JSON, or is encoded; nothing was done",
        422 => "The body can never be right, or the key was used for another request",
        428 => "If-Match is missing; nothing was done",
        429 => "Too many requests; nothing was done, and the same key may be used",
        500 => "A bug of the server; the same key is safe",
        503 => "Not now; the same key is safe",
        _ => "A problem",
    }
}

fn name_headers(operation: &mut Operation) {
    let has_key = operation.parameters.iter().flatten().any(|one| is_named(one, "Idempotency-Key").is_some());
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        response.headers.extend([request_id()]);
        if has_key && status.starts_with('2') {
            response.headers.extend(key_headers());
        }
        if has_key && status == "201" {
            let text = "Where it is found, if it has a place of its own";
            response.headers.extend([header("Location", text, "^/api/v1/")]);
        }
        if shows_one(response, &["Order", "Payment", "Person", "Product", "Tenant"]) {
            response.headers.extend([header("ETag", "The version, for If-Match", "^\"[0-9]+\"$")]);
        }
    }
}

fn request_id() -> (String, RefOr<Header>) {
    header("X-Request-Id", "The request's, or one made here", "^[!-~]{1,64}$")
}

fn key_headers() -> [(String, RefOr<Header>); 2] {
    let status = "Whether this is an answer of now, or that of an earlier request under this key";
    [
        header("Idempotency-Status", status, "^(executed|replayed)$"),
        header("Idempotent-Replayed", "With a replayed answer only", "^true$"),
    ]
}

fn header(name: &str, description: &str, pattern: &str) -> (String, RefOr<Header>) {
    let mut text = Object::with_type(Type::String);
    text.pattern = Some(pattern.to_owned());
    let mut header = Header::new(Schema::Object(text));
    header.description = Some(description.to_owned());
    (name.to_owned(), RefOr::T(header))
}

/// Whether the answer is one of these things.
fn shows_one(response: &Response, names: &[&str]) -> bool {
    response.content.values().any(|content| match content {
        RefOr::T(Content { schema: Some(RefOr::Ref(Ref { ref_location, .. })), .. }) => {
            names.iter().any(|name| *ref_location == format!("#/components/schemas/{name}"))
        }
        _ => false,
    })
}
