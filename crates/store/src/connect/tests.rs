//! Owns the tests of the database's address.

use super::Address;

#[test]
fn addresses() {
    for (url, file) in [("sqlite:a/mideng.db", "a/mideng.db"), ("sqlite:///srv/m.db", "/srv/m.db")] {
        assert_eq!(url.parse(), Ok(Address::Sqlite(file.into())));
    }
    for url in ["", "sqlite:", "sqlite://", "sqlite:a.db?mode=memory", "postgres://localhost/mideng", "a.db"] {
        assert!(url.parse::<Address>().is_err(), "{url:?}");
    }
}
