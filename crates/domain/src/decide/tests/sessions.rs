//! Owns the tests of what the staff do about sessions.

use super::people::{command, somebody};
use crate::person::Kind;
use crate::session::{End, Policy, Rules, Session};
use crate::{
    Action, Change, EndSession, Outcome, PersonId, PrincipalId, PutSessionRules, Reply, SessionId, State, TenantId,
    Timestamp, decide,
};

fn session(id: u128, principal: i64) -> Session {
    Session {
        tenant: TenantId(1),
        id: SessionId::new(id),
        principal: PrincipalId(principal),
        opened_in: 1,
        idle_until: Timestamp(100),
        ends_at: Timestamp(200),
        ended: None,
        version: 4,
    }
}

/// Two people, and sessions of theirs in every standing: open, ended, of an epoch that is over, idle too long, at its end.
fn state() -> State {
    let mut state = State::default();
    for principal in [7, 8] {
        state.put_person(somebody(principal));
    }
    let open = session(1, 7);
    for session in [
        open,
        Session { ended: Some((End::Replaced, Timestamp(2))), ..session(2, 7) },
        Session { opened_in: 0, ..session(3, 7) },
        Session { idle_until: Timestamp(5), ..session(4, 7) },
        Session { idle_until: Timestamp(5), ends_at: Timestamp(5), ..session(5, 7) },
        session(6, 8),
        Session { tenant: TenantId(2), ..session(7, 7) },
    ] {
        state.put_session(session);
    }
    state
}

fn end(principal: i64, id: u128) -> Action {
    let person = PersonId::new(principal.unsigned_abs().into());
    Action::EndSession(EndSession { principal: PrincipalId(principal), person, session: SessionId::new(id) })
}

#[test]
fn the_staff_end_what_is_open_and_nothing_else() {
    // Whose, which; what comes of it.
    let table = [
        (7, 1, "ended"),
        (7, 2, "over"),
        (7, 3, "over"),
        (7, 4, "over"),
        (7, 5, "over"),
        (7, 6, "not_found"),
        (7, 7, "not_found"),
        (7, 9, "not_found"),
        (9, 1, "not_found"),
        (8, 6, "ended"),
    ];
    for (principal, id, wanted) in table {
        let told = match decide(&state(), &command(1, end(principal, id))) {
            Outcome::Refused(refusal) => refusal.code(),
            Outcome::Accepted(accepted) => match accepted.changes.as_slice() {
                [] => "over",
                [Change::SessionEnded(ended)] => {
                    assert_eq!(ended.ended, Some((End::Kicked, Timestamp(5))));
                    assert_eq!((ended.id, ended.version), (SessionId::new(id), 5));
                    "ended"
                }
                other => panic!("{other:?}"),
            },
        };
        assert_eq!(told, wanted, "session {id} of {principal}");
    }
}

/// Of two in one batch the second finds it over; whoever asks for one of their own may do so.
#[test]
fn a_session_is_ended_once() {
    let mut state = state();
    for (by, wanted) in [(7, 1), (1, 0)] {
        let Outcome::Accepted(accepted) = decide(&state, &command(by, end(7, 1))) else { panic!("it is there") };
        assert_eq!(accepted.changes.len(), wanted);
        accepted.changes.iter().for_each(|change| state.apply(change));
    }
}

fn put(kind: Kind, rules: Rules, expected_version: Option<u32>) -> Action {
    Action::PutSessionRules(PutSessionRules { kind, rules, expected_version })
}

#[test]
fn rules_have_versions_of_which_the_first_is_what_is_usual() {
    let mut state = State::default();
    let strict = Rules { open_max: [1; 3], ..Rules::MEMBERS };
    let table = [
        (put(Kind::Member, Rules::MEMBERS, None), "v1 unchanged"),
        (put(Kind::Member, strict, Some(2)), "version_mismatch"),
        (put(Kind::Member, strict, Some(1)), "v2"),
        (put(Kind::Member, strict, None), "v2 unchanged"),
        (put(Kind::Member, Rules::MEMBERS, Some(1)), "version_mismatch"),
        (put(Kind::Staff, strict, Some(1)), "v2"),
        (put(Kind::Member, Rules::MEMBERS, Some(2)), "v3"),
    ];
    for (place, (action, wanted)) in table.into_iter().enumerate() {
        let told = match decide(&state, &command(1, action)) {
            Outcome::Refused(refusal) => refusal.code().to_owned(),
            Outcome::Accepted(accepted) => {
                accepted.changes.iter().for_each(|change| state.apply(change));
                let Reply::SessionRules(policy) = accepted.reply else { panic!("{:?}", accepted.reply) };
                let is_same = accepted.changes.is_empty();
                format!("v{}{}", policy.version, if is_same { " unchanged" } else { "" })
            }
        };
        assert_eq!(told, wanted, "line {place}");
    }
    let members = state.session_rules(TenantId(1), Kind::Member).expect("they were put");
    assert_eq!((members.rules, members.changed_at), (Rules::MEMBERS, Timestamp(5)));
}

/// A PUT without a key that comes again is a retry while its rules stand, and a new wish once others were put.
#[test]
fn what_a_derived_key_answered_is_history_once_others_were_put() {
    let mut state = State::default();
    let mut of = command(1, put(Kind::Member, Rules::MEMBERS, None));
    of.key = idempotency::Key::derived("put", "a fingerprint");
    assert!(!state.moved_on(&of, Some(1)), "what is usual stands still");
    let policy = Policy { version: 3, ..Policy::usual(TenantId(1), Kind::Member) };
    state.put_session_rules(policy);
    assert!(state.moved_on(&of, Some(2)));
    assert!(!state.moved_on(&of, Some(3)));
    state.put_session_rules(Policy { kind: Kind::Staff, version: 9, ..policy });
    assert!(!state.moved_on(&of, Some(3)), "those of others are others'");
    of.key = idempotency::Key::new("k").expect("a good key");
    assert!(!state.moved_on(&of, Some(2)), "a key of the client's says what it wants");
}
