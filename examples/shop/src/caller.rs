//! Owns who asks: an account with its secret, or a page with its token. Whose key a key is follows from it.

use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;
use sha2::{Digest as _, Sha256};

use crate::problem::Failure;
use crate::{Shop, page};

/// Who asks.
#[derive(Clone)]
pub struct Caller {
    /// An account, or a page as if it were one. No account's name has a colon.
    pub name: String,
    /// The token, where it is a page that asks.
    pub page_token: Option<String>,
}

/// Puts the caller where handlers, and the scope of keys, find it.
pub async fn authenticate(State(shop): State<Shop>, mut request: Request, next: Next) -> Result<Response, Failure> {
    let credential = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let caller = match credential.and_then(|text| text.split_once(' ')) {
        Some(("Bearer", secret)) => {
            shop.accounts.get(secret).map(|name| Caller { name: name.clone(), page_token: None })
        }
        Some(("Page", token)) if page::is_valid(&shop.pool, token).await? => {
            Some(Caller { name: page_name(token), page_token: Some(token.to_owned()) })
        }
        _ => None,
    };
    request.extensions_mut().insert(caller.ok_or(Failure::Nobody)?);
    Ok(next.run(request).await)
}

/// A scope stands in tables and logs, and the token is what lets a page in: its hash will do.
fn page_name(token: &str) -> String {
    let hash = Sha256::digest(token.as_bytes());
    hash.iter().fold("page:".to_owned(), |name, byte| format!("{name}{byte:02x}"))
}
