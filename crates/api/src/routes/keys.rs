//! Owns the routes of keys: what stands under one, who sent it how often, and what came to this node of late.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use domain::PrincipalId;
use domain::access::Reach;
use engine::Scope;
use idempotency::Key;
use serde::Deserialize;
use store::{AccountName, KeyRow, Senders, SightingRow};
use utoipa::IntoParams;

use super::lists::{self, parameters};
use crate::auth::Caller;
use crate::problem::Problem;
use crate::state::Api;
use crate::wire;

/// The longest key, a derived one included.
const KEY_MAX: usize = 300;

/// Which keys, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyQuery {
    /// Only this key, with its stored answer.
    #[param(max_length = 300)]
    key: Option<String>,
    /// Only those of this sender: `per_…`, `acc_…`, or kind and name such as `member:anna`. Without it a single key is looked for
    /// among the accounts of servers and staff, and among whoever sent it more than once.
    #[param(max_length = 200)]
    account: Option<String>,
    /// Whether keys are listed, too, that the server made for its own work; they are where it is missing.
    own_work: Option<bool>,
    /// Rows on the page, 1 to 200; 50 where it is missing.
    limit: Option<u64>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// From where on, and how many.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ArrivalQuery {
    /// Only those behind this number, the `last` of an answer before.
    #[param(minimum = 0)]
    after: Option<i64>,
    /// Rows at most, 1 to 200; 50 where it is missing. The latest count.
    limit: Option<u64>,
}

/// Keys, the newest first, or all that stands under one of them. Who buys for themselves names one, and sees their own.
#[utoipa::path(get, path = "/api/v1/keys", tag = "keys", params(KeyQuery),
    responses((status = 200, body = wire::List<wire::KeyRecord>, description = "A page"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn list(
    State(api): State<Api>,
    caller: Caller,
    query: Result<Query<KeyQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    let query = parameters(query)?;
    let (limit, after) = (lists::limit(query.limit)?, lists::counted(query.cursor.as_deref())?);
    let (key, account) = (lists::word("key", query.key, KEY_MAX)?, lists::word("account", query.account, 200)?);
    let tenant = caller.tenant;
    let own = own(&caller);
    let sender = match account {
        None => None,
        Some(name) => Some(api.ask(|store| async move { store.sender_named(tenant, &name).await }).await?),
    };
    // Another's name is nobody's, for who sees only their own.
    let sender = match (sender, &own) {
        (Some(Some(sender)), Some(own)) if !own.contains(&sender) => Some(None),
        (sender, _) => sender,
    };
    if let Some(None) = sender {
        return Ok(Json(wire::List::<wire::KeyRecord> { data: Vec::new(), next_cursor: None }).into_response());
    }
    let sender = sender.flatten();
    if let Some(key) = key {
        let records = under(&api, &caller, &key, sender, own).await?;
        return Ok(Json(wire::List { data: records, next_cursor: None }).into_response());
    }
    if own.is_some() {
        // Theirs are few among many, and no index leads to them.
        return Err(Problem::new(
            "forbidden",
            "lists of keys are for those who work for the shop: name one, with key=",
        ));
    }
    let senders = match sender {
        Some(sender) => Senders::One(sender),
        None if query.own_work == Some(false) => Senders::Clients,
        None => Senders::All,
    };
    let page = api.ask(|store| async move { store.keys_latest(tenant, senders, after.as_ref(), limit).await }).await?;
    let keys = page.rows.iter().map(|row| row.key.as_str().to_owned()).collect();
    let seen = Seen::of(&api, &caller, keys).await?;
    Ok(Json(lists::list(page, |row| wire::KeyRecord::of(row, seen.under(row.principal, &row.key)))).into_response())
}

/// What came to this node of late, and how each was answered: the latest, oldest first. Who buys for themselves sees their own.
#[utoipa::path(get, path = "/api/v1/arrivals", tag = "keys", params(ArrivalQuery),
    responses((status = 200, body = wire::Arrivals, description = "The arrivals"),
        (status = "4XX", body = crate::openapi::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = crate::openapi::Problem, content_type = "application/problem+json")),
    security(("api_key" = []), ("session" = [])))]
