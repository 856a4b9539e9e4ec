//! Owns `mideng bench-floor`, hidden: how long the statements of one order take through the store alone, without
//! HTTP, without a queue, one after the other. The bench of a client that is alone is measured against it.

use std::collections::HashSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use api::Renderer;
use domain::order::PendingLimit;
use domain::text::{CustomerId, ProductName, Sku};
use domain::{
    Action, Command, LineRequest, Money, Needs, OrderNo, OrderNumberSource, PlaceOrder, PrincipalId, PutProduct,
    TenantId, Whose,
};
use engine::{Commit, Execute as _, Executor, Scope, Storage as _, Verdict};
use idempotency::{CommandId, Fingerprints, Key, Target};
use store::Store;

use crate::client::clock;
use crate::server;

/// Measure the statements of one order, without a server
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A folder without a database.
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// Seconds to measure.
    #[arg(long, value_name = "S", default_value_t = 5)]
    duration: u64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    std::fs::create_dir_all(&args.data).with_context(|| format!("making {}", args.data.display()))?;
    let store = Store::open(&args.data.join("mideng.db")).await?;
    store.migrate().await?;
    let tenant = store.tenant_create("default", &crate::secret::public_id("ten_"), api::now()).await?;
    let principal = server::actors(&store).of(tenant).await?;
    let floor = Floor { store, executor: Executor::new(Renderer), tenant, principal };
    floor.commit(floor.command("product", product()?)).await?;
    let mut taken = clock::latencies();
    let start = clock::now();
    let mut number = 0_u64;
    while start.elapsed() < Duration::from_secs(args.duration) {
        let command = floor.command(&format!("order-{number}"), order()?);
        let began = clock::now();
        floor.commit(command).await?;
        taken.saturating_record(clock::micros(began.elapsed()));
        number += 1;
    }
    floor.store.close().await;
    let (p50, p99) = (taken.value_at_quantile(0.5), taken.value_at_quantile(0.99));
    if args.json {
        println!("{}", serde_json::json!({ "orders": number, "p50_us": p50, "p99_us": p99 }));
    } else {
        println!("{number} orders, p50 {p50} µs, p99 {p99} µs");
    }
    Ok(ExitCode::SUCCESS)
}

struct Floor {
    store: Store,
    executor: Executor<Renderer>,
    tenant: TenantId,
    principal: PrincipalId,
}

impl Floor {
    fn command(&self, key: &str, action: Action) -> Command {
        let target = Target { method: "FLOOR", route: key, ids: &[], query: "", precondition: "" };
        Command {
            id: CommandId(api::id()),
            tenant: self.tenant,
            principal: self.principal,
            key: Key::derived("floor", key),
            fingerprints: Fingerprints::of(&target, ""),
            at: api::now(),
            request_id: "floor".to_owned(),
            aliases: Vec::new(),
            token: domain::Token::None,
            origin: domain::Origin::default(),
            whose: Whose::Anybodys,
            note: None,
            action,
        }
    }

    /// What the engine does for a batch of one.
    async fn commit(&self, command: Command) -> anyhow::Result<()> {
        let batch = [command];
        let scopes = Scope::all_of(&batch[0]).collect();
        let (transaction, mut snapshot) = self.store.load(&Needs::of(&batch), &scopes).await?;
        let verdict = self.executor.run(&mut snapshot, &batch, &HashSet::new()).pop();
        let Some(verdict @ Verdict::Decided { .. }) = verdict else { bail!("a key was used before") };
        let mut commit = Commit::default();
        commit.take(&batch[0], verdict);
        Ok(self.store.commit(transaction, &commit).await?)
    }
}

fn product() -> anyhow::Result<Action> {
    Ok(Action::PutProduct(PutProduct {
        sku: Sku::new("floor")?,
        name: ProductName::new("a product")?,
        price: Money::new(1_999, "CNY".parse()?),
        initial_stock: 1_000_000_000,
        expected_version: None,
        must_be_new: false,
    }))
}

fn order() -> anyhow::Result<Action> {
    let line = LineRequest { sku: Sku::new("floor")?, quantity: 1, unit_price: None };
    Ok(Action::PlaceOrder(PlaceOrder {
        number: OrderNumberSource::Made(OrderNo::new(api::id())),
        customer_id: CustomerId::new("bench")?,
        lines: vec![line],
        note: None,
        expires_at: api::now().plus_ms(1_800_000),
        pending_limit: PendingLimit::Unlimited,
    }))
}
