//! Owns the other half of the matrix: each route whose path names something, asked by whose it is, by others of the tenant, by
//! the same roles of another tenant and by nobody. What is somebody else's looks as if it never was, and stays as it is.

mod asking;
mod owner;
mod requests;
mod shops;

use api::Line;

use crate::harness::Shop;
use asking::{Asking, OWN};
use owner::{Owner, seen};
use requests::{id, parts};
use shops::{Owned, Somebody, Tenant};

/// Who neither asked for a refund nor may decide on it is told that, in their own tenant.
const DECIDED: (&str, &str) = ("POST", "/api/v1/refunds/{refund_id}/reject");

/// The column of members.
const BUYER: usize = 8;

/// Two tenants, with the things of two members of the first and of one of the other.
struct World<'a> {
    first: Tenant<'a>,
    other: Tenant<'a>,
    /// In the order of the matrix's columns; in the first tenant another member behind them.
    here: Vec<Somebody>,
    there: Vec<Somebody>,
    annas: Owned,
    bos: Owned,
    carls: Owned,
}

impl<'a> World<'a> {
    async fn open(shop: &'a Shop) -> Self {
        let (first, other) = (Tenant::first(shop).await, Tenant::other(shop).await);
        let (mut here, there) = (first.people().await, other.people().await);
        here.push(first.buyer("two").await);
        let annas = first.owned_by(&here[BUYER], "one").await;
        let bos = first.owned_by(&here[here.len() - 1], "two").await;
        let carls = other.owned_by(&there[BUYER], "one").await;
        Self { first, other, here, there, annas, bos, carls }
    }

    fn anna(&self) -> Owner<'_> {
        Owner { buyer: &self.here[BUYER], owned: &self.annas, house: self.annas.tenant }
    }

    fn bo(&self) -> Owner<'_> {
        Owner { buyer: &self.here[self.here.len() - 1], owned: &self.bos, house: self.annas.tenant }
    }

    fn carl(&self) -> Owner<'_> {
        Owner { buyer: &self.there[BUYER], owned: &self.carls, house: self.annas.tenant }
    }

    /// All that there is, as those see it whose it is.
    async fn seen(&self) -> Vec<String> {
        let mut texts = Vec::new();
        for (owner, tenant) in [(self.anna(), &self.first), (self.bo(), &self.first), (self.carl(), &self.other)] {
            texts.extend(seen(&owner, tenant.server(), self.first.server()).await);
        }
        texts
    }

    /// Has strangers ask for all that is the owner's. How many requests that were.
    async fn strangers(&self, owner: &Owner<'_>, callers: &[Somebody]) -> u32 {
        let (before, mut asking) = (self.seen().await, Asking::default());
        for line in lines(owner.owned) {
            for caller in callers {
                let Some(status) = owner.refusal(caller, &line) else { continue };
                let own = if caller.tenant == self.carls.tenant { &self.carls } else { &self.annas };
                for ids in owner.ids(own, &line) {
                    asking.is_the_same(caller, &line, &ids, status).await;
                }
            }
        }
        for (now, before) in self.seen().await.iter().zip(&before) {
            assert_eq!(now, before, "nothing was done to anything");
        }
        asking.requests
    }
}

/// Every route whose path names something of somebody's. Those that make things come last: what they make is found.
fn lines(owned: &Owned) -> Vec<Line> {
    let names = |line: &Line| {
        let known: Vec<_> = parts(line.path).into_iter().map(|part| id(owned, line.path, part)).collect();
        let some = known.iter().flatten().count();
        assert!(some == 0 || some == known.len(), "{} names something and nothing", line.path);
        some > 0
    };
    let mut lines: Vec<Line> = api::lines().into_iter().filter(names).collect();
    lines.sort_by_key(|line| ((line.method, line.path) == OWN, line.path, line.method));
    lines
}

#[tokio::test]
async fn s1_every_route_of_another_members_things() {
    let shop = Shop::open().await;
    let world = World::open(&shop).await;
    for owner in [world.anna(), world.bo()] {
        let requests = world.strangers(&owner, &world.here).await;
        assert!(requests > 350, "{requests} requests");
    }
    shop.close().await;
}

#[tokio::test]
async fn s1_every_route_of_another_tenants_things() {
    let shop = Shop::open().await;
    let world = World::open(&shop).await;
    // Whoever looks after tenants sees no more of what is in them than others do.
    for (owner, callers) in [(world.anna(), &world.there), (world.carl(), &world.here)] {
        let requests = world.strangers(&owner, callers).await;
        assert!(requests > 700, "{requests} requests");
    }
    shop.close().await;
}

#[tokio::test]
async fn every_route_of_ones_own_things() {
    let shop = Shop::open().await;
    let world = World::open(&shop).await;
    let mut asking = Asking::default();
    for (owner, here, beside) in [(world.anna(), &world.here, &world.there), (world.carl(), &world.there, &world.here)]
    {
        found(&mut asking, &owner, &here.iter().chain(beside).collect::<Vec<_>>()).await;
    }
    assert!(asking.requests > 300, "{} requests", asking.requests);
    shop.close().await;
}

/// Whoever may finds what is there: buyers first, because of what the staff do to them.
async fn found(asking: &mut Asking, owner: &Owner<'_>, callers: &[&Somebody]) {
    let mut callers = callers.to_vec();
    callers.sort_by_key(|caller| (caller.tenant != owner.owned.tenant, !caller.is_buyer()));
    let lines = lines(owner.owned);
    for caller in callers {
        for line in lines.iter().filter(|line| owner.refusal(caller, line).is_none()) {
            let ids: Vec<&str> = owner.ids(owner.owned, line)[0].iter().map(|(id, _)| *id).collect();
            let answer = asking.ask(&caller.client, line, &ids).await;
            let is_told = matches!(answer.status, 200 | 201 | 204 | 409 | 412)
                || (answer.status == 403 && (line.method, line.path) == DECIDED);
            assert!(is_told, "{} {} of {ids:?} by {caller}: {}", line.method, line.path, answer.shown());
        }
    }
}
