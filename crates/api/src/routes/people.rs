//! Owns what the routes of members and of staff have in common: people are added and changed by commands, each of which the
//! audit log has.

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use domain::person::{Kind, PasswordHash, Step};
use domain::{Action, AddPerson, Person, PersonId, StepPerson, TenantId};
use http::header;

use super::ids::{IdPath, Named};
use super::lists;
use super::lists::ListQuery;
use crate::auth::Caller;
use crate::mutation::{Mutation, derived_from_request};
use crate::problem::{FieldError, Problem};
use crate::state::Api;
use crate::{stamp, wire};

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

/// The hash of the new person's password. Of a repetition it is not asked: that is answered as it was, whatever is thought of
/// the password by now.
pub(super) async fn password(
    api: &Api,
    request: &Mutation,
    new: &wire::NewPerson,
) -> Result<Option<PasswordHash>, Problem> {
    let Some(typed) = &new.password else { return Ok(None) };
    if request.is_repetition().await? {
        return Ok(None);
    }
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
    mut request: Mutation,
    (kind, path): (Kind, IdPath<PersonId>),
    step: Step,
) -> Result<Response, Problem> {
    request.require_key()?;
    request.is_audited();
    let tenant = request.tenant();
    let person = find(api, tenant, kind, path).await?;
    let (principal, id) = (person.principal, person.id);
    let action = StepPerson { principal, id, step, expected_version: request.expected_version() };
    let people = api.people().clone();
    api.finish(async move {
        let answer = request.submit(Action::StepPerson(action), derived_from_request).await;
        people.person_changed(tenant, principal).await;
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
pub(super) async fn list(api: &Api, caller: &Caller, kind: Kind, query: ListQuery) -> Result<Response, Problem> {
    let (limit, after) = query.page()?;
    let tenant = caller.tenant;
    let page = api.ask(|store| async move { store.people((tenant, kind), after.as_ref(), limit).await }).await?;
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
