//! Owns orders by access tokens beside orders by an API key.

use serde_json::{Value, json};

use super::super::load::Load;
use super::super::stock;
use super::{Crowd, SKUS, equal, load};

/// The same people's orders by a key and by their own tokens, in turns; which of both goes first changes.
pub(super) async fn measure(crowd: &Crowd, seconds: u64, turns: usize) -> anyhow::Result<Value> {
    let connections = crowd.by_key().len();
    let before = stock::reserved(&crowd.target, SKUS).await?;
    let (mut figures, mut placed) = (Vec::new(), 0);
    for turn in 0..turns {
        crowd.refresh().await?;
        let by_key = || load(crowd.by_key(), connections, seconds, None);
        let by_token = async || load(crowd.by_token()?, connections, seconds, None).await;
        let (key, token) = if turn % 2 == 0 {
            let token = by_token().await?;
            (by_key().await?, token)
        } else {
            (by_key().await?, by_token().await?)
        };
        placed += key.total.executed + token.total.executed;
        figures.push(json!({
            "key_per_second": per_second(&key), "token_per_second": per_second(&token),
            "key_p50_us": key.latencies.value_at_quantile(0.5), "token_p50_us": token.latencies.value_at_quantile(0.5),
        }));
    }
    let rows = stock::reserved(&crowd.target, SKUS).await? - before;
    Ok(json!({"turns": figures, "orders": equal(placed, rows)?}))
}

#[expect(clippy::cast_precision_loss, reason = "counts are far under 2^53")]
fn per_second(load: &Load) -> f64 {
    load.measured.executed as f64 / load.took.as_secs_f64()
}
