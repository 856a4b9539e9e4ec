//! Owns money that was given back and came home again, from the provider's word to the books.

use domain::channel::{Subject, Verdict};
use domain::payment::RefundStatus;
use domain::text::Reference;
use domain::{Action, RefundId, RetryRefund, Timestamp};
use store::Light;

use crate::clock::until;
use crate::provider::{Provider, Say};
use crate::shop::{Shop, asked, asking};

#[tokio::test]
async fn what_came_home_again_is_booked_back_and_given_back_once_more() {
    let sent_back = asked("query_refund", 11);
    let provider =
        Provider::new(move |call| Say::Fact(if call == sent_back { Verdict::Failed } else { Verdict::Succeeded }));
    let shop = Shop::open(provider).await;
    shop.paid(1).await;
    let relay = shop.relay("a");
    shop.refund(1, 11, 100).await;
    until("it went back", async || shop.payment(1).await.refunded == 100).await;
    let failed = RefundId::new(11);
    let reference = Reference::from_stored(&failed.to_string());
    shop.called_back(Subject::Refund(reference), Verdict::Failed, None).await;
    until("the provider confirmed it", async || shop.payment(1).await.refunds[0].status == RefundStatus::Failed).await;
    assert_eq!(shop.payment(1).await.refunded, 0);
    assert_eq!(shop.broken().await, [""; 0]);
    let retry = |provider_key| RetryRefund { failed, provider_key, asking: asking() };
    for (key, number) in [("one", 1), ("two", 2)] {
        shop.run(key, Action::RetryRefund(retry(number))).await;
    }
    until("it went back again", async || shop.payment(1).await.refunded == 100).await;
    assert_eq!(shop.broken().await, [""; 0]);
    let new = retry(0).refund();
    let again = format!("refund {new}");
    assert_eq!(shop.provider.calls(), [asked("refund", 11), asked("query_refund", 11), again]);
    relay.stop().await;
}

impl Shop {
    /// The invariants that do not hold.
    pub async fn broken(&self) -> Vec<&'static str> {
        let findings = self.store.check(Timestamp(0)).await.expect("the check runs");
        findings.iter().filter(|finding| finding.light() == Light::Red).map(|finding| finding.id).collect()
    }
}
