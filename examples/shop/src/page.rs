//! Owns the page and its token: what one opening of the page may order once.

use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::response::{Html, IntoResponse};
use sqlx::{PgConnection, PgPool};

use crate::Shop;
use crate::problem::Failure;

/// Nothing from outside, and no script but ours.
const ONLY_OURS: [(HeaderName, &str); 2] = [
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; script-src 'self'; connect-src 'self'"),
    (header::CACHE_CONTROL, "no-store"),
];

/// The page, with a token that nobody had before.
pub async fn open(State(shop): State<Shop>) -> Result<impl IntoResponse, Failure> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).expect("the system gives random numbers");
    let token = format!("{:032x}", u128::from_ne_bytes(random));
    sqlx::query("INSERT INTO page_tokens (token) VALUES ($1)").bind(&token).execute(&shop.pool).await?;
    Ok((ONLY_OURS, Html(include_str!("page.html").replace("{{token}}", &token))))
}

/// What the page does.
pub async fn script() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript")], include_str!("page.js"))
}

/// Whether a page with this token may ask: for an hour to order, and after its order for as long as it likes.
pub async fn is_valid(pool: &PgPool, token: &str) -> Result<bool, sqlx::Error> {
    let select = "SELECT EXISTS (SELECT FROM page_tokens WHERE token = $1 \
                  AND (order_id IS NOT NULL OR issued_at > now() - interval '1 hour'))";
    sqlx::query_scalar(select).bind(token).fetch_one(pool).await
}

/// Locks the token, so that of two requests under it the second sees what the first has done; the order that it led to.
pub async fn lock(connection: &mut PgConnection, token: &str) -> Result<Option<i64>, sqlx::Error> {
    let select = "SELECT order_id FROM page_tokens WHERE token = $1 FOR UPDATE";
    sqlx::query_scalar(select).bind(token).fetch_one(connection).await
}

/// Ends the token with its order.
pub async fn consume(connection: &mut PgConnection, token: &str, order: i64) -> Result<(), sqlx::Error> {
    let update = "UPDATE page_tokens SET order_id = $2 WHERE token = $1";
    sqlx::query(update).bind(token).bind(order).execute(connection).await.map(drop)
}

/// Removes the tokens of pages that nobody ordered from.
pub async fn purge(pool: &PgPool) -> Result<(), sqlx::Error> {
    let delete = "DELETE FROM page_tokens WHERE order_id IS NULL AND issued_at < now() - interval '2 hours'";
    sqlx::query(delete).execute(pool).await.map(drop)
}
