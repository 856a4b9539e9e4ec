//! Owns attempts of which their provider gives no word for days, and the person who has it asked anew.

use api::Renderer;
use domain::outbox::Task;
use domain::payment::SILENCES_MAX;
use domain::{Action, AttemptId, Command, NoteSilence, Whose};
use engine::{Answered, Engine, Executor, Options};
use http::Method;
use idempotency::{CommandId, Fingerprints, Key, Target};
use serde_json::json;
use store::{Actors, Address, Store};

use crate::harness::{Answer, Database, PATIENCE, Till, on_every_database, rule};

on_every_database!(an_attempt_that_nobody_asks_about_any_more_is_asked_about_at_a_persons_word);

async fn an_attempt_that_nobody_asks_about_any_more_is_asked_about_at_a_persons_word(database: Database) {
    let mut till = Till::open(database, &["sandbox"]).await;
    let order_no = till.order("silent").await;
    let (payment, attempt) = till.open_payment(&order_no, "pay", "sandbox").await;
    let early = query(&till, &payment, "early", "").await.expect(200);
    assert_eq!(early.json(), till.payment(&payment).await, "it is asked about: nothing is done");
    // The payer pays, and neither that nor any answer for days comes here.
    till.provider.fails(json!([rule("callback", "none")])).await;
    till.nodes.remove(0).stop().await;
    till.provider.pay("sandbox", &attempt).await;
    silences(&till.database, attempt.parse().expect("its number")).await;
    till.nodes.push(till.database.node_with(&[]).await);
    assert_eq!(till.reviews().await, ["stuck"]);
    assert_eq!(till.payment(&payment).await["status"], "open");
    query(&till, &payment, "body", r#"{"all":true}"#).await.expect(422);
    query(&till, "pay_00000000000000000000000000", "unknown", "").await.expect(404);
    let asked = query(&till, &payment, "anew", "").await.expect(200);
    assert_eq!(asked.text("/payment_id"), payment);
    till.order_is(&order_no, "paid", "paid").await;
    query(&till, &payment, "anew", "").await.replays(&asked);
    till.close().await;
}

async fn query(till: &Till, payment: &str, key: &str, body: &str) -> Answer {
    let path = format!("/api/v1/payments/{payment}/query");
    till.admin().send(Method::POST, &path, key, body).await.expect("the server is there")
}

/// What a server notes in the days in which each of its questions goes unanswered, until it calls a person.
async fn silences(database: &Database, attempt: AttemptId) {
    let store = Store::open_existing(&database.url.parse::<Address>().expect("an address")).await.expect("it is there");
    let tenant = store.tenant("default").await.expect("the database is there").expect("it has one");
    let principal = Actors::new(&store, || ("acc_silent".to_owned(), api::now())).of(tenant).await.expect("an account");
    let started = Engine::start_thread(store.clone(), Executor::new(Renderer), Options::default());
    let (engine, ended) = started.expect("a thread");
    for number in 1..=SILENCES_MAX {
        let key = Key::derived("silence", &format!("{attempt} {number}"));
        let target = Target { method: "TEST", route: "silence", ids: &[], query: "", precondition: "" };
        let ticket = engine.submit(Command {
            aliases: Vec::new(),
            token: domain::Token::None,
            origin: domain::Origin::default(),
            whose: Whose::Anybodys,
            note: None,
            id: CommandId(api::id()),
            tenant,
            principal,
            fingerprints: Fingerprints::of(&target, ""),
            key,
            at: api::now(),
            request_id: "test".to_owned(),
            action: Action::NoteSilence(NoteSilence { task: Task::QueryCharge(attempt, number), code: None }),
        });
        let answered = ticket.expect("the engine takes it").wait(PATIENCE).await;
        assert!(matches!(answered, Ok(Answered::Executed(_))), "{answered:?}");
    }
    engine.close();
    let _dropped_at_its_end = ended.await;
    store.close().await;
}
