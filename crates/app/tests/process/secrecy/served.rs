//! Owns a server at work with every kind of secret that there is, and looking through whatever it wrote.

use std::fs::{self, File};

use http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::vault::Vault;
use super::{Reply, ask};
use crate::harness::{
    Database, Kind, Organisation, PASSWORD, Provider, Redis, Server, account_password, password, variable,
};

const LOG: &str = "server.log";
const OIDC_VARIABLE: &str = "SECRET_AT_THE_PROVIDER";

/// A server with everything that it can be told a secret for.
struct Scene {
    database: Database,
    folder: TempDir,
    server: Server,
    provider: Provider,
    redis: Redis,
    vault: Vault,
    /// What the server said to us that is no secret that we were given.
    said: Vec<(String, String)>,
    asked: usize,
}

impl Scene {
    async fn open() -> Self {
        let (mut vault, redis, provider) = (Vault::default(), Redis::start().await, Provider::start().await);
        let mut organisation = Organisation::found().await;
        organisation.hire("ada").await;
        organisation.group("desk", &["ada"]).await;
        let database = Database::new(Kind::Postgres);
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
        fs::write(at("ldap"), account_password()).expect("the file is written");
        let oidc = vault.plant("the secret at an OpenID provider");
        vault.keep("the directory's account", account_password());
        vault.keep("somebody's password at the directory", password("ada"));
        vault.keep("Redis", PASSWORD);
        let of_database =
            database.url.split_once("://").and_then(|(_, rest)| rest.split_once('@')).expect("an account");
        vault.keep("the database", of_database.0.split_once(':').expect("a password").1);
        let providers = json!([
            {"name": "corp", "as": "staff", "roles": [{"group": "desk", "role": "support"}], "ldap": organisation.setting(&at("ldap"))},
            {"name": "web", "as": "staff", "roles": [{"group": "staff", "role": "support"}],
                "oidc": {"issuer": variable("TEST_OIDC_URL"), "client_id": "rs256", "client_secret_variable": OIDC_VARIABLE}},
        ]);
        let settings = json!({"redis_url": redis.url(), "public_url": "http://127.0.0.1", "login_providers": providers,
            "limits": [{"by": "address", "count": 100_000, "per": "1h"}]});
        database.settings(&settings.to_string());
        let mut command = database.serving();
        let log = File::create(at(LOG)).expect("a new file");
        command.env("MIDENG_LOG", "trace").env(OIDC_VARIABLE, &oidc).stderr(log);
        let (server, printed) = Server::started(command).await;
        vault.keep("the administrator's key", &server.admin.secret);
        let said = vec![("standard output".to_owned(), printed)];
        Self { database, folder, server, provider, redis, vault, said, asked: 0 }
    }

    /// A request, whose answer is looked at later unless it is to give a secret.
    async fn ask(&mut self, method: Method, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let reply = ask(self.server.admin.address, &method, target, headers, body).await;
        if reply.status >= 300 || method == Method::GET {
            self.said.push((format!("the answer to {method} {target}"), format!("{}\n{}", reply.head, reply.body)));
        }
        reply
    }

    /// One that gives JSON to a route, as whoever has this token.
    async fn send(&mut self, method: Method, path: &str, token: Option<&str>, body: &Value) -> Reply {
        self.asked += 1;
        let (key, bearer) = (format!("k{}", self.asked), token.map(|token| format!("Bearer {token}")));
        let mut headers = vec![("content-type", "application/json"), ("idempotency-key", key.as_str())];
        headers.extend(bearer.as_deref().map(|line| ("authorization", line)));
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.ask(method, &format!("/api/v1/{path}"), &headers, body.as_bytes()).await
    }

    async fn admin(&mut self, method: Method, path: &str, body: Value) -> Reply {
        let secret = self.server.admin.secret.clone();
        self.send(method, path, Some(&secret), &body).await
    }

    /// Everybody who has a secret with a payment provider of theirs.
    async fn accounts(&mut self) {
        let merchant = self.provider.settings("sandbox").parent().expect("a folder").to_owned();
        for entry in fs::read_dir(merchant).expect("there are secrets") {
            let path = entry.expect("it can be read").path();
            if path.extension().is_some_and(|end| end == "json") || path.to_string_lossy().ends_with("provider.pem") {
                continue;
            }
            let text = fs::read_to_string(&path).expect("a secret is text");
            // Of a key in lines, one from its middle.
            let line = text.lines().nth(text.lines().count() / 2).expect("a line").trim().to_owned();
            self.vault.keep(&path.file_name().expect("a name").to_string_lossy(), line);
        }
        for kind in ["sandbox", "alipay", "wechat_pay", "stripe"] {
            let settings = self.provider.settings(kind).to_str().expect("UTF-8").to_owned();
            let url = self.database.url.clone();
            let add = ["channel", "add", kind, "--settings", &settings, "--database-url", &url];
            let id = self.database.run(&add).await.succeeded().out.trim().to_owned();
            self.server.sees_channel(&id).await;
        }
        let key = json!({"account": "till", "role": "service"});
        let key = self.admin(Method::POST, "api-keys", key).await.expect(201).text("/secret");
        self.vault.keep("a server's key", key);
    }

