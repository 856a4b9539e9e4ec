//! Owns the promise that a text is its bytes: what differs only by case or by blanks at its end is two, everywhere that
//! a text is a key.

use domain::text::{CustomerId, Note, Sku};
use domain::{Action, Timestamp};
use engine::Fault;
use store::{Account, Cursor, Error, OrderFilter};

use crate::desk::order_no;
use crate::ground::{Kind, on_every_database};
use crate::shop::{self, Shop, words};

on_every_database!(
    keys_that_look_alike_are_several,
    skus_that_look_alike_are_several,
    customers_names_and_parcels_that_look_alike_are_several,
    any_character_comes_back_as_it_was,
    a_null_character_is_kept_or_refused_and_harms_nobody_else,
);

/// In some databases' usual collations these are one: case, blanks, width, accents, a soft hyphen, composition.
const ALIKE: &[&str] = &["k", "K", "k ", "k\u{a0}", "\u{212a}", "ｋ", "k\u{ad}", "é", "e\u{301}", "e", "ß", "ss"];

async fn keys_that_look_alike_are_several(kind: Kind) {
    let shop = Shop::open(kind).await;
    let issues = || ALIKE.iter().map(|key| shop.desk.issue(key)).collect::<Vec<_>>();
    assert_eq!(words(&shop.run(&issues()).await), vec!["201"; ALIKE.len()]);
    assert_eq!(words(&shop.run(&issues()).await), vec!["replayed"; ALIKE.len()]);
    let keys = "select count(*) from (select distinct idempotency_key from key_records) each_one";
    assert_eq!(shop.count(keys).await, i64::try_from(ALIKE.len()).expect("few"));
}

async fn skus_that_look_alike_are_several(kind: Kind) {
    let shop = Shop::open(kind).await;
    let puts: Vec<_> = (10..).zip(ALIKE).map(|(stock, sku)| shop.desk.put(sku, 1, stock)).collect();
    assert!(words(&shop.run(&puts).await).iter().all(|word| word == "201"));
    let lines: Vec<_> = ALIKE.iter().map(|sku| (*sku, 1)).collect();
    let place = shop.desk.place("order", &lines);
    assert_eq!(words(&shop.run(&[place]).await), ["201"]);
    for (stock, sku) in (10..).zip(ALIKE) {
        let found = shop.store.product(shop.desk.tenant, &Sku::from_stored(sku)).await.expect("an answer");
        let (product, item) = found.unwrap_or_else(|| panic!("{sku:?} is there"));
        assert_eq!((product.sku.as_str(), item.on_hand, item.reserved), (*sku, stock, 1));
    }
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}

async fn customers_names_and_parcels_that_look_alike_are_several(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    for (at, name) in ALIKE.iter().enumerate() {
        let tenant = shop.desk.tenant;
        let account = Account { tenant, kind: "service", name, public_id: &format!("acc_{}", at + 2) };
        shop.store.account(&account, Timestamp(0)).await.expect("a new account");
        shop.store.tenant_create(name, &format!("ten_{}", at + 2), Timestamp(0)).await.expect("a new tenant");
        shop.run(&[shop.desk.place_for(&format!("order-{at}"), name, &[("tea", 1)])]).await;
    }
    let alike = i64::try_from(ALIKE.len()).expect("few");
    assert_eq!(shop.count("select count(*) from principals").await, alike + 1);
    for name in ALIKE {
        let filter = OrderFilter { customers: vec![CustomerId::from_stored(name)], ..OrderFilter::default() };
        let page = shop.store.orders(shop.desk.tenant, &filter, None, 9).await.expect("a page");
        assert_eq!(page.rows.len(), 1, "{name:?}");
        assert!(shop.store.tenant(name).await.expect("an answer").is_some());
    }
    let place = shop.desk.place("parcels", &[("tea", 100)]);
    let number = order_no(&place);
    let [start, paid] = shop.desk.pay(number, 10_000);
    shop.run(&[place, start, paid]).await;
    for (version, tracking) in (2..).zip(ALIKE) {
        let parcel = shop.desk.ship(number, version, tracking, Some(&[(1, 1)]));
        assert_eq!(words(&shop.run(&[parcel]).await), ["200"], "{tracking:?}");
    }
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}

/// Every character that a text may hold, also those that need quoting, or four bytes.
async fn any_character_comes_back_as_it_was(kind: Kind) {
    let shop = Shop::open(kind).await;
    let odd = "'\"\\`%_;--/*\u{2028}\u{feff}\u{fffd}\u{10ffff}😀字";
    let mut put = shop.desk.put("tea", 1, 5);
    if let Action::PutProduct(action) = &mut put.action {
        action.name = domain::text::ProductName::from_stored(odd);
    }
    let place = shop.desk.place_for(odd, odd, &[("tea", 1)]);
    let number = order_no(&place);
    shop.run(&[put, place]).await;
    let order = shop.store.order(shop.desk.tenant, number).await.expect("an answer").expect("the order is there");
    assert_eq!((order.customer_id.as_str(), order.key.as_str()), (odd, odd));
    assert_eq!(order.lines[0].name.as_str(), odd);
    assert_eq!(words(&shop.run(&[shop.desk.place_for(odd, odd, &[("tea", 1)])]).await), ["replayed"]);
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}

/// No text that is taken in holds U+0000, which PostgreSQL cannot store. Were there one, it is refused or kept, and
/// never cut there.
async fn a_null_character_is_kept_or_refused_and_harms_nobody_else(kind: Kind) {
    for text in ["\0", "a\0b"] {
        assert!(CustomerId::new(text).is_err() && Sku::new(text).is_err() && Note::new(text).is_err());
    }
    let shop = Shop::stocked(kind).await;
    let place = shop.desk.place_for("k", "a\0b", &[("tea", 1)]);
    let number = order_no(&place);
    let outcome = shop::run(&shop.store, &[place]).await;
    let found = shop.store.order(shop.desk.tenant, number).await.expect("an answer");
    if kind == Kind::Postgres {
        assert!(matches!(outcome, Err(Fault::Rejected(_))), "{outcome:?}");
        assert!(found.is_none());
    } else {
        assert_eq!(words(&outcome.expect("it is kept")), ["201"]);
        assert_eq!(found.expect("it is there").customer_id.as_str(), "a\0b");
    }
    // A cursor is whatever its client made of it.
    let cursor = Cursor { at: Timestamp(9), id: "a\0b".to_owned() };
    let page = shop.store.orders(shop.desk.tenant, &OrderFilter::default(), Some(&cursor), 9).await;
    assert!(matches!(page, Ok(_) | Err(Error::Database { .. })), "{page:?}");
    shop.run(&[shop.desk.place("another", &[("tea", 1)])]).await;
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}
