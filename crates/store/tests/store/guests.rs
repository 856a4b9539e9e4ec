//! Owns the promise that a guest who logged in stays who they became: behind their sessions, behind later guests, and for
//! one of two who log in as the same guest.

use domain::person::Kind as Of;
use domain::session::{Device, End, Rules};
use domain::text::CustomerId;
use domain::{Action, Command, OrderNo, Person, PersonId, PlaceOrder, SessionId, Timestamp};
use store::{NewSession, Opened};

use crate::desk::order_no;
use crate::ground::{Kind, on_every_database};
use crate::shop::Shop;

on_every_database!(
    a_guest_stays_who_they_became_when_their_sessions_are_gone,
    of_two_who_log_in_as_one_guest_the_first_has_them,
    a_guest_who_bought_nothing_counts_while_they_are_the_last,
    a_session_begins_with_its_own_guest,
    what_sessions_knew_before_is_kept,
    a_guest_who_left_nothing_goes_with_their_last_session,
);

/// A session that somebody opens who was this guest a moment ago.
fn log_in(of: &Person, id: u128, guest: Option<&Person>, at: i64) -> NewSession {
    NewSession {
        id: SessionId::new(id),
        tenant: of.tenant,
        principal: of.principal,
        epoch: of.epoch,
        device: Device::App,
        device_name: None,
        address: None,
        at: Timestamp(at),
        request_id: String::new(),
        two_factors: false,
        cookie_hash: None,
        refresh_nonce: [0; 16],
        guest: guest.map(|guest| guest.principal),
    }
}

impl Shop {
    async fn comes(&self, new: &NewSession) {
        let opened = self.store.session_open(new, &Rules::MEMBERS).await.expect("an answer");
        assert_eq!(opened, Opened::Open(Vec::new()));
    }

    /// Somebody orders tea.
    async fn buys(&self, who: &Person, key: &str) -> OrderNo {
        let mut place = Command { principal: who.principal, ..self.desk.place(key, &[("tea", 1)]) };
        let Action::PlaceOrder(PlaceOrder { customer_id, .. }) = &mut place.action else {
            unreachable!("it is an order")
        };
        *customer_id = CustomerId::from_stored(&who.id.to_string());
        let number = order_no(&place);
        self.run(&[place]).await;
        number
    }

    async fn were(&self, who: &Person) -> Vec<PersonId> {
        let guests = self.store.guests_of((who.tenant, who.principal), &[]).await.expect("they are read");
        guests.into_iter().map(|(_, id)| id).collect()
    }
}

async fn a_guest_stays_who_they_became_when_their_sessions_are_gone(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let (guest, anna) = (shop.person(Of::Guest, "g1").await, shop.person(Of::Member, "anna").await);
    let number = shop.buys(&guest, "k").await;
    shop.comes(&log_in(&anna, 1, Some(&guest), 10)).await;
    shop.store.session_end(anna.tenant, SessionId::new(1), End::LoggedOut, Timestamp(20)).await.expect("an answer");
    assert_eq!(shop.store.sessions_purge(Timestamp(i64::MAX), 9).await.expect("a step"), 1);
    shop.comes(&log_in(&anna, 2, None, 30)).await;
    let record = shop.store.session(SessionId::new(2)).await.expect("it is read").expect("it is there");
    assert_eq!(record.authority.guests, [(guest.principal, guest.id)]);
    // Their orders in the archive count as well.
    shop.run(&[shop.desk.cancel(number)]).await;
    assert_eq!(shop.store.orders_archive(Timestamp(i64::MAX), 9).await.expect("nobody else writes"), 1);
    assert_eq!(shop.were(&anna).await, [guest.id]);
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}

/// Both at the same moment on two nodes, where there can be two.
async fn of_two_who_log_in_as_one_guest_the_first_has_them(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let guest = shop.person(Of::Guest, "g1").await;
    let (anna, bert) = (shop.person(Of::Member, "anna").await, shop.person(Of::Member, "bert").await);
    let (first, second) = (log_in(&anna, 1, Some(&guest), 10), log_in(&bert, 2, Some(&guest), 10));
    let [here, there] =
        if kind == Kind::Sqlite { [shop.store.clone(), shop.store.clone()] } else { shop.nodes().await };
    let (one, other) =
        tokio::join!(here.session_open(&first, &Rules::MEMBERS), there.session_open(&second, &Rules::MEMBERS));
    assert_eq!((one.expect("an answer"), other.expect("an answer")), (Opened::Open(vec![]), Opened::Open(vec![])));
    let both = [shop.were(&anna).await, shop.were(&bert).await].concat();
    assert_eq!(both, [guest.id], "one of them has the guest");
    let of = shop.count("select principal_id from guest_links").await;
    shop.comes(&log_in(&anna, 3, Some(&guest), 20)).await;
    shop.comes(&log_in(&bert, 4, Some(&guest), 20)).await;
    assert_eq!(shop.count("select principal_id from guest_links").await, of, "and keeps them");
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}