    /// Everybody who comes in, with whatever lets them.
    async fn people(&mut self) {
        let right = self.vault.plant("a password");
        let wrong = self.vault.plant("a wrong password");
        let (next, reset) = (self.vault.plant("a new password"), self.vault.plant("a password set anew"));
        let anna = json!({"login": "anna", "name": "Anna", "password": right});
        let anna = self.admin(Method::POST, "members", anna).await.expect(201).text("/person_id");
        let log_in =
            |login: &str, password: &str| json!({"login": login, "password": password, "device": {"type": "app"}});
        self.send(Method::POST, "sessions", None, &log_in("anna", &wrong)).await.expect(401);
        // Typed into the wrong box.
        self.send(Method::POST, "sessions", None, &log_in(&right, "anna")).await.expect(401);
        let tokens = self.send(Method::POST, "sessions", None, &log_in("anna", &right)).await.expect(201);
        let access = self.tokens(&tokens);
        let renewed = json!({"refresh_token": tokens.text("/refresh_token")});
        let renewed = self.send(Method::POST, "sessions/refresh", None, &renewed).await.expect(200);
        self.tokens(&renewed);
        let begun = self.send(Method::POST, "me/second-factor", Some(&access), &Value::Null).await.expect(201);
        let secret = self.vault.keep("the secret of an app", begun.text("/secret"));
        let code = self.vault.keep("a code", shown(&secret));
        let codes = json!({ "code": code });
        let codes = self.send(Method::POST, "me/second-factor/confirm", Some(&access), &codes).await.expect(200);
        for code in codes.json()["recovery_codes"].as_array().expect("codes") {
            self.vault.keep("a recovery code", code.as_str().expect("text"));
        }
        let change = json!({"current_password": right, "new_password": next});
        self.send(Method::PUT, "me/password", Some(&access), &change).await.expect(204);
        let path = format!("members/{anna}/password-reset");
        let allowed = self.admin(Method::POST, &path, json!({})).await.expect(200).text("/reset_token");
        let allowed = self.vault.keep("a token that sets a password", allowed);
        let body = json!({"reset_token": allowed, "new_password": reset});
        self.send(Method::POST, "password-reset", None, &body).await.expect(204);
        self.send(Method::POST, "password-reset", None, &json!({"reset_token": allowed, "new_password": next})).await;
        let mut browser = log_in("anna", &reset);
        browser["keep"] = json!("cookie");
        browser["code"] = codes.json()["recovery_codes"][0].clone();
        let headers = [("content-type", "application/json"), ("sec-fetch-site", "same-origin")];
        let body = browser.to_string();
        let let_in = self.ask(Method::POST, "/api/v1/sessions", &headers, body.as_bytes()).await.expect(201);
        let cookie = let_in.head.split("__Host-mideng=").nth(1).and_then(|rest| rest.split(';').next());
        let cookie = cookie.expect("a cookie").to_owned();
        self.vault.keep("a cookie's secret", cookie.split_once('.').expect("a name and a secret").1);
        let line = format!("__Host-mideng={cookie}");
        self.ask(Method::GET, "/api/v1/me", &[("cookie", &line)], b"").await.expect(200);
        self.ask(Method::GET, "/api/v1/sessions", &[("cookie", &line)], b"").await.expect(200);
        for word in [password("ada"), wrong] {
            let mut body = log_in("ada", &word);
            body["provider"] = json!("corp");
            body["as"] = json!("staff");
            self.send(Method::POST, "sessions", None, &body).await;
        }
        self.ask(Method::GET, "/api/v1/login/web", &[], b"").await.expect(303);
    }

    /// Keeps what a log-in gives; the access token.
    fn tokens(&mut self, answer: &Reply) -> String {
        if let Some(mark) = answer.json()["device_mark"].as_str() {
            self.vault.keep("a device's mark", mark);
        }
        self.vault.keep("a refresh token", answer.text("/refresh_token"));
        self.vault.keep("an access token", answer.text("/access_token"))
    }

