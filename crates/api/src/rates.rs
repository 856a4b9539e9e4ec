//! Owns rate limits of requests: which rules there are, whom each counts, what a refusal says, and the fields
//! `RateLimit` and `RateLimit-Policy`. Counting is `coord`'s.
//!
//! The fields are those of draft-ietf-httpapi-ratelimit-headers-10.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use coord::Limit;
use coord::limit::{Decision, Rate, WhenAway};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, header};

use crate::auth::Sender;
use crate::problem::Problem;
use crate::state::{Api, Peer, Unattended};

/// The field that says what is left.
pub(crate) const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// The field that says what the rules are.
pub(crate) const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Whom a rule counts together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Whoever comes from one address.
    Address,
    /// Whoever has one account.
    Credential,
    /// Everybody of one tenant.
    Tenant,
    /// Everybody.
    Everyone,
}

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// As the fields name it: lower case letters, digits, `-`.
    pub name: String,
    /// Whom it counts together.
    pub by: By,
    /// Only requests of this method and route, `POST /api/v1/orders`; none: all business routes together.
    pub route: Option<String>,
    /// How much.
    pub rate: Rate,
    /// In how many seconds the burst comes back, as the fields tell it.
    pub window_s: u64,
    /// What happens while nobody can count.
    pub when_away: WhenAway,
}

/// The rules, and who counts.
#[derive(Clone)]
pub struct RateLimits {
    /// Asked in this order; the first that refuses decides.
    pub rules: Arc<[Rule]>,
    /// Who counts.
    pub limit: Arc<dyn Limit>,
}

impl By {
    /// The name in settings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Credential => "credential",
            Self::Tenant => "tenant",
            Self::Everyone => "everyone",
        }
    }
}

/// Counts a request before anything of it is looked at but who sends it: a refusal leaves no trace under its key.
pub(crate) async fn around(State(api): State<Api>, request: Request, next: Next) -> Response {
    let limits = api.limits();
    // What an open page asks by itself, once it is open, is not what somebody does: two operators who look on would use up their shop's rule.
    if limits.rules.is_empty() || request.extensions().get() == Some(&Unattended::Open) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let (told, refused) = ask(&api, &parts).await;
    let mut response = match refused {
        Some(problem) => problem.into_response(),
        None => next.run(Request::from_parts(parts, body)).await,
    };
    let policies: Vec<_> = told.iter().map(|(rule, decision)| policy(rule, decision)).collect();
    // Of several rules, the one that is nearest to refusing.
    let nearest = told.iter().min_by_key(|(_, decision)| (decision.remaining, decision.limit));
    if let Some((rule, decision)) = nearest {
        put(&mut response, RATE_LIMIT, &left(rule, decision));
        put(&mut response, RATE_LIMIT_POLICY, &policies.join(", "));
    }
    response
}

/// What the rules that concern the request say, and the refusal of the first that refuses.
async fn ask<'a>(api: &'a Api, request: &Parts) -> (Vec<(&'a Rule, Decision)>, Option<Problem>) {
    let path = request.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
    // What is asked without its body is asked all the same.
    let method = if request.method == Method::HEAD { Method::GET } else { request.method.clone() };
    let route = format!("{method} {path}");
    let limits = api.limits();
    let mut told = Vec::new();
    for rule in limits.rules.iter().filter(|rule| rule.route.as_ref().is_none_or(|wanted| *wanted == route)) {
        let Some(who) = counted(api, request, rule.by).await else { continue };
        let asked = limits.limit.check(&format!("{}:{who}", rule.name), rule.rate, 1).await;
        if let Err(error) = &asked {
            metrics::counter!("mideng_limits_away_total", "rule" => rule.name.clone()).increment(1);
            tracing::debug!(rule = rule.name, %error, "nobody can count");
        }
        let decision = rule.when_away.decide(&asked, rule.rate);
        told.push((rule, decision));
        if !decision.allowed {
            metrics::counter!("mideng_limited_total", "rule" => rule.name.clone()).increment(1);
            let detail = format!("too many requests by the rule {:?}; nothing was done", rule.name);
            let seconds = decision.retry_after.unwrap_or(decision.reset_after).as_secs_f64().ceil();
            return (told, Some(Problem::new("rate_limited", detail).after(seconds)));
        }
    }
    (told, None)
}

/// Whom a request counts for; none where it has no such: what has no credential is refused anyway.
async fn counted(api: &Api, request: &Parts, by: By) -> Option<String> {
    match by {
        By::Address => request.extensions.get::<Peer>().map(|peer| network(peer.address).to_string()),
        By::Everyone => Some(String::new()),
        By::Credential | By::Tenant => {
            let sender = request.extensions.get::<Sender>()?;
            let caller = sender.caller(api, &request.headers).await.ok()??;
            let principal = (by == By::Credential).then_some(caller.principal.0);
            Some(format!("{}:{}", caller.tenant.0, principal.map_or(String::new(), |number| number.to_string())))
        }
    }
}

/// One caller of the sixth version has a whole network of addresses, /64, and is counted by that.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        address @ IpAddr::V4(_) => address,
    }
}

fn policy(rule: &Rule, decision: &Decision) -> String {
    format!("\"{}\";q={};w={}", rule.name, decision.limit, rule.window_s)
}

fn left(rule: &Rule, decision: &Decision) -> String {
    format!("\"{}\";r={};t={}", rule.name, decision.remaining, decision.reset_after.as_secs_f64().ceil())
}

fn put(response: &mut Response, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        response.headers_mut().insert(name, value);
    }
}

/// The headers that a problem's response keeps from the layers within.
pub(crate) const KEPT: [HeaderName; 4] = [header::ALLOW, header::CONNECTION, RATE_LIMIT, RATE_LIMIT_POLICY];
