//! Owns many members: they are added, log in, and renew what proves that they did.

use std::cell::RefCell;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::json;

use super::super::order::{Buyer, Sender};
use crate::client::{Caller, Policy, Request, Target, spread};

const LANES: usize = 16;
const PASSWORD: &str = "a password of the bench";

/// Members who are logged in.
pub(super) struct Crowd {
    pub(super) target: Arc<Target>,
    people: RefCell<Vec<Tokens>>,
}

/// Somebody's session, and what proves it.
#[derive(Clone, Deserialize)]
pub(super) struct Tokens {
    pub(super) session_id: String,
    pub(super) access_token: String,
    person_id: String,
    refresh_token: String,
}

impl Crowd {
    /// So many, of names that begin like this.
    pub(super) async fn gather(target: &Arc<Target>, name: &str, count: usize) -> anyhow::Result<Self> {
        let logins = logins(name, count);
        add(target, &logins).await?;
        let requests: Vec<Request> = logins.iter().map(|login| log_in(login)).collect();
        let people = RefCell::new(tokens(target, &requests).await?);
        Ok(Self { target: target.clone(), people })
    }

    /// New tokens for everybody: they last five minutes.
    pub(super) async fn refresh(&self) -> anyhow::Result<()> {
        let requests: Vec<Request> = self.people.borrow().iter().map(Tokens::refreshing).collect();
        let people = tokens(&self.target, &requests).await?;
        self.people.replace(people);
        Ok(())
    }

    /// Everybody's.
    pub(super) fn tokens(&self) -> Vec<Tokens> {
        self.people.borrow().clone()
    }

    /// Each by their token, who buy for themselves.
    pub(super) fn by_token(&self) -> anyhow::Result<Vec<Sender>> {
        let people = self.people.borrow();
        let sender =
            |tokens: &Tokens| Ok(Sender { target: tokens.target(self.target.url())?, buyer: Buyer::Themselves });
        people.iter().map(sender).collect()
    }

    /// The same orders of the same people, placed by the key.
    pub(super) fn by_key(&self) -> Vec<Sender> {
        let people = self.people.borrow();
        let ids = people.iter().map(|tokens| tokens.person_id.clone());
        ids.map(|id| Sender { target: self.target.clone(), buyer: Buyer::One(id) }).collect()
    }
}

impl Tokens {
    /// A server, as this person.
    pub(super) fn target(&self, url: &str) -> anyhow::Result<Arc<Target>> {
        Ok(Arc::new(Target::new(url, Some(&self.access_token))?))
    }

    fn refreshing(&self) -> Request {
        let body = json!({ "refresh_token": self.refresh_token }).to_string();
        Request::tell("/api/v1/sessions/refresh", body.into())
    }
}

/// So many names.
pub(super) fn logins(name: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("bench-{name}-{number}")).collect()
}

/// Adds members of these names; those who are there stay.
pub(super) async fn add(target: &Arc<Target>, logins: &[String]) -> anyhow::Result<()> {
    let add = async |caller: &mut Caller, _: usize, login: &String| {
        let body = json!({"login": login, "name": login, "password": PASSWORD});
        let added = caller.ask(&Request::post("/api/v1/members", &format!("add-{login}"), &body)).await;
        added.with_context(|| format!("{login} cannot be added")).map(|_| ())
    };
    spread(logins, LANES, || Caller::new(target.clone(), Policy::default()), add).await
}

/// The request by which somebody logs in.
pub(super) fn log_in(login: &str) -> Request {
    let body = json!({"login": login, "password": PASSWORD, "device": {"type": "app"}}).to_string();
    Request::tell("/api/v1/sessions", body.into())
}

async fn tokens(target: &Arc<Target>, requests: &[Request]) -> anyhow::Result<Vec<Tokens>> {
    let tokens: RefCell<Vec<Option<Tokens>>> = RefCell::new(vec![None; requests.len()]);
    let ask = async |caller: &mut Caller, at: usize, request: &Request| {
        let read = caller.ask(request).await?.read()?;
        tokens.borrow_mut()[at] = Some(read);
        anyhow::Ok(())
    };
    // A credential in the request would make a guest of who logs in.
    let nobody = Arc::new(Target::new(target.url(), None)?);
    spread(requests, LANES, || Caller::new(nobody.clone(), Policy::default()), ask)
        .await
        .context("nobody is let in")?;
    let tokens: Vec<Tokens> = tokens.into_inner().into_iter().flatten().collect();
    ensure!(tokens.len() == requests.len(), "not all were let in");
    Ok(tokens)
}
