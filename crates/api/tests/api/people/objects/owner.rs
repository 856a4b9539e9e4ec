//! Owns whose the things are that a route names: who is a stranger to them, what strangers are told, and what the owner sees.

use api::{Access, Line};
use domain::TenantId;

use super::requests::{id, parts};
use super::shops::{Owned, Somebody};
use crate::harness::Client;
use crate::people::matrix::mark;

/// Those who may look after tenants are of the first one; others are told so, whatever tenant they name.
const HOUSE: &str = "{tenant_id}";

/// Somebody's things, and who they are.
pub(super) struct Owner<'a> {
    pub(super) buyer: &'a Somebody,
    pub(super) owned: &'a Owned,
    /// The installation's first tenant, which looks after the others.
    pub(super) house: TenantId,
}

impl Owner<'_> {
    /// Whether what the route names is somebody else's than the caller's.
    fn is_not(&self, caller: &Somebody, line: &Line) -> bool {
        let is_buyers = ["{order_no}", "{payment_id}", "{refund_id}"].iter().any(|part| line.path.contains(part));
        if line.path.contains(HOUSE) {
            caller.tenant != self.house
        } else if line.access == Access::Session || (is_buyers && caller.is_buyer()) {
            caller.person != self.buyer.person
        } else {
            caller.tenant != self.owned.tenant
        }
    }

    /// What a caller is told who is not to find it; `None` for who may.
    pub(super) fn refusal(&self, caller: &Somebody, line: &Line) -> Option<u16> {
        match mark(line, caller.column) {
            '-' => Some(401),
            '.' => Some(403),
            _ if !self.is_not(caller, line) => None,
            _ if line.path.contains(HOUSE) => Some(403),
            _ => Some(404),
        }
    }

    /// The ids of the path: all of them the owner's; where there are two, also one of them the caller's own.
    pub(super) fn ids<'a>(&'a self, own: &'a Owned, line: &Line) -> Vec<Vec<(&'a str, bool)>> {
        let parts = parts(line.path);
        let of = |owned: &'a Owned, part: &str| id(owned, line.path, part).expect("it names something");
        let with = |theirs: &dyn Fn(usize) -> bool| {
            let one = |(at, part): (usize, &&str)| (of(if theirs(at) { self.owned } else { own }, part), theirs(at));
            parts.iter().enumerate().map(one).collect::<Vec<_>>()
        };
        let mut all = vec![with(&|_| true)];
        if parts.len() > 1 && own.tenant != self.owned.tenant {
            all.extend((0..parts.len()).map(|their| with(&|at| at == their)));
        }
        all
    }
}

/// What there is, as its owner, their tenant and the first tenant see it.
pub(super) async fn seen(owner: &Owner<'_>, tenant: &Client, house: &Client) -> Vec<String> {
    let Owned { order, payment, refund, member, staff, sku, tenant_id, .. } = owner.owned;
    let mine = [
        format!("orders/{order}"),
        format!("orders/{order}/history"),
        format!("payments/{payment}"),
        format!("refunds/{refund}"),
        "sessions".to_owned(),
        "orders".to_owned(),
    ];
    let of_tenant = [
        format!("refunds/{refund}"),
        "reviews?state=all".to_owned(),
        "channels".to_owned(),
        "api-keys".to_owned(),
        format!("members/{member}"),
        format!("members/{member}/sessions"),
        format!("staff/{staff}"),
        format!("staff/{staff}/sessions"),
        format!("products/{sku}"),
    ];
    let of_house = [format!("tenants/{tenant_id}")];
    let all = [(&owner.buyer.client, &mine[..]), (tenant, &of_tenant[..]), (house, &of_house[..])];
    let mut texts = Vec::new();
    for (client, path) in all.iter().flat_map(|(client, paths)| paths.iter().map(move |path| (*client, path))) {
        texts.push(client.get(&format!("/api/v1/{path}")).await.expect(200).text().to_owned());
    }
    texts
}
