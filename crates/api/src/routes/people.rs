//! Owns what the routes of members and of staff have in common: people are added and changed by commands, each of which the
//! audit log has.

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use domain::person::{Kind, LOGIN_MAX, PasswordHash, Step};
use domain::{Action, AddPerson, EndSession, Person, PersonId, SessionId, StepPerson, TenantId};
use http::header;
use idempotency::Answer;
use people::Allowed;
use serde::Deserialize;
use utoipa::IntoParams;

use super::ids::{IdPath, Named, WithinPath};
use super::lists;
use crate::auth::Caller;
use crate::mutation::{self, Mutation, derived_from_arrival, derived_from_request};
use crate::problem::{FieldError, Problem};
use crate::state::Api;
use crate::{stamp, wire};

/// Which people, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PeopleQuery {
    /// Only those whose login begins so. An empty one is how all begin.
    login: Option<String>,
    /// Rows on the page, 1 to 200; 50 where it is missing.
    limit: Option<u64>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

impl Named for PersonId {
    const WHAT: &'static str = "person";
}

/// Adds somebody.
pub(super) async fn add(api: &Api, mut request: Mutation, new: wire::NewPerson) -> Result<Response, Problem> {
    request.require_key()?;
    request.is_audited();
    let tenant = request.tenant();
    let password = password(api, &request, &new).await?;
    let action = added(api, tenant, new, password).await?;
    request.submit(Action::AddPerson(action), derived_from_request).await
}

/// Adds somebody who adds themselves. A key is theirs alone: whoever has another login has other keys.
pub(super) async fn register(
    api: &Api,
    request: Mutation,
    tenant: TenantId,
    new: wire::NewPerson,
) -> Result<Response, Problem> {
    // A password that is none leaves no trace of the login; of a repetition it is asked again.
    let password = hashed(api, &new).await?;
    let action = added(api, tenant, new, password).await?;
    // Whoever it is that knocks, the keys of who has this login already are not theirs to use up.
    let request = request.by(Caller::themselves(tenant, action.principal)).under("registration");
    request.submit(Action::AddPerson(action), derived_from_arrival).await
}

/// The hash of the new person's password. Of a repetition it is not asked: that is answered as it was, whatever is thought of
/// the password by now.
pub(super) async fn password(
    api: &Api,
    request: &Mutation,
    new: &wire::NewPerson,
) -> Result<Option<PasswordHash>, Problem> {
    if new.password.is_none() || request.is_repetition().await? {
        return Ok(None);
    }
    hashed(api, new).await
}

async fn hashed(api: &Api, new: &wire::NewPerson) -> Result<Option<PasswordHash>, Problem> {
    let Some(typed) = &new.password else { return Ok(None) };
    let hashed = api.people().hash(typed, &[new.login.as_str(), new.name.as_str()]).await?;
    hashed.map(Some).map_err(|weak| {
        let pointer = new.password_pointer.to_owned();
        Problem::invalid(&[FieldError { pointer, code: weak.code(), message: weak.to_string() }])
    })
}

/// The command that adds somebody to a tenant, with the number that they will act under.
pub(super) async fn added(
    api: &Api,
    tenant: TenantId,
    new: wire::NewPerson,
    password: Option<PasswordHash>,
) -> Result<AddPerson, Problem> {
    let wire::NewPerson { kind, login, name, role, .. } = new;
    let (known, id) = (login.clone(), PersonId::new(stamp::id()));
    let asked = api.ask(|store| async move { store.person_account((tenant, kind), &known, id, stamp::now()).await });
    let (principal, id) = asked.await?;
    Ok(AddPerson { principal, id, kind, login, name, role, password })
}

/// Changes somebody, and has every node look at them anew.
pub(super) async fn change(
    api: &Api,
    request: Mutation,
    who: (Kind, IdPath<PersonId>),
    step: Step,
) -> Result<Response, Problem> {
    let (answer, replayed) = changed(api, request, who, step).await?;
    Ok(mutation::respond(answer, replayed))
}

