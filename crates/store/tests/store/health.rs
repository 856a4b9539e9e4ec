//! Owns what nodes tell each other of providers: the last word of each account, with its age by the database's clock.

use domain::ChannelAccountId;
use store::{ChannelHealth, Copy};

use crate::ground::{Ground, Kind, on_every_database};
use crate::shop::Shop;

on_every_database!(the_last_word_of_an_account_is_kept, what_nodes_told_each_other_is_not_copied);

fn told(account: u128, is_well: bool, closed_for_ms: Option<i64>) -> ChannelHealth {
    ChannelHealth { account: ChannelAccountId::new(account), is_well, closed_for_ms, asked: 9, answered: 4 }
}

async fn the_last_word_of_an_account_is_kept(kind: Kind) {
    let shop = Shop::open(kind).await;
    let other = shop.ground.store().await;
    let words = [told(1, false, Some(8_000)), told(2, true, None), told(1, true, None), told(1, false, Some(60_000))];
    for word in &words {
        shop.store.channel_health_tell(word).await.expect("the database is there");
    }
    let mut read = other.channel_health().await.expect("the database is there");
    read.sort_by_key(|(word, _)| word.account);
    assert_eq!(read.len(), 2);
    for ((found, age_ms), word) in read.iter().zip([&words[3], &words[1]]) {
        assert!((0..5_000).contains(age_ms), "{age_ms}");
        let left = found.closed_for_ms.map(|left| (55_000..=60_000).contains(&left));
        assert_eq!(left, word.closed_for_ms.map(|_| true), "{found:?}");
        assert_eq!(ChannelHealth { closed_for_ms: word.closed_for_ms, ..*found }, *word);
    }
    // A pause that is over is none.
    shop.store.channel_health_tell(&told(1, false, Some(-1))).await.expect("the database is there");
    let read = other.channel_health().await.expect("the database is there");
    assert!(read.iter().all(|(word, _)| word.closed_for_ms.is_none()), "{read:?}");
}

async fn what_nodes_told_each_other_is_not_copied(kind: Kind) {
    let shop = Shop::open(kind).await;
    shop.store.channel_health_tell(&told(1, false, None)).await.expect("the database is there");
    let ground = Ground::new(Kind::Sqlite).await;
    let target = ground.store().await;
    target.migrate().await.expect("an empty database takes the schema");
    let mut copy = Copy::begin(&shop.store, &target).await.expect("an empty target");
    while copy.step().await.expect("both sides are there").is_some() {}
    copy.finish().await.expect("nobody wrote");
    assert_eq!(target.channel_health().await.expect("the database is there"), []);
}