    /// Orders, with what is taken for them, and payments with each provider.
    async fn trade(&mut self) {
        let product = json!({"name": "Chair", "price": {"amount": 1_999, "currency": "CNY"}, "initial_stock": 90});
        self.admin(Method::PUT, "products/A", product).await.expect(201);
        let order = json!({"customer_id": "c", "lines": [{"sku": "A", "quantity": 1}]});
        let wanted = json!({"purpose": "order", "subject": "c"});
        let token = self.admin(Method::POST, "tokens", wanted).await.expect(201).text("/token");
        let token = self.vault.keep("a one-time token", token);
        let bearer = format!("Bearer {}", self.server.admin.secret);
        for key in ["with-a-token", "with-a-token-again"] {
            let headers = [
                ("content-type", "application/json"),
                ("authorization", bearer.as_str()),
                ("idempotency-key", key),
                ("one-time-token", token.as_str()),
            ];
            self.ask(Method::POST, "/api/v1/orders", &headers, order.to_string().as_bytes()).await.expect(201);
        }
        for kind in ["sandbox", "alipay", "wechat_pay", "stripe"] {
            let order_no = self.admin(Method::POST, "orders", order.clone()).await.expect(201).text("/order_no");
            let pay = json!({"channel": kind, "method": (kind == "alipay").then_some("qr")});
            self.admin(Method::POST, &format!("orders/{order_no}/payments"), pay).await.expect(201);
        }
    }

    /// Requests that are wrong, each with a secret in the place where it is wrong.
    async fn mistakes(&mut self) {
        let word = self.vault.plant("a secret in the wrong place");
        let key = self.server.admin.secret.clone();
        let bodies = wrong_bodies(&word);
        let bearer = format!("Bearer {key}");
        let json = ("content-type", "application/json");
        let routes =
            ["sessions", "sessions/refresh", "password-reset", "registrations", "guests", "members", "staff", "orders"];
        for path in routes {
            for body in &bodies {
                let headers = [json, ("authorization", bearer.as_str()), ("idempotency-key", "wrong")];
                self.ask(Method::POST, &format!("/api/v1/{path}"), &headers, body.as_bytes()).await;
            }
        }
        let encoded = percent_encoding::utf8_percent_encode(&word, percent_encoding::NON_ALPHANUMERIC).to_string();
        let plain: String = word.chars().filter(char::is_ascii_alphanumeric).collect();
        self.vault.keep("the same without signs", &plain);
        for line in [
            ("authorization", format!("Basic {plain}")),
            ("authorization", format!("Bearer {plain}")),
            ("authorization", format!("Bearer mk_{plain}")),
            ("authorization", plain.clone()),
            ("cookie", format!("__Host-mideng=ses_{plain}.mc_{plain}; other={plain}")),
            ("x-api-key", plain.clone()),
            ("one-time-token", plain.clone()),
            ("if-match", plain.clone()),
            ("content-type", plain.clone()),
            ("transfer-encoding", plain.clone()),
            ("origin", format!("https://{plain}.example")),
            ("referer", format!("https://shop.example/?token={plain}")),
        ] {
            let headers = [(line.0, line.1.as_str()), ("idempotency-key", "wrong")];
            self.ask(Method::GET, "/api/v1/me", &headers, b"").await;
            self.ask(Method::POST, "/api/v1/orders", &headers, b"{}").await;
        }
        // Whoever writes a secret into an address reads that address in the answer; the log has it not.
        for place in [
            format!("orders?access_token={encoded}"),
            format!("orders?cursor={encoded}"),
            format!("orders/{plain}"),
            format!("login/web/callback?code={encoded}&state={encoded}"),
            format!("login/{plain}"),
        ] {
            ask(
                self.server.admin.address,
                &Method::GET,
                &format!("/api/v1/{place}"),
                &[("authorization", &bearer)],
                b"",
            )
            .await;
        }
    }

    /// What stands behind it goes away in the middle.
    async fn outages(&mut self) {
        self.redis.kill().await;
        let word = self.vault.plant("a password while Redis is away");
        for login in ["anna", "nobody"] {
            let body = json!({"login": login, "password": word, "device": {"type": "app"}});
            self.send(Method::POST, "sessions", None, &body).await;
        }
        self.admin(Method::GET, "orders", Value::Null).await;
        self.redis.start_again().await;
        self.admin(Method::GET, "orders", Value::Null).await.expect(200);
    }

    /// Whatever is read by those who may, and what commands print.
    async fn lists(&mut self) {
        for path in [
            "me",
            "members",
            "staff",
            "tenants",
            "orders",
            "products",
            "audit",
            "audit/head",
            "refunds",
            "policies/checkout",
            "policies/refunds",
            "policies/sessions/members",
        ] {
            self.admin(Method::GET, path, Value::Null).await;
        }
        for path in ["/metrics", "/readyz", "/openapi.json", "/problems"] {
            self.ask(Method::GET, path, &[], b"").await;
        }
        let url = self.database.url.clone();
        for command in
            ["check --json", "api-key list", "channel list", "signing-key list", "review list", "conflicts --json"]
        {
            let words: Vec<_> = command.split(' ').chain(["--database-url", &url]).collect();
            let said = self.database.run(&words).await;
            self.said.push((format!("`mideng {command}`"), format!("{}\n{}", said.out, said.err)));
        }
    }

