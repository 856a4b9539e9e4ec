//! Owns the promise of accounts with providers: they are switched as the last command says, and how attempts ended is counted
//! account by account.

use domain::channel::Verdict;
use domain::{ChannelAccountId, Timestamp};
use store::Ended;

use crate::desk::{ACCOUNT, order_no};
use crate::ground::{Kind, on_every_database};
use crate::shop::{Shop, words};

on_every_database!(an_account_is_switched_by_a_command, attempts_are_counted_by_how_they_ended);

async fn an_account_is_switched_by_a_command(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let place = shop.desk.place("k", &[("tea", 1)]);
    let number = order_no(&place);
    let is_enabled = async || {
        let accounts = shop.store.channel_accounts_of(shop.desk.tenant).await.expect("accounts");
        (accounts[0].account.is_enabled, accounts[0].version)
    };
    assert_eq!(is_enabled().await, (true, 1));
    // Off and on in one batch is written once, with both changes counted; in between nothing is paid.
    let batch = [
        place,
        shop.desk.switch("off", ACCOUNT, false),
        shop.desk.start(number),
        shop.desk.switch("on", ACCOUNT, true),
    ];
    assert_eq!(words(&shop.run(&batch).await), ["201", "200", "409", "200"]);
    assert_eq!(is_enabled().await, (true, 3));
    let batch = [shop.desk.switch("off", ACCOUNT, false), shop.desk.switch("so already", ACCOUNT, true)];
    assert_eq!(words(&shop.run(&batch).await), ["replayed", "200"]);
    assert_eq!(is_enabled().await, (true, 3));
    assert!(
        shop.store
            .channel_account_switch(shop.desk.tenant, "channel 1", false, Timestamp(9))
            .await
            .expect("it is there")
    );
    assert_eq!(words(&shop.run(&[shop.desk.switch("again", ACCOUNT, true)]).await), ["200"]);
    assert_eq!(is_enabled().await, (true, 5));
    let missing = shop.desk.switch("missing", ChannelAccountId::new(9), true);
    assert_eq!(words(&shop.run(&[missing]).await), ["409"]);
}

async fn attempts_are_counted_by_how_they_ended(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let mut batch = Vec::new();
    for (at, verdict) in
        [None, Some(Verdict::Succeeded), Some(Verdict::Failed), Some(Verdict::Succeeded)].iter().enumerate()
    {
        let place = shop.desk.place(&format!("k{at}"), &[("tea", 1)]);
        let number = order_no(&place);
        let mut start = shop.desk.start(number);
        start.at = Timestamp(1_000 + i64::try_from(at).expect("few"));
        batch.extend([place, start]);
        batch.extend(verdict.map(|verdict| shop.desk.said(number, verdict, Some(100))));
    }
    shop.run(&batch).await;
    let count = async |long: i64, short: i64| {
        let accounts = [ACCOUNT, ChannelAccountId::new(2)];
        let since = (Timestamp(long), Timestamp(short));
        let found = shop.store.attempts_ended(shop.desk.tenant, &accounts, since).await.expect("counts");
        assert!(!found.contains_key(&accounts[1]), "nothing was tried there");
        found.get(&ACCOUNT).copied().unwrap_or_default()
    };
    let ended = |attempts, succeeded, failed| Ended { attempts, succeeded, failed, unknown: 0 };
    assert_eq!(count(0, 1_002).await, [ended(4, 2, 1), ended(2, 1, 1)]);
    assert_eq!(count(1_001, 1_004).await, [ended(3, 2, 1), ended(0, 0, 0)]);
    assert_eq!(count(1_004, 1_004).await, [Ended::default(); 2]);
    assert!(
        shop.store.attempts_ended(shop.desk.tenant, &[], (Timestamp(0), Timestamp(0))).await.expect("none").is_empty()
    );
}
