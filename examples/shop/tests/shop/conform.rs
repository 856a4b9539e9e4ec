//! Owns that the shop keeps every promise that can be asked of it from outside, killed and stopped on the way.

use conform::Profile;

use crate::ground::Ground;

/// Rows of which the shop has no means: it takes quoted and bare keys, its requests cannot be slow, and it has one route.
const NO_MEANS: &[&str] = &[
    "H-02", "H-04", "B-06", "B-07", "B-08", "B-10", "R-02", "R-04", "R-08", "C-01", "C-03", "C-06", "C-07", "F-04",
    "F-06", "F-07", "F-08", "F-14",
];
/// Rows that nobody outside can ask.
const INSIDE: &[&str] = &["B-11", "R-07", "C-05", "F-09", "F-10", "F-11", "F-12", "F-15", "F-16"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shop_passes() {
    let ground = Ground::new(1_000_000).await;
    let profile = Profile::from_json(include_str!("../../conform.json")).expect("a profile");
    let profile = Profile { url: ground.url.clone(), start: Some(ground.line()), ..profile };
    let report = conform::run(&profile, &|_| {}).await.expect("it can be asked");
    let failed: Vec<_> = report.failed().collect();
    assert!(failed.is_empty(), "{failed:#?}");
    let left: Vec<_> = report.not_applicable().map(|outcome| outcome.id).filter(|id| !INSIDE.contains(id)).collect();
    assert_eq!(left, NO_MEANS, "{:#?}", report.outcomes);
    assert_eq!(ground.number("SELECT stock + sold FROM (SELECT stock, (SELECT sum(quantity)::bigint FROM orders) AS sold FROM products WHERE item = 'tea') AS tea").await, 1_000_000);
    ground.close().await;
}
