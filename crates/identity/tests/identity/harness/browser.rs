//! Owns a browser that logs in at the real OpenID provider: it keeps cookies, fills in forms, and stops where it is sent
//! back to us.

use std::collections::BTreeMap;

use identity::provider::Callback;
use openidconnect::url::form_urlencoded;
use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, Method, Response, Url, redirect};

/// More steps than any login takes.
const STEPS_MAX: usize = 20;

/// A browser of one person.
pub struct Browser {
    client: Client,
    cookies: BTreeMap<String, String>,
    /// Where the provider sends it back to.
    home: String,
}

impl Browser {
    /// A new one, without cookies.
    pub fn new(home: &str) -> Self {
        // The process has a provider of TLS before the first client is built, though none is used.
        let _there = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().redirect(redirect::Policy::none()).no_proxy().build().expect("a client");
        Self { client, cookies: BTreeMap::new(), home: home.to_owned() }
    }

    /// Goes there, says who it is, agrees, and comes back.
    pub async fn log_in(&mut self, url: &str, login: &str) -> Callback {
        self.go(url, Some(login)).await
    }

    /// Goes there, and wants nothing of it.
    pub async fn decline(&mut self, url: &str) -> Callback {
        self.go(url, None).await
    }

    async fn go(&mut self, url: &str, login: Option<&str>) -> Callback {
        let mut response = self.ask(Method::GET, url, String::new()).await;
        let mut at = Url::parse(url).expect("an address");
        for _ in 0..STEPS_MAX {
            let next = if response.status().is_redirection() {
                let place = response.headers()[LOCATION].to_str().expect("it is text");
                at = at.join(place).expect("an address");
                if at.as_str().starts_with(&self.home) {
                    return callback(&at);
                }
                (Method::GET, at.clone(), String::new())
            } else {
                let status = response.status();
                let page = response.text().await.expect("it can be read");
                assert!(status.is_success(), "{status} at {at}: {page}");
                match login {
                    Some(login) => (Method::POST, at.clone(), form(&page, login)),
                    None => (Method::GET, at.join(&format!("{}/abort", at.path())).expect("an address"), String::new()),
                }
            };
            response = self.ask(next.0, next.1.as_str(), next.2).await;
            at = next.1;
        }
        panic!("the login does not end; the browser is at {at}");
    }

    async fn ask(&mut self, method: Method, url: &str, body: String) -> Response {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self.client.request(method, url).header(COOKIE, cookies.join("; "));
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        let response = request.send().await.expect("the provider answers");
        for cookie in response.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().expect("it is text").split(';').next().unwrap_or_default();
            let (name, value) = cookie.split_once('=').expect("a name and a value");
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        response
    }
}

/// What the page's form wants: who it is, or whether it agrees.
fn form(page: &str, login: &str) -> String {
    let asks_who = page.contains("name=\"login\"");
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("prompt", if asks_who { "login" } else { "consent" });
    if asks_who {
        form.append_pair("login", login).append_pair("password", "any will do there");
    }
    form.finish()
}

/// What stands in the address that the browser was sent back to.
fn callback(url: &Url) -> Callback {
    let mut callback = Callback::default();
    for (name, value) in url.query_pairs() {
        let value = Some(value.into_owned());
        match &*name {
            "code" => callback.code = value,
            "state" => callback.state = value,
            "iss" => callback.iss = value,
            "error" => callback.error = value,
            _ => {}
        }
    }
    callback
}
