//! Owns the two storages that exist only to be measured against: one that forgets, one that is slow.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::text::ProductName;
use domain::{Money, Needs, Product, State, StockItem, Timestamp};
use engine::{Commit, Fault, Scope, Snapshot, Storage};

/// Accepts and forgets everything: what is left is the cost of HTTP, of deciding and of rendering.
pub(super) struct Discard;

impl Storage for Discard {
    type Transaction = ();

    async fn load(&self, needs: &Needs, _: &BTreeSet<Scope>) -> Result<((), Snapshot), Fault> {
        let mut state = State::default();
        let currency = "CNY".parse().map_err(|_| Fault::Rejected("CNY is a currency".to_owned()))?;
        for (tenant, sku) in &needs.products {
            let stock = StockItem { tenant: *tenant, sku: sku.clone(), on_hand: 1 << 40, reserved: 0 };
            state.put_stock(stock);
            state.put_product(Product {
                tenant: *tenant,
                sku: sku.clone(),
                name: ProductName::from_stored("a product"),
                price: Money::new(1_999, currency),
                version: 1,
                created_at: Timestamp(0),
                updated_at: Timestamp(0),
            });
        }
        Ok(((), Snapshot { state, ..Snapshot::default() }))
    }

    async fn commit(&self, (): (), _: &Commit) -> Result<(), Fault> {
        Ok(())
    }
}

/// Another storage, each commit made slower, as on a disk at the other end of a network.
pub(super) struct Slowed<S> {
    pub(super) storage: S,
    pub(super) delay: Duration,
}

impl<S: Storage> Storage for Slowed<S> {
    type Transaction = S::Transaction;

    async fn load(&self, needs: &Needs, scopes: &BTreeSet<Scope>) -> Result<(S::Transaction, Snapshot), Fault> {
        self.storage.load(needs, scopes).await
    }

    async fn commit(&self, transaction: S::Transaction, commit: &Commit) -> Result<(), Fault> {
        tokio::time::sleep(self.delay).await;
        self.storage.commit(transaction, commit).await
    }
}
