//! Owns the questions about payments: one of them, or many of them.

use std::collections::BTreeSet;

use domain::{AttemptId, Needs, OrderNo, Payment, PaymentId, RefundId, TenantId};

use super::load_error;
use crate::load::money;
use crate::{Doing as _, Error, Store};

const READING: &str = "reading payments";

impl Store {
    /// One payment, with its attempts and refunds.
    pub async fn payment(&self, tenant: TenantId, id: PaymentId) -> Result<Option<Payment>, Error> {
        let needs = Needs { payments: BTreeSet::from([(tenant, id)]), ..Needs::default() };
        Ok(self.payments_of(&needs).await?.pop())
    }

    /// The payment for an order.
    pub async fn payment_for(&self, tenant: TenantId, order_no: OrderNo) -> Result<Option<Payment>, Error> {
        let needs = Needs { payments_for: BTreeSet::from([(tenant, order_no)]), ..Needs::default() };
        Ok(self.payments_of(&needs).await?.pop())
    }

    /// The payment that has this refund.
    pub async fn payment_of_refund(&self, tenant: TenantId, id: RefundId) -> Result<Option<Payment>, Error> {
        let needs = Needs { refunds: BTreeSet::from([(tenant, id)]), ..Needs::default() };
        Ok(self.payments_of(&needs).await?.pop())
    }

    /// Many payments; those that do not exist are left out.
    pub async fn payments(&self, ids: BTreeSet<(TenantId, PaymentId)>) -> Result<Vec<Payment>, Error> {
        self.payments_of(&Needs { payments: ids, ..Needs::default() }).await
    }

    /// The payments that have these attempts and refunds; those that do not exist are left out.
    pub async fn payments_behind(
        &self,
        tenant: TenantId,
        attempts: impl IntoIterator<Item = AttemptId>,
        refunds: impl IntoIterator<Item = RefundId>,
    ) -> Result<Vec<Payment>, Error> {
        let attempts = attempts.into_iter().map(|id| (tenant, id)).collect();
        let refunds = refunds.into_iter().map(|id| (tenant, id)).collect();
        self.payments_of(&Needs { attempts, refunds, ..Needs::default() }).await
    }

    async fn payments_of(&self, needs: &Needs) -> Result<Vec<Payment>, Error> {
        let mut reading = self.database.read().await.doing(READING)?;
        money::by_id(&mut reading, needs).await.map_err(load_error)
    }
}
