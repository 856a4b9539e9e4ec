//! Owns which orders a list asks for: its filters, what a word names, and what their customers are called.

use std::collections::{BTreeSet, HashMap};

use domain::access::{Permission, Reach};
use domain::order::Status;
use domain::text::CustomerId;
use domain::{Order, OrderNo};
use serde::Deserialize;
use store::OrderFilter;
use utoipa::IntoParams;

use crate::auth::Caller;
use crate::problem::Problem;
use crate::routes::{LIMIT_MAX, lists};
use crate::state::Api;

/// What is looked for is no longer than a login with its kind before it.
const WORD_MAX: usize = 64 + "member:".len();

/// Which orders, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderQuery {
    /// Only those that this names, whole: an order's number, a customer, or a parcel's tracking number. Those who may look at members
    /// name a customer by a login, too, such as `anna` or `member:anna`. No cursor goes with it where it names an order or a parcel.
    #[param(max_length = 71)]
    q: Option<String>,
    /// Only of this status.
    status: Option<String>,
    /// Only of this customer.
    customer_id: Option<String>,
    /// Only placed at this time or later, RFC 3339.
    #[param(format = DateTime)]
    created_from: Option<String>,
    /// Only placed before this time, RFC 3339.
    #[param(format = DateTime)]
    created_to: Option<String>,
    /// Rows on the page, 1 to 200; 50 where it is missing.
    pub(super) limit: Option<u64>,
    /// The `next_cursor` of the page before.
    pub(super) cursor: Option<String>,
}

impl OrderQuery {
    /// The word that is looked for, if there is one.
    pub(super) fn word(&self) -> Result<Option<String>, Problem> {
        let word = lists::word("q", self.q.clone(), WORD_MAX)?;
        Ok(word.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()))
    }

    /// The filters, as far as the caller sees.
    pub(super) fn filter(&self, caller: &Caller) -> Result<OrderFilter, Problem> {
        let invalid = |detail: String| Problem::new("parameter_invalid", detail);
        let status = match &self.status {
            None => None,
            Some(text) => Some(Status::from_name(text).ok_or_else(|| {
                let known: Vec<_> = Status::ALL.into_iter().map(Status::name).collect();
                invalid(format!("status is {text:?}; it is one of {}", known.join(", ")))
            })?),
        };
        let customer_id = match &self.customer_id {
            None => None,
            Some(text) => Some(CustomerId::new(text).map_err(|error| invalid(error.to_string()))?),
        };
        // Who sees their own orders sees no others, whatever they ask for.
        let customers = match (customer_id, caller.role.reach()) {
            (None, Reach::Own) => caller.customers(),
            (Some(wanted), Reach::Own) if !caller.customers().contains(&wanted) => {
                return Err(Problem::new("forbidden", "people see their own orders: leave customer_id out"));
            }
            (wanted, _) => wanted.into_iter().collect(),
        };
        Ok(OrderFilter {
            status,
            customers,
            created_from: lists::time("created_from", self.created_from.as_deref())?,
            created_to: lists::time("created_to", self.created_to.as_deref())?,
        })
    }
}

/// The orders that a number names: their own, or that of a parcel.
pub(super) async fn named(api: &Api, caller: &Caller, word: &str) -> Result<Vec<Order>, Problem> {
    let tenant = caller.tenant;
    if let Ok(order_no) = word.parse::<OrderNo>()
        && let Some(order) = api.ask(|store| async move { store.order(tenant, order_no).await }).await?
    {
        return Ok(vec![order]);
    }
    let word = word.to_owned();
    api.ask(|store| async move { store.orders_of_parcel(tenant, &word, LIMIT_MAX).await }).await
}

/// Whether a filter lets an order through.
pub(super) fn is_in(filter: &OrderFilter, order: &Order) -> bool {
    let OrderFilter { status, customers, created_from, created_to } = filter;
    status.is_none_or(|status| order.status == status)
        && (customers.is_empty() || customers.contains(&order.customer_id))
        && created_from.is_none_or(|from| order.created_at >= from)
        && created_to.is_none_or(|to| order.created_at < to)
}

/// The customers whom a word names, of those whom the filter lets through: by the merchant's own id, by ours, or by their login.
pub(super) async fn customers(
    api: &Api,
    caller: &Caller,
    filter: &OrderFilter,
    word: &str,
) -> Result<Vec<CustomerId>, Problem> {
    let mut customers: BTreeSet<_> = CustomerId::new(word).into_iter().collect();
    if caller.role.may(Permission::MembersRead) {
        let (tenant, word) = (caller.tenant, word.to_owned());
        customers.extend(api.ask(|store| async move { store.customer_called(tenant, &word).await }).await?);
    }
    // Whoever sees only their own sees these.
    customers.retain(|customer| filter.customers.is_empty() || filter.customers.contains(customer));
    Ok(customers.into_iter().collect())
}

/// What the customers of these orders are called, for who may look at members. It is one question for a page.
pub(super) async fn names(
    api: &Api,
    caller: &Caller,
    orders: &[Order],
) -> Result<HashMap<CustomerId, String>, Problem> {
    if !caller.role.may(Permission::MembersRead) {
        return Ok(HashMap::new());
    }
    let (tenant, ids) = (caller.tenant, orders.iter().map(|order| order.customer_id.clone()).collect());
    api.ask(|store| async move { store.customers_named(tenant, ids).await }).await
}
