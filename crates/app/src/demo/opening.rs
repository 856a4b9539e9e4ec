//! Owns the demo's shop before the storm: its products and people, and a few orders that nobody will have paid in time.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::Value;

use super::history::{Customers, Fate, visits};
use super::{basket, catalogue, people};
use crate::client::{Caller, Policy, Request, Target, spread};
use crate::embedded::{self, Embedded};
use crate::terminal;

/// On that day an order had so long to be paid. The server of the demo itself gives half an hour, which nobody wants to wait.
const PAYMENT_TIMEOUT: Duration = Duration::from_millis(500);
const LANES: usize = 8;

/// A shop that has opened.
pub struct Opened {
    pub api_key: String,
    pub customers: Customers,
    /// Orders that were placed already: they are none of the storm's.
    pub orders: Vec<String>,
}

#[derive(Deserialize)]
struct Placed {
    order_no: String,
}

/// Opens it on a server of its own, which ends; the demo's goes on with the same database.
pub async fn run(folder: &Path, is_loopback: bool) -> anyhow::Result<Opened> {
    let progress = terminal::spinner("opening the shop".to_owned());
    let options = embedded::Options {
        folder: folder.to_owned(),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        api_key: None,
        payment_timeout: Some(PAYMENT_TIMEOUT),
        demo: None,
    };
    let server = embedded::start(options).await.context("the demo's server does not start")?;
    let opened = open(&server, is_loopback).await;
    server.stop().await;
    progress.finish_and_clear();
    opened
}

async fn open(server: &Embedded, is_loopback: bool) -> anyhow::Result<Opened> {
    let target = Arc::new(Target::new(&server.url, Some(&server.api_key))?);
    catalogue::put(&target).await?;
    let known = if is_loopback { people::put(&target, &server.database).await? } else { Vec::new() };
    let customers = Customers::add(&target, known).await?;
    let orders = std::cell::RefCell::new(Vec::new());
    let bodies: Vec<(usize, Value)> = visits()
        .into_iter()
        .filter(|visit| visit.fate == Fate::Expired)
        .map(|visit| (visit.number, basket::order(visit.number, customers.of(visit.number), false)))
        .collect();
    let place = async |caller: &mut Caller, _: usize, (number, body): &(usize, Value)| {
        let request = Request::post("/api/v1/orders", &format!("past-{number}-order"), body);
        let placed: Placed = caller.ask(&request).await.context("an early order")?.read()?;
        orders.borrow_mut().push(placed.order_no);
        anyhow::Ok(())
    };
    spread(&bodies, LANES, || Caller::new(target.clone(), Policy::default()), place).await?;
    Ok(Opened { api_key: server.api_key.clone(), customers, orders: orders.into_inner() })
}
