//! Owns the routes of who is nobody yet: guests, and those who become members by themselves.

use axum::extract::{Request, State};
use axum::response::Response;
use domain::access::Role;
use domain::person::{Kind, Login};
use domain::text::PersonName;
use domain::{Action, AddPerson, PersonId};

use super::{people, sessions};
use crate::asker::Asker;
use crate::auth::Caller;
use crate::mutation::{self, Mutation, derived_from_arrival};
use crate::problem::Problem;
use crate::state::Api;
use crate::{stamp, wire};

/// Buy without a name, where the shop takes guests. Who logs in later, with the guest's credential in the request, keeps what
/// they began.
#[utoipa::path(post, path = "/api/v1/guests", tag = "sessions", request_body = wire::BeGuest,
    responses((status = 201, body = wire::Tokens, description = "Let in; the tokens are shown only now"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")))]
pub(crate) async fn be_guest(
    State(api): State<Api>,
    Asker(origin): Asker,
    request: Request,
) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    let request = Mutation::read(request, &api, None).await?;
    let wanted = request.json::<wire::BeGuest>()?;
    let mut arrival = sessions::arrival(&api, wanted.device, wanted.keep, (&headers, origin)).await?;
    arrival.guest = None;
    let name = wanted.tenant.as_deref().unwrap_or(sessions::DEFAULT_TENANT);
    let tenant = api.people().knock(name, arrival.origin.address).await?;
    if !api.policy(tenant).await?.guests {
        return Err(Problem::new("forbidden", "this shop takes no guests"));
    }
    let id = PersonId::new(stamp::id());
    let login = Login::from_stored(&id.to_string().to_lowercase());
    let asked =
        api.ask(|store| async move { store.person_account((tenant, Kind::Guest), &login, id, stamp::now()).await });
    let (principal, id) = asked.await?;
    let login = Login::from_stored(&id.to_string().to_lowercase());
    let name = PersonName::from_stored("Guest");
    let action = AddPerson { principal, id, kind: Kind::Guest, login, name, role: Role::Guest, password: None };
    let request = request.by(Caller::themselves(tenant, principal));
    let (answer, replayed) = request.answered(Action::AddPerson(action), derived_from_arrival).await?;
    if answer.status != 201 {
        return Ok(mutation::respond(answer, replayed));
    }
    Ok(sessions::let_in(api.people().let_guest_in(tenant, id, arrival).await?))
}

/// Become a member, where the shop lets whoever comes. With a key, a lost reply is asked for again.
#[utoipa::path(post, path = "/api/v1/registrations", tag = "sessions", request_body = wire::Register,
    params(("Idempotency-Key" = Option<String>, Header, description = "Names this wish. The password is no part of what the key is \
            compared with")),
    responses((status = 201, body = wire::Person, description = "A member; log in next"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")))]
pub(crate) async fn register(
    State(api): State<Api>,
    Asker(origin): Asker,
    request: Request,
) -> Result<Response, Problem> {
    let request = Mutation::read(request, &api, None).await?;
    let wanted = request.json::<wire::Register>()?;
    let name = wanted.tenant.as_deref().unwrap_or(sessions::DEFAULT_TENANT).to_owned();
    let new = wanted.checked()?;
    let tenant = api.people().knock(&name, origin.address).await?;
    if !api.policy(tenant).await?.registration {
        return Err(Problem::new("forbidden", "this shop takes no members by themselves; ask it"));
    }
    people::register(&api, request, tenant, new).await
}
