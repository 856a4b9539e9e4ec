//! How a directory is reached: what is hidden on the way, whom a certificate may come from, and how many ask at once.

use identity::provider::ldap::{Account, Directory, Encryption, Find, Settings};
use identity::provider::{PasswordProvider as _, Secret};

use crate::harness::{
    Organisation, Recorder, account, assert_away, assert_misconfigured, authority, password, plain_port,
    without_account,
};

fn contains(said: &[Vec<u8>], word: &str) -> bool {
    said.iter().any(|said| said.windows(word.len()).any(|window| window == word.as_bytes()))
}

#[tokio::test]
async fn passwords_are_hidden_on_the_way() {
    let mut organisation = Organisation::found().await;
    organisation.hire("ada").await;
    let recorder = Recorder::before(plain_port()).await;
    let url = format!("ldap://127.0.0.1:{}", recorder.port);
    for (encryption, is_readable) in [(Encryption::Required, false), (Encryption::OffOnThisMachine, true)] {
        recorder.forget();
        let settings = Settings { url: url.clone(), encryption, ..organisation.settings() };
        let directory = Directory::open(settings).expect("the settings are right");
        directory.authenticate("ada", &password("ada")).await.expect("the password is right");
        // Where it is readable the test would see it.
        assert_eq!(contains(&recorder.said(), &password("ada")), is_readable, "{encryption:?}");
        assert_eq!(contains(&recorder.said(), &account().1), is_readable, "{encryption:?}");
    }
}

#[tokio::test]
async fn a_directory_that_shows_a_strange_certificate_is_told_nothing() {
    let mut organisation = Organisation::found().await;
    organisation.hire("ada").await;
    for url in [without_account("TEST_LDAPS_URL"), without_account("TEST_LDAP_URL")] {
        for (own, is_known) in
            [(Some(authority("authority.pem")), true), (Some(authority("stranger.pem")), false), (None, false)]
        {
            let settings = Settings { url: url.clone(), authority: own, ..organisation.settings() };
            let directory = Directory::open(settings).expect("the settings are right");
            let outcome = directory.authenticate("ada", &password("ada")).await;
            if is_known {
                outcome.expect("the certificate is good");
            } else {
                assert_away(outcome, &url);
            }
        }
        // The certificate is that of 127.0.0.1.
        let settings = Settings { url: url.replace("127.0.0.1", "localhost"), ..organisation.settings() };
        let directory = Directory::open(settings).expect("the settings are right");
        assert_away(directory.authenticate("ada", &password("ada")).await, "the name is another");
    }
}

#[tokio::test]
async fn our_own_mistakes_are_told_as_such() {
    let mut organisation = Organisation::found().await;
    organisation.hire("ada").await;
    let (name, word) = account();
    let search = |name: &str, word: &str, base: &str| Find::Search {
        account: Some(Account { name: name.to_owned(), password: Secret::new(word) }),
        base: base.to_owned(),
        filter: "(uid={login})".to_owned(),
        decoy: None,
    };
    let base = organisation.base.clone();
    let nobody = Find::Search { account: None, base: base.clone(), filter: "(uid={login})".to_owned(), decoy: None };
    for find in [
        search(&name, "wrong", &base),
        search("cn=nobody,dc=mideng,dc=test", &word, &base),
        search("no name", &word, &base),
        search(&name, &word, "ou=nowhere,dc=mideng,dc=test"),
        // This directory lets nobody search who is nobody.
        nobody,
    ] {
        let settings = Settings { find: find.clone(), ..organisation.settings() };
        let directory = Directory::open(settings).expect("the settings can be read");
        // Also with the right password: a mistake of ours is not told as theirs.
        assert_misconfigured(directory.authenticate("ada", &password("ada")).await, &format!("{find:?}"));
    }
    for find in [search(&name, "", &base), search("", &word, &base)] {
        assert!(Directory::open(Settings { find, ..organisation.settings() }).is_err());
    }
}

#[tokio::test]
async fn no_more_ask_at_once_than_are_allowed() {
    let mut organisation = Organisation::found().await;
    organisation.hire("ada").await;
    let recorder = Recorder::before(plain_port()).await;
    let directory = Directory::open(Settings { logins_max: 2, ..organisation.plain_settings(recorder.port) });
    let directory = directory.expect("the settings are right");
    let logins: Vec<_> = (0..12)
        .map(|_| {
            let directory = directory.clone();
            tokio::spawn(async move { directory.authenticate("ada", &password("ada")).await })
        })
        .collect();
    for login in logins {
        login.await.expect("nobody panics").expect("the password is right");
    }
    assert_eq!(recorder.said().len(), 12);
    // A connection that has ended may be seen to be open for a moment longer.
    assert!(recorder.most_open() <= 4, "{}", recorder.most_open());
}

#[tokio::test]
async fn settings_show_no_password() {
    let organisation = Organisation::found().await;
    let shown = format!("{:?}", organisation.settings());
    assert!(!shown.contains(&account().1) && shown.contains("Secret"), "{shown}");
}