/// Lets somebody set a new password. The token is made anew for each answer and always the same: it is kept nowhere.
pub(super) async fn let_reset(
    api: &Api,
    request: Mutation,
    who: (Kind, IdPath<PersonId>),
) -> Result<Response, Problem> {
    let tenant = request.tenant();
    let (answer, replayed) = changed(api, request, who, Step::LetReset).await?;
    if answer.status != 200 {
        return Ok(mutation::respond(answer, replayed));
    }
    let broken = |_| Problem::new("internal_error", "the stored answer is no person");
    let person: wire::StoredPerson = serde_json::from_slice(&answer.body).map_err(broken)?;
    let id = person.person_id.parse().map_err(|_| Problem::new("internal_error", "the stored answer is no person"))?;
    let body = wire::ResetAllowed {
        person: serde_json::from_slice(&answer.body).map_err(broken)?,
        reset_token: api.people().reset_token(Allowed { tenant, person: id, version: person.version }),
        expires_at: person.reset_expires_at(),
    };
    let body = serde_json::to_vec(&body).map_err(broken)?.into();
    Ok(mutation::respond(Answer { body, ..answer }, replayed))
}

async fn changed(
    api: &Api,
    mut request: Mutation,
    (kind, path): (Kind, IdPath<PersonId>),
    step: Step,
) -> Result<(Answer, bool), Problem> {
    request.require_key()?;
    request.is_audited();
    let tenant = request.tenant();
    let person = find(api, tenant, kind, path).await?;
    let (principal, id) = (person.principal, person.id);
    let action = StepPerson { principal, id, step, expected_version: request.expected_version() };
    let people = api.people().clone();
    api.finish(async move {
        let answer = request.answered(Action::StepPerson(action), derived_from_request).await;
        people.person_changed(tenant, principal).await;
        answer
    })
    .await
}

/// Ends one of somebody's sessions, and tells every node.
pub(super) async fn end_session(
    api: &Api,
    mut request: Mutation,
    (kind, path): (Kind, WithinPath<PersonId, SessionId>),
) -> Result<Response, Problem> {
    request.is_audited();
    request.no_body()?;
    let WithinPath(person, session) = path;
    let person = find(api, request.tenant(), kind, person).await?;
    let action = EndSession { principal: person.principal, person: person.id, session };
    let people = api.people().clone();
    api.finish(async move {
        let answer = request.submit(Action::EndSession(action), derived_from_request).await;
        // Where it is not known yet whether it was applied, too; but nobody has to hear of what was refused.
        if answer.as_ref().map_or(true, |answer| answer.status().is_success()) {
            people.session_changed(session).await;
        }
        answer
    })
    .await
}

/// Shows somebody.
pub(super) async fn show(api: &Api, caller: &Caller, kind: Kind, path: IdPath<PersonId>) -> Result<Response, Problem> {
    let person = find(api, caller.tenant, kind, path).await?;
    let tag = [(header::ETAG, wire::entity_tag(person.version))];
    Ok((tag, Json(wire::Person::of(&person))).into_response())
}

/// Lists people of a kind by their logins.
pub(super) async fn list(api: &Api, caller: &Caller, kind: Kind, query: PeopleQuery) -> Result<Response, Problem> {
    let (limit, after) = (lists::limit(query.limit)?, lists::cursor(query.cursor.as_deref())?);
    let typed = lists::word("login", query.login, LOGIN_MAX)?;
    // Logins are kept in small letters.
    let beginning = typed.map(|text| text.trim().to_lowercase()).unwrap_or_default();
    let tenant = caller.tenant;
    let asked = api.ask(|store| async move { store.people((tenant, kind), &beginning, after.as_ref(), limit).await });
    let page = asked.await?;
    Ok(Json(lists::list(page, wire::Person::of)).into_response())
}

/// Lists somebody's sessions.
pub(super) async fn sessions(
    api: &Api,
    caller: &Caller,
    kind: Kind,
    path: IdPath<PersonId>,
) -> Result<Response, Problem> {
    let person = find(api, caller.tenant, kind, path).await?;
    let (sessions, now) = (api.people().sessions(caller.tenant, person.principal).await?, stamp::now());
    let current = caller.session.as_ref().map(|session| session.id);
    let rows: Vec<_> = sessions.iter().map(|record| wire::Session::of(record, current, now)).collect();
    Ok(Json(rows).into_response())
}

/// Somebody of this kind and tenant; others are not there.
async fn find(api: &Api, tenant: TenantId, kind: Kind, IdPath(id): IdPath<PersonId>) -> Result<Person, Problem> {
    let person = |store: store::Store, tenant| async move { store.person(tenant, id).await };
    let found = api.find(tenant, format!("person {id}"), person).await?;
    if found.kind == kind { Ok(found) } else { Err(Problem::new("not_found", format!("there is no person {id}"))) }
}
