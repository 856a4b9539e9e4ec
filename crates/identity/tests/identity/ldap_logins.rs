//! Who is let in by a directory, as whom, and who is not: asked of a real one.

use identity::provider::ldap::{Directory, Find, Groups, Settings, Subject};
use identity::provider::{Identity, LOGIN_BYTES_MAX, PASSWORD_BYTES_MAX, PasswordProvider as _, Refused};

use crate::harness::{Organisation, Recorder, assert_wrong, password, plain_port};

/// What one login gives.
async fn log_in(settings: Settings, login: &str, password: &str) -> Result<Identity, Refused> {
    Directory::open(settings).expect("the settings are right").authenticate(login, password).await
}

/// The settings, once for each way to find somebody.
fn ways(organisation: &Organisation) -> [Settings; 2] {
    [organisation.search(), organisation.direct()].map(|find| Settings { find, ..organisation.settings() })
}

#[tokio::test]
async fn the_right_password_says_who_it_is() {
    let mut organisation = Organisation::found().await;
    organisation.hire("ada").await;
    organisation.hire("löwe").await;
    for settings in ways(&organisation) {
        for login in ["ada", "löwe"] {
            let identity = log_in(settings.clone(), login, &password(login)).await.expect("the password is right");
            assert_eq!((identity.login(), identity.name()), (login, format!("Person {login}").as_str()));
            assert_eq!((identity.email(), identity.groups()), (Some("person@example.test"), &[][..]));
            assert_eq!(identity.subject().len(), 36, "an entryUUID: {}", identity.subject());
        }
        // A directory compares logins without case; it is the same person, under the login that stands there.
        let identity = log_in(settings, "ADA", &password("ada")).await.expect("the password is right");
        assert_eq!(identity.login(), "ada");
    }
}

#[tokio::test]
async fn the_subject_stays_when_login_and_name_change() {
    let mut organisation = Organisation::found().await;
    let name = format!("cn=first,{}", organisation.base);
    organisation.hire_as(&name, "before", Some("word")).await;
    let before = log_in(organisation.settings(), "before", "word").await.expect("the password is right");
    organisation.rename(&name, "before", "after").await;
    let after = log_in(organisation.settings(), "after", "word").await.expect("the password is right");
    assert_eq!((before.subject(), after.login()), (after.subject(), "after"));
    assert_wrong(log_in(organisation.settings(), "before", "word").await, "nobody is called that now");
}

#[tokio::test]
async fn groups_come_from_the_person_or_from_their_own_entries() {
    let mut organisation = Organisation::found().await;
    let (ada, bob) = (organisation.hire("ada").await, organisation.hire("bob").await);
    let staff = organisation.group("staff", &[&ada, &bob]).await;
    let desk = organisation.group("desk (night)", &[&ada]).await;
    let search = Groups::Search {
        base: organisation.base.clone(),
        filter: "(&(objectClass=groupOfNames)(member={dn}))".to_owned(),
        name: "cn".to_owned(),
    };
    let attribute = Groups::Attribute("memberOf".to_owned());
    for (groups, expected) in [(search, ["desk (night)", "staff"]), (attribute, [desk.as_str(), &staff])] {
        for settings in ways(&organisation) {
            let settings = Settings { groups: groups.clone(), ..settings };
            let mut of_ada =
                log_in(settings.clone(), "ada", &password("ada")).await.expect("it is right").groups().to_vec();
            of_ada.sort();
            assert_eq!(of_ada, expected);
            let of_bob = log_in(settings, "bob", &password("bob")).await.expect("it is right");
            assert_eq!(of_bob.groups(), &expected[1..]);
        }
    }
}

#[tokio::test]
async fn whoever_is_not_let_in_is_told_no_more() {
    let mut organisation = Organisation::found().await;
    organisation.hire("ada").await;
    let base = organisation.base.clone();
    organisation.hire_as(&format!("cn=without,{base}"), "without", None).await;
    organisation.hire_as(&format!("uid=without,{base}"), "other", None).await;
    for at in ["one", "two"] {
        organisation.hire_as(&format!("cn={at},{base}"), "twice", Some("word")).await;
    }
    let long = |bytes: usize| "x".repeat(bytes + 1);
    for settings in ways(&organisation) {
        for (login, word) in [
            ("ada", "wrong".to_owned()),
            ("ada", password("ADA")),
            ("ada", format!("{} ", password("ada"))),
            // It would be a bind as nobody, which succeeds.
            ("ada", String::new()),
            ("ada", long(PASSWORD_BYTES_MAX)),
            ("nobody", password("nobody")),
            ("without", "word".to_owned()),
            ("twice", "word".to_owned()),
            ("", password("")),
            ("", String::new()),
            (&long(LOGIN_BYTES_MAX), "word".to_owned()),
        ] {
            assert_wrong(log_in(settings.clone(), login, &word).await, &format!("{login:?} with {word:?}"));
        }
        // The settings are right: it is not all refused.
        log_in(settings, "ada", &password("ada")).await.expect("the password is right");
    }
}