    /// Nothing that it wrote has one of them.
    async fn looked_through(mut self) {
        let keys = self.redis.ask("KEYS *").await;
        self.said.push(("the names in Redis".to_owned(), keys));
        let dump = std::process::Command::new("pg_dump").args(["--no-owner", &self.database.url]).output();
        let dump = dump.expect("pg_dump comes with the server");
        assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
        self.said.push(("the database".to_owned(), String::from_utf8_lossy(&dump.stdout).into_owned()));
        // What is kept so that the server can work: it is in no other place.
        let address = self.database.url.parse::<store::Address>().expect("an address");
        let store = store::Store::open_existing(&address).await.expect("a server has made it");
        for key in store.signing_keys().await.expect("they are read") {
            self.vault.keep("a key that signs", &key.secret[20..60]);
        }
        let secret = store.secret([0; 32]).await.expect("it is read");
        self.vault.keep(
            "the installation's secret",
            secret.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}")),
        );
        store.close().await;
        let Self { database, folder, server, vault, said, .. } = self;
        server.stop().await;
        let log = fs::read_to_string(folder.path().join(LOG)).expect("there is a log");
        let (lines, traces) = (log.lines().count(), log.matches("TRACE").count());
        assert!(lines > 300 && traces > 10, "the log has everything: {lines} lines, {traces} of the most talkative");
        assert!(log.contains("a password was wrong") && log.contains("a request was refused at the door"));
        assert!(vault.len() > 30, "{} secrets", vault.len());
        let mut found = vault.found(&log);
        for (place, text) in &said {
            let kept = |name: &String| {
                let is_kept = name.starts_with("a key that signs") || name.starts_with("the installation's secret");
                !(is_kept && place == "the database")
            };
            let here = vault.found(text).into_iter().filter(kept);
            found.extend(here.map(|name| format!("in {place}: {name}")));
        }
        assert!(found.is_empty(), "{} times:\n{}", found.len(), found.join("\n"));
        drop(database);
    }
}

/// Bodies that no route takes, each with this in the place where it is wrong.
fn wrong_bodies(word: &str) -> Vec<String> {
    vec![
        format!("{{\"login\": \"anna\", \"password\": {}", json!(word)),
        format!("{{\"login\": \"anna\", \"password\" {}}}", json!(word)),
        format!("{{\"login\": \"anna\", \"password\": {}}} {}", json!(word), json!(word)),
        json!({"login": "anna", "password": [word]}).to_string(),
        json!({"login": "anna", "password": {"is": word}}).to_string(),
        json!({"login": [word], "password": word}).to_string(),
        json!({"login": "anna", "password": word, "device": word}).to_string(),
        json!({"login": "anna", "password": word, "device": {"type": word}}).to_string(),
        json!({"login": "anna", "password": word, "device": {"type": "web", "mark": [word]}}).to_string(),
        json!({"login": "anna", "password": word, "device": {"type": "web"}, "keep": word}).to_string(),
        json!({"login": "anna", "password": word, "device": {"type": "web"}, "code": [word]}).to_string(),
        json!({"login": "anna", "password": word, "device": {"type": "web"}, "provider": word}).to_string(),
        json!({"login": "anna", "password": word, "as": word, "device": {"type": "web"}}).to_string(),
        json!({"refresh_token": {"is": word}}).to_string(),
        json!({"refresh_token": word, "reset_token": word, "new_password": word}).to_string(),
        json!({"current_password": word, "new_password": [word]}).to_string(),
        json!({"code": {"is": word}}).to_string(),
        json!([word]).to_string(),
        json!(word).to_string(),
        word.to_owned(),
    ]
}

/// What an app shows now that has this secret.
fn shown(secret: &str) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret).expect("base32");
    let totp = totp_rs::Builder::new().with_algorithm(totp_rs::Algorithm::SHA1).with_digits(6).with_secret(secret);
    let domain::Timestamp(now) = api::now();
    totp.build().expect("a whole secret").generate(now.unsigned_abs() / 1_000).to_string()
}

/// S29: with the most talkative log that there is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s29_a_server_at_work_tells_no_secret() {
    let mut scene = Scene::open().await;
    scene.accounts().await;
    scene.people().await;
    scene.trade().await;
    scene.mistakes().await;
    scene.outages().await;
    scene.lists().await;
    scene.looked_through().await;
}