pub(crate) async fn arrivals(
    State(api): State<Api>,
    caller: Caller,
    query: Result<Query<ArrivalQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    let query = parameters(query)?;
    let most = usize::try_from(lists::limit(query.limit)?).unwrap_or(usize::MAX);
    let (tenant, own) = (caller.tenant, own(&caller));
    let after = u64::try_from(query.after.unwrap_or(0))
        .map_err(|_| Problem::new("parameter_invalid", "after is a number that an answer gave out, 0 or more"))?;
    let (found, last) = api.watch().behind(after, most, |arrival| {
        arrival.tenant == tenant && own.as_ref().is_none_or(|own| own.contains(&arrival.principal))
    });
    let names = names(&api, &caller, found.iter().map(|arrival| arrival.principal)).await?;
    let data =
        found.iter().map(|arrival| wire::Arrival::of(arrival, names.get(&arrival.principal.0))).collect::<Vec<_>>();
    Ok(Json(wire::Arrivals { data, last }).into_response())
}

/// In whose names somebody who sees only their own has acted; none for who sees all of the tenant's.
fn own(caller: &Caller) -> Option<BTreeSet<PrincipalId>> {
    let own = || caller.as_guests().into_iter().map(|guest| guest.principal).chain([caller.principal]).collect();
    (caller.role.reach() == Reach::Own).then(own)
}

/// All that stands under one key, or came under it.
async fn under(
    api: &Api,
    caller: &Caller,
    text: &str,
    sender: Option<PrincipalId>,
    own: Option<BTreeSet<PrincipalId>>,
) -> Result<Vec<wire::KeyRecord>, Problem> {
    let tenant = caller.tenant;
    // One that the server derived stands behind a blank, and is shown without.
    let keys = [text.to_owned(), format!(" {text}")].map(|text| Key::from_stored(&text));
    let mut scopes = BTreeSet::new();
    for key in &keys {
        let senders = match (sender, &own) {
            (Some(sender), _) => BTreeSet::from([sender]),
            (None, Some(own)) => own.clone(),
            (None, None) => {
                let key = key.clone();
                api.ask(|store| async move { store.key_senders(tenant, &key).await }).await?
            }
        };
        scopes.extend(senders.into_iter().map(|principal| Scope { tenant, principal, key: key.clone() }));
    }
    let asked = scopes.clone();
    let rows: Vec<KeyRow> = api.ask(|store| async move { store.keys_under(tenant, &asked).await }).await?;
    let seen = Seen::of(api, caller, keys.iter().map(|key| key.as_str().to_owned()).collect()).await?;
    let stored: BTreeSet<_> = rows.iter().map(|row| (row.principal, row.key.clone())).collect();
    let mut records: Vec<_> =
        rows.iter().map(|row| wire::KeyRecord::of(row, seen.under(row.principal, &row.key))).collect();
    let others = scopes.into_iter().filter(|scope| !stored.contains(&(scope.principal, scope.key.clone())));
    let others: Vec<_> = others.filter(|scope| seen.under(scope.principal, &scope.key).next().is_some()).collect();
    let names = names(api, caller, others.iter().map(|scope| scope.principal)).await?;
    records.extend(others.iter().map(|scope| {
        let seen = seen.under(scope.principal, &scope.key);
        wire::KeyRecord::of_refused(&scope.key, names.get(&scope.principal.0), seen)
    }));
    Ok(records)
}

/// What came under some keys, by who sent it.
struct Seen(BTreeMap<(PrincipalId, String), Vec<SightingRow>>);

impl Seen {
    async fn of(api: &Api, caller: &Caller, keys: Vec<String>) -> Result<Self, Problem> {
        let tenant = caller.tenant;
        let rows = if keys.is_empty() {
            Vec::new()
        } else {
            api.ask(|store| async move { store.sightings(tenant, keys).await }).await?
        };
        let mut seen: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for row in rows {
            seen.entry((row.principal, row.key.clone())).or_default().push(row);
        }
        Ok(Self(seen))
    }

    fn under(&self, sender: PrincipalId, key: &Key) -> impl Iterator<Item = &SightingRow> {
        self.0.get(&(sender, key.as_str().to_owned())).into_iter().flatten()
    }
}

async fn names(
    api: &Api,
    caller: &Caller,
    who: impl Iterator<Item = PrincipalId>,
) -> Result<HashMap<i64, AccountName>, Problem> {
    let (tenant, ids) = (caller.tenant, who.map(|principal| principal.0).collect());
    api.ask(|store| async move { store.accounts_named(tenant, ids).await }).await
}