#[tokio::test]
async fn no_login_means_anything_but_itself() {
    let mut organisation = Organisation::found().await;
    organisation.hire("ada").await;
    let odd = r#"a*(b)\c,d=e+f "g"<h>;#"#;
    organisation.hire(odd).await;
    for settings in ways(&organisation) {
        // There are many logins, and TLS is not what they are about.
        let settings = Settings { find: settings.find, ..organisation.plain_settings(plain_port()) };
        for login in [
            "*",
            "a*",
            "ad?",
            ")(uid=*))(|(uid=*",
            "ada)(uid=*",
            "ada))(&(objectClass=*",
            "*)(userPassword=*",
            "ada\0",
            "\0",
            "\\",
            "\\61da",
            "\\2a",
            "ada\\",
            "ada,ou=elsewhere",
            "ada+uid=ada",
            "uid=ada",
            "#616461",
            "{login}",
            "ada\n",
            odd.trim_end_matches('#'),
        ] {
            for word in [password("ada"), password(odd), password(login)] {
                assert_wrong(log_in(settings.clone(), login, &word).await, &format!("{login:?} with {word:?}"));
            }
        }
        let identity = log_in(settings, odd, &password(odd)).await.expect("somebody is called that");
        assert_eq!(identity.login(), odd);
    }
}

#[tokio::test]
async fn nothing_is_remembered() {
    let mut organisation = Organisation::found().await;
    let name = organisation.hire("ada").await;
    for settings in ways(&organisation) {
        organisation.change_password(&name, "first").await;
        let directory = Directory::open(settings).expect("the settings are right");
        directory.authenticate("ada", "first").await.expect("the password is right");
        organisation.change_password(&name, "second").await;
        assert_wrong(directory.authenticate("ada", "first").await, "it was changed");
        directory.authenticate("ada", "second").await.expect("the password is right");
    }
}

#[tokio::test]
async fn who_is_unknown_costs_the_same_questions() {
    let mut organisation = Organisation::found().await;
    organisation.hire("ada").await;
    let decoy = organisation.hire("decoy").await;
    for at in ["one", "two"] {
        organisation.hire_as(&format!("cn={at},{}", organisation.base), "twice", Some("word")).await;
    }
    let recorder = Recorder::before(plain_port()).await;
    for decoy in [None, Some(decoy)] {
        let mut settings = organisation.plain_settings(recorder.port);
        if let Find::Search { decoy: place, .. } = &mut settings.find {
            *place = decoy;
        }
        let mut seen = Vec::new();
        for (login, word) in [("ada", "wrong"), ("nobody", "wrong"), ("twice", "word"), ("nobody", "password of decoy")]
        {
            recorder.forget();
            assert_wrong(log_in(settings.clone(), login, word).await, login);
            seen.push(recorder.requests().await);
        }
        // The account, the search, the password, the end.
        assert!(seen.iter().all(|requests| requests == &[0, 3, 0, 2]), "{seen:?}");
    }
}

#[tokio::test]
async fn a_subject_that_is_missing_lets_nobody_in() {
    let mut organisation = Organisation::found().await;
    organisation.hire("ada").await;
    let mut settings = organisation.settings();
    settings.attributes.subject = Subject::Text("employeeNumber".to_owned());
    let refused = log_in(settings, "ada", &password("ada")).await.expect_err("who is it?");
    assert!(matches!(refused, Refused::Misconfigured(_)), "{refused:?}");
    let mut settings = organisation.settings();
    settings.attributes.subject = Subject::Bytes("uid".to_owned());
    let identity = log_in(settings, "ada", &password("ada")).await.expect("it has a uid");
    assert_eq!(identity.subject(), "616461");
}
