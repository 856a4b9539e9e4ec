//! Owns which routes there are and who may call each. A route cannot be added without saying so: who is not let in by its line
//! is refused before its handler runs.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use domain::access::{Permission, Proof};
use http::HeaderMap;

use crate::auth::{self, Caller, Granted, Sender, cookie};
use crate::body;
use crate::problem::Problem;
use crate::state::{Api, Peer, Unattended};

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody, without a credential: what the route itself asks for proves who they are, or nothing is to be proved.
    Open,
    /// Whoever has a session, of whatever role: what the route touches is their own.
    Session,
    /// Whoever's role has the permission.
    May(Permission),
    /// Whoever asks from this machine, or has the permission.
    Local(Permission),
}

/// A route as the table has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// The path with the names of its parts.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
}

/// Routes with their lines.
#[derive(Default)]
pub(crate) struct Table {
    routes: Vec<(Line, MethodRouter<Api>)>,
}

impl Table {
    pub(crate) fn get<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, Api>,
        T: 'static,
    {
        self.add(Line { method: "GET", path, access }, on(MethodFilter::GET, handler))
    }

    pub(crate) fn post<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, Api>,
        T: 'static,
    {
        self.add(Line { method: "POST", path, access }, on(MethodFilter::POST, handler))
    }

    pub(crate) fn put<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, Api>,
        T: 'static,
    {
        self.add(Line { method: "PUT", path, access }, on(MethodFilter::PUT, handler))
    }

    pub(crate) fn delete<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, Api>,
        T: 'static,
    {
        self.add(Line { method: "DELETE", path, access }, on(MethodFilter::DELETE, handler))
    }

    pub(crate) fn and(mut self, other: Self) -> Self {
        self.routes.extend(other.routes);
        self
    }

    fn add(mut self, line: Line, route: MethodRouter<Api>) -> Self {
        self.routes.push((line, route));
        self
    }

    pub(crate) fn lines(&self) -> impl Iterator<Item = Line> + '_ {
        self.routes.iter().map(|(line, _)| *line)
    }

    /// The routes, each behind its guard. Another method of a path is refused by the router, and asks for no credential.
    pub(crate) fn guarded(self, api: &Api) -> Router<Api> {
        self.routes.into_iter().fold(Router::new(), |router, (line, route)| {
            router.route(line.path, route.route_layer(from_fn_with_state((api.clone(), line.access), guard)))
        })
    }
}

/// Lets through who may, and says who they are to what stands behind it.
async fn guard(State((api, access)): State<(Api, Access)>, mut request: Request, next: Next) -> Response {
    let sender = request.extensions().get::<Sender>().cloned().unwrap_or_default();
    let is_local = request.extensions().get::<Peer>().is_some_and(|peer| peer.is_here);
    let granted = match access {
        Access::Open => Ok(None),
        Access::Local(_) if is_local => Ok(None),
        Access::Local(permission) | Access::May(permission) => match of(&sender, &api, request.headers()).await {
            Ok(caller) if !is_asked_anew(permission) => caller.may(permission).map(|()| Some(caller)),
            Ok(_) => {
                let (whole, caller) = anew(request, permission, &api).await;
                request = whole;
                caller.map(Some)
            }
            Err(problem) => Err(problem),
        },
        Access::Session => {
            let caller = of(&sender, &api, request.headers()).await;
            caller.and_then(|caller| caller.of_session().map(|_| ()).map(|()| Some(caller)))
        }
    };
    match granted {
        Err(problem) => problem.into_response(),
        Ok(None) => next.run(request).await,
        Ok(Some(caller)) => {
            let changes = !request.method().is_safe();
            if changes
                && caller.by_cookie
                && let Err(problem) = cookie::is_meant(request.headers())
            {
                return problem.into_response();
            }
            let is_attended = request.extensions().get::<Unattended>().is_none();
            let renews = caller.session.clone().filter(|_| caller.by_cookie && is_attended);
            request.extensions_mut().insert(Granted(caller));
            let response = next.run(request).await;
            if let Some(session) = renews
                && let Err(denied) = api.people().renew(&session, changes).await
            {
                // The request was good; the next one renews.
                tracing::warn!(%denied, "a browser's session could not be renewed");
            }
            response
        }
    }
}

/// Where money moves, or a proof is asked for, nothing remembered counts.
fn is_asked_anew(permission: Permission) -> bool {
    permission.moves_money() || permission.proof() != Proof::AtLogIn
}

/// Asks the database who the sender is, when all of the request is here: whoever holds its end back is not judged by what they
/// were at its beginning.
async fn anew(request: Request, permission: Permission, api: &Api) -> (Request, Result<Caller, Problem>) {
    let (parts, body) = request.into_parts();
    let bytes = match body::read(body, &parts.headers, api.settings()).await {
        Ok(bytes) => bytes,
        Err(problem) => return (Request::from_parts(parts, Body::empty()), Err(problem)),
    };
    let caller = auth::anew(api, &parts.headers, permission).await;
    (Request::from_parts(parts, Body::from(bytes)), caller)
}

async fn of(sender: &Sender, api: &Api, headers: &HeaderMap) -> Result<Caller, Problem> {
    sender.caller(api, headers).await?.ok_or_else(|| {
        Problem::new("unauthorized", "send one header Authorization: Bearer with an API key or an access token")
    })
}
