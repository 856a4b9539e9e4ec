//! Owns the promise of an installation's name: one for all nodes, which the first of them gives, and copies keep.

use crate::desk::order_no;
use crate::ground::{Kind, on_every_database};
use crate::shop::Shop;

on_every_database!(an_installation_has_one_name_for_good, one_that_asked_before_it_had_a_name_has_none);

async fn an_installation_has_one_name_for_good(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    if kind == Kind::Sqlite {
        assert_eq!(shop.store.installation(7).await.expect("a name"), 7);
    } else {
        // Two nodes at once: one of them names it.
        let other = shop.ground.store().await;
        let (here, there) = tokio::join!(shop.store.installation(7), other.installation(8));
        let (here, there) = (here.expect("a name"), there.expect("a name"));
        assert!(here == there && [7, 8].contains(&here), "{here} and {there}");
        other.close().await;
    }
    let name = shop.store.installation(9).await.expect("a name");
    assert!(name != 9, "it was named before");
}

async fn one_that_asked_before_it_had_a_name_has_none(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let place = shop.desk.place("k", &[("tea", 1)]);
    let [start, paid] = shop.desk.pay(order_no(&place), 100);
    shop.run(&[place, start, paid]).await;
    assert_eq!(shop.store.installation(7).await.expect("a name"), 0, "its numbers stay");
}
