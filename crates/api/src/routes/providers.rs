//! Owns the routes by which people log in with what a provider knows of them: a directory by password, another by sending the
//! browser there and back.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use domain::person::Step;
use domain::session::Device;
use domain::text::Reason;
use domain::{Action, AddPerson, Person, PersonId, StepPerson, audit};
use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};
use people::{Arrival, Back, Callback, Introduced, LogIn};
use serde::Deserialize;

use crate::asker::Asker;
use crate::auth::{Caller, cookie};
use crate::mutation::{Mutation, derived_from_arrival};
use crate::problem::Problem;
use crate::stamp;
use crate::state::Api;

/// Where a browser wants to when it is logged in.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReturnTo {
    /// A page of this site: a path that begins with one slash. `/` where it is missing.
    #[param(max_length = 2048, example = "/orders")]
    return_to: Option<String>,
}

/// What a provider sends a browser back with.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CameBack {
    /// What it gives for the log-in.
    #[param(max_length = 4096)]
    code: Option<String>,
    /// What was given along.
    #[param(max_length = 4096)]
    state: Option<String>,
    /// Who answers.
    #[param(max_length = 4096)]
    iss: Option<String>,
    /// Why there is no code.
    #[param(max_length = 4096)]
    error: Option<String>,
}

/// Logs in with a password that a provider knows.
pub(super) async fn log_in(api: &Api, provider: &str, wanted: LogIn) -> Result<people::LoggedIn, Problem> {
    let introduced = api.people().ask_provider(provider, &wanted).await?;
    let id = introduce(api, &introduced).await?;
    Ok(api.people().let_introduced_in((introduced, id), wanted.code, wanted.arrival).await?)
}

/// Go to a provider to log in. A browser is sent there, and comes back with a session.
#[utoipa::path(get, path = "/api/v1/login/{provider}", tag = "sessions",
    params(("provider" = String, Path, description = "The provider, as the settings name it"), ReturnTo),
    responses((status = 303, description = "Go there", headers(("Location" = String, description = "The provider"))),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")))]
pub(crate) async fn go(
    State(api): State<Api>,
    Asker(origin): Asker,
    Path(provider): Path<String>,
    query: Result<Query<ReturnTo>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(|error| Problem::new("parameter_invalid", error.body_text()))?;
    let return_to = query.return_to.as_deref().unwrap_or("/");
    // Another site's link logs somebody in; it does not make them who browsed here before.
    let site = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    let is_own = matches!(site, Some("same-origin" | "none"));
    let away = api.people().go_away(&provider, (return_to, is_own), origin.address).await?;
    Ok(see(&away.url, [cookie::kept(&away.kept)])?.into_response())
}

/// Come back from a provider. The session is a browser's.
#[utoipa::path(get, path = "/api/v1/login/{provider}/callback", tag = "sessions",
    params(("provider" = String, Path, description = "The provider, as the settings name it"), CameBack),
    responses((status = 303, description = "Logged in; go on", headers(("Location" = String, description = "The page that was wanted"))),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")))]
pub(crate) async fn come_back(
    State(api): State<Api>,
    Asker(origin): Asker,
    Path(provider): Path<String>,
    query: Result<Query<CameBack>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(|error| Problem::new("parameter_invalid", error.body_text()))?;
    let kept = cookie::kept_of(&headers)?.ok_or_else(|| {
        Problem::new("login_failed", "the log-in was not begun in this browser, or took too long; begin anew")
    })?;
    let callback = Callback { code: query.code, state: query.state, iss: query.iss, error: query.error };
    let Back { introduced, return_to, is_own } = api.people().come_back(&provider, kept, &callback).await?;
    let id = introduce(&api, &introduced).await?;
    let arrival = Arrival {
        device: Device::Web,
        device_name: None,
        origin,
        by_cookie: true,
        guest: if is_own { super::sessions::guest(&api, &headers).await? } else { None },
    };
    let logged_in = api.people().let_introduced_in((introduced, id), None, arrival).await?;
    let session = logged_in.cookie.as_deref().map(cookie::given);
    Ok(see(&return_to, session.into_iter().chain([cookie::kept_no_more()]))?.into_response())
}

/// Sends a browser somewhere, with cookies.
fn see(place: &str, cookies: impl IntoIterator<Item = HeaderValue>) -> Result<(StatusCode, HeaderMap), Problem> {
    let place = HeaderValue::try_from(place);
    let place = place.map_err(|_| Problem::new("internal_error", "where to go next is no address"))?;
    let mut headers = HeaderMap::from_iter([(LOCATION, place)]);
    cookies.into_iter().for_each(|cookie| {
        headers.append(SET_COOKIE, cookie);
    });
    Ok((StatusCode::SEE_OTHER, headers))
}

/// Makes them a person here, with the role that their groups give them now. Both are commands, which the audit log has.
async fn introduce(api: &Api, introduced: &Introduced) -> Result<PersonId, Problem> {
    let Introduced { tenant, kind, login, name, role, .. } = introduced.clone();
    let (known, new) = (login.clone(), PersonId::new(stamp::id()));
    let account =
        api.ask(move |store| async move { store.person_account((tenant, kind), &known, new, stamp::now()).await });
    let (principal, id) = account.await?;
    let person = api.ask(move |store| async move { store.person(tenant, id).await }).await?;
    let action = match &person {
        None => Action::AddPerson(AddPerson { principal, id, kind, login, name, role, password: None }),
        Some(Person { role: there, .. }) if *there != role => {
            Action::StepPerson(StepPerson { principal, id, step: Step::Role(role), expected_version: None })
        }
        Some(_) => return Ok(id),
    };
    let by = Caller::themselves(tenant, api.actor(tenant).await?);
    let note = audit::Note { reason: Reason::new("a login provider says so").ok(), ..audit::Note::default() };
    let people = api.people().clone();
    let request = Mutation::of_platform(api, by, note);
    let done = api.finish(async move {
        let done = request.answered(action, derived_from_arrival).await;
        people.person_changed(tenant, principal).await;
        done
    });
    let (answer, _) = done.await?;
    // Of two log-ins at once the second finds them there.
    if matches!(answer.status, 200 | 201 | 409) {
        return Ok(id);
    }
    Err(Problem::new("internal_error", "somebody whom a provider knows could not be made a person here"))
}