async fn a_guest_who_bought_nothing_counts_while_they_are_the_last(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let anna = shop.person(Of::Member, "anna").await;
    let mut guests = Vec::new();
    for at in 0..4_u8 {
        guests.push(shop.person(Of::Guest, &format!("g{at}")).await);
    }
    shop.buys(&guests[1], "k").await;
    let table: [(usize, &[usize]); 4] = [(0, &[0]), (1, &[1]), (2, &[2, 1]), (3, &[3, 1])];
    for (at, then) in table {
        let time = 10 + i64::try_from(at).expect("few");
        shop.comes(&log_in(&anna, at as u128, Some(&guests[at]), time)).await;
        let ids: Vec<_> = then.iter().map(|at| guests[*at].id).collect();
        assert_eq!(shop.were(&anna).await, ids, "{at}");
    }
    // Late, but on its way before.
    shop.buys(&guests[2], "late").await;
    assert_eq!(shop.were(&anna).await, [guests[3].id, guests[2].id, guests[1].id]);
}

/// The session of a version of before says who its person was.
async fn what_sessions_knew_before_is_kept(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let (guest, anna) = (shop.person(Of::Guest, "g1").await, shop.person(Of::Member, "anna").await);
    for id in 1..=2 {
        shop.comes(&log_in(&anna, id, None, 10)).await;
    }
    shop.store.close().await;
    for sql in [
        "drop table guest_links".to_owned(),
        "delete from seaql_migrations where version = 'm0010_guests'".to_owned(),
        format!("update sessions set guest_principal_id = {}", guest.principal.0),
    ] {
        shop.ground.plant(&sql).await;
    }
    let shop = Shop { store: shop.ground.store().await, ..shop };
    assert_eq!(shop.store.migrate().await.expect("the step"), 1);
    assert_eq!(shop.were(&anna).await, [guest.id]);
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}

/// Who bought, or has another session, stays; so do all who are no guests.
async fn a_guest_who_left_nothing_goes_with_their_last_session(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let anna = shop.person(Of::Member, "anna").await;
    let mut guests = Vec::new();
    for at in 0..4_u8 {
        guests.push(shop.person(Of::Guest, &format!("g{at}")).await);
    }
    shop.comes(&log_in(&anna, 90, Some(&guests[2]), 10)).await;
    for (at, guest) in guests.iter().enumerate() {
        shop.comes(&log_in(guest, at as u128, None, 10)).await;
    }
    shop.comes(&log_in(&guests[1], 11, None, 1_000_000_000)).await;
    shop.buys(&guests[0], "k").await;
    let idle = Rules::MEMBERS.idle_ms;
    assert_eq!(shop.store.sessions_purge(Timestamp(11 + idle), 2).await.expect("a step"), 2);
    assert_eq!(shop.store.sessions_purge(Timestamp(11 + idle), 9).await.expect("a step"), 3);
    let stay = async |who: &Person| shop.store.person(who.tenant, who.id).await.expect("it is read").is_some();
    let stays = [stay(&guests[0]).await, stay(&guests[1]).await, stay(&guests[2]).await, stay(&guests[3]).await];
    assert_eq!((stays, stay(&anna).await), ([true, true, false, false], true));
    assert_eq!(shop.were(&anna).await, []);
    assert_eq!(shop.count("select count(*) from principals where kind = 'guest'").await, 2);
    assert_eq!(shop.store.sessions_purge(Timestamp(i64::MAX), 9).await.expect("a step"), 1);
    assert_eq!((stay(&guests[0]).await, stay(&guests[1]).await), (true, false));
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}

/// Also where another device logged in as another guest since; and a list of sessions says the same as each of them.
async fn a_session_begins_with_its_own_guest(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let anna = shop.person(Of::Member, "anna").await;
    let (one, other) = (shop.person(Of::Guest, "g1").await, shop.person(Of::Guest, "g2").await);
    for (id, guest) in [(1, Some(&one)), (2, Some(&other)), (3, None)] {
        shop.comes(&log_in(&anna, id, guest, 10 + i64::try_from(id).expect("few"))).await;
    }
    let of = async |id| {
        let record = shop.store.session(SessionId::new(id)).await.expect("it is read").expect("it is there");
        record.authority.guests.into_iter().map(|(_, id)| id).collect::<Vec<_>>()
    };
    assert_eq!([of(1).await, of(2).await, of(3).await], [vec![one.id, other.id], vec![other.id], vec![other.id]]);
    shop.buys(&one, "k").await;
    let both = vec![other.id, one.id];
    assert_eq!([of(1).await, of(2).await, of(3).await], [vec![one.id, other.id], both.clone(), both]);
    for listed in shop.store.sessions_of(anna.tenant, anna.principal, 9).await.expect("they are read") {
        assert_eq!(shop.store.session(listed.authority.id).await.expect("it is read"), Some(listed));
    }
}
