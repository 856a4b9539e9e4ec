//! Owns the tests of commands about people and tenants, and of the audit log that they leave.

use idempotency::{CommandId, Fingerprints, Key, Target};

use crate::access::Role;
use crate::audit::{Entry, Head, Note};
use crate::person::{Kind, Login, Status, Step};
use crate::text::{PersonName, Reason, TenantName};
use crate::{
    Action, AddPerson, Command, Outcome, Person, PersonId, PrincipalId, State, StepPerson, StepTenant, Tenant,
    TenantId, TenantPublicId, Timestamp, Token, Whose, decide, tenant,
};

pub(super) fn command(by: i64, action: Action) -> Command {
    let target = Target { method: "POST", route: "people", ids: &[], query: "", precondition: "" };
    Command {
        id: CommandId(1),
        tenant: TenantId(1),
        principal: PrincipalId(by),
        key: Key::new("k").expect("a good key"),
        fingerprints: Fingerprints::of(&target, ""),
        at: Timestamp(5),
        request_id: "req-1".to_owned(),
        aliases: Vec::new(),
        token: Token::None,
        origin: crate::Origin::default(),
        whose: Whose::Anybodys,
        note: Some(Note::default()),
        action,
    }
}

fn add(principal: i64, kind: Kind, role: Role) -> Action {
    Action::AddPerson(AddPerson {
        principal: PrincipalId(principal),
        id: PersonId::new(principal.unsigned_abs().into()),
        kind,
        login: Login::from_stored("anna"),
        name: PersonName::from_stored("Anna"),
        role,
        password: None,
    })
}

/// A member in their first epoch.
pub(super) fn somebody(principal: i64) -> Person {
    Person {
        tenant: TenantId(1),
        principal: PrincipalId(principal),
        id: PersonId::new(principal.unsigned_abs().into()),
        kind: Kind::Member,
        login: Login::from_stored("anna"),
        name: PersonName::from_stored("Anna"),
        role: Role::Shopper,
        status: Status::Active,
        epoch: 1,
        factors_lost: 0,
        version: 1,
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
    }
}

fn step(principal: i64, step: Step, expected_version: Option<u32>) -> Action {
    let id = PersonId::new(principal.unsigned_abs().into());
    Action::StepPerson(StepPerson { principal: PrincipalId(principal), id, step, expected_version })
}

fn told(state: &mut State, by: i64, action: Action) -> String {
    match decide(state, &command(by, action)) {
        Outcome::Accepted(accepted) => {
            accepted.changes.iter().for_each(|change| state.apply(change));
            "done".to_owned()
        }
        Outcome::Refused(refusal) => refusal.code().to_owned(),
    }
}

#[test]
fn people_come_once_and_change_by_others() {
    let mut state = State::default();
    // By whom, what, what comes of it.
    let table = [
        (1, add(7, Kind::Staff, Role::Shopper), "role_unfit"),
        (1, add(7, Kind::Member, Role::Admin), "role_unfit"),
        (1, add(7, Kind::Staff, Role::Support), "done"),
        (1, add(7, Kind::Staff, Role::Support), "login_taken"),
        (1, step(7, Step::Role(Role::Merchant), Some(2)), "version_mismatch"),
        (1, step(7, Step::Role(Role::Merchant), Some(1)), "done"),
        (7, step(7, Step::Role(Role::Admin), None), "not_oneself"),
        (7, step(7, Step::SignOut, None), "done"),
        (1, step(7, Step::Disable, None), "done"),
        (1, step(8, Step::Disable, None), "not_found"),
    ];
    for (place, (by, action, wanted)) in table.into_iter().enumerate() {
        assert_eq!(told(&mut state, by, action), wanted, "line {place}");
    }
    let person = state.person(TenantId(1), PrincipalId(7)).expect("she was added");
    assert_eq!((person.role, person.epoch, person.version), (Role::Merchant, 4, 4));
}

#[test]
fn a_tenant_is_opened_once() {
    let tenant = Tenant {
        id: TenantId(2),
        public_id: TenantPublicId::new(2),
        name: TenantName::from_stored("acme"),
        status: tenant::Status::Prepared,
        version: 1,
        created_at: Timestamp(0),
    };
    let mut state = State::default();
    state.put_tenant(tenant.clone());
    let action = |id: i64, step| {
        let (name, public_id) = (tenant.name.clone(), tenant.public_id);
        Action::StepTenant(StepTenant { tenant: TenantId(id), public_id, name, step, admin: None })
    };
    let table = [
        (2, tenant::Step::Open, "done"),
        (2, tenant::Step::Open, "name_taken"),
        (2, tenant::Step::Resume, "invalid_transition"),
        (2, tenant::Step::Suspend, "done"),
        (3, tenant::Step::Suspend, "not_found"),
    ];
    for (id, step, wanted) in table {
        assert_eq!(told(&mut state, 1, action(id, step)), wanted, "{step:?} of {id}");
    }
}

/// Entries of three commands, one of them refused.
fn log() -> Vec<Entry> {
    let state = State::default();
    let mut head = Head::first(TenantId(1));
    let actions =
        [add(7, Kind::Staff, Role::Support), add(8, Kind::Staff, Role::Shopper), step(9, Step::Disable, None)];
    let note = Note { actor: "acc_1".to_owned(), reason: Some(Reason::from_stored("asked by\nphone")) };
    let mut log = Vec::new();
    for action in actions {
        let command = command(1, action);
        let entry = head.next(&command, &note, &decide(&state, &command));
        head = entry.head();
        log.push(entry);
    }
    log
}

fn is_whole(log: &[Entry]) -> bool {
    let mut head = Head::first(TenantId(1));
    log.iter().all(|entry| {
        let follows = entry.follows(&head);
        head = entry.head();
        follows
    })
}

#[test]
fn the_log_tells_what_came_of_it() {
    let told: Vec<_> =
        log().iter().map(|entry| format!("{} {} {}", entry.place, entry.subject, entry.outcome)).collect();
    let id = |number| PersonId::new(number).to_string();
    let wanted = [
        format!("1 {} staff support done", id(7)),
        format!("2 {} staff shopper role_unfit", id(8)),
        format!("3 {} disable not_found", id(9)),
    ];
    assert_eq!(told, wanted);
}

/// Whatever is changed, taken out, put in or moved: the chain shows it.
#[test]
fn a_log_that_was_touched_is_broken() {
    assert!(is_whole(&log()));
    let touches: [fn(&mut Vec<Entry>); 11] = [
        |log| log[1].at = Timestamp(6),
        |log| log[1].actor = "acc_2".to_owned(),
        |log| log[1].action.push('x'),
        |log| log[1].subject.clear(),
        |log| log[1].outcome = "done".to_owned(),
        |log| log[1].reason = None,
        |log| log[1].reason = Some(Reason::from_stored("")),
        |log| log[1].request_id = "req-2".to_owned(),
        |log| drop(log.remove(1)),
        |log| log.swap(0, 1),
        // Whose hash was made to fit: then the next one does not follow.
        |log| {
            log[1].outcome = "done".to_owned();
            log[1].hash = log[1].computed();
        },
    ];
    for (place, touch) in touches.into_iter().enumerate() {
        let mut log = log();
        touch(&mut log);
        assert!(!is_whole(&log), "touch {place}");
    }
}
