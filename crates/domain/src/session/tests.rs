//! Owns the tables of sessions: who makes room for whom, when one is over, and what a refresh token asks for.

use super::*;

/// How many on the web, what then, on which device: who ends.
type Line<'a> = (u32, WhenFull, Device, Result<&'a [u128], Full>);

fn open(id: u128, device: Device, at: i64) -> Open {
    Open { id: SessionId::new(id), device, opened_at: Timestamp(at) }
}

#[test]
fn what_a_log_in_does_to_the_others() {
    use Device::{App, Web};
    let rules = |open_max, when_full| Rules { open_max, when_full, ..Rules::MEMBERS };
    let (refuse, oldest, same) = (WhenFull::Refuse, WhenFull::ReplaceOldest, WhenFull::ReplaceSameType);
    let three = [open(1, Web, 30), open(2, App, 10), open(3, Web, 20)];
    // How many on the web, what then, on which device: who ends.
    let table: [Line<'_>; 10] = [
        (3, refuse, Web, Ok(&[])),
        (2, refuse, Web, Err(Full(Web))),
        (2, oldest, Web, Ok(&[3])),
        (1, oldest, Web, Ok(&[3, 1])),
        (3, same, Web, Ok(&[])),
        (2, same, Web, Ok(&[3, 1])),
        (1, same, App, Ok(&[])),
        (0, oldest, Web, Err(Full(Web))),
        (0, same, App, Ok(&[])),
        (u32::MAX, refuse, Web, Ok(&[])),
    ];
    for (web, when_full, device, wanted) in table {
        let ended = rules([web, 2, 2], when_full).make_room(&three, device);
        let wanted = wanted.map(|ids| ids.iter().map(|id| SessionId::new(*id)).collect::<Vec<_>>());
        assert_eq!(ended, wanted, "{web} {when_full:?} {device:?}");
    }
}

#[test]
fn all_together_are_bounded() {
    let many: Vec<Open> = (0..50_u8).map(|at| open(at.into(), Device::App, at.into())).collect();
    assert_eq!(many.len(), OPEN_MAX);
    let rules = Rules { open_max: [100; 3], ..Rules::MEMBERS };
    assert_eq!(rules.make_room(&many, Device::Web), Ok(vec![SessionId::new(0)]));
    assert_eq!(rules.make_room(&many[1..], Device::Web), Ok(vec![]));
}

fn authority() -> Authority {
    Authority {
        id: SessionId::new(1),
        tenant: TenantId(1),
        principal: PrincipalId(2),
        person: PersonId::new(3),
        kind: person::Kind::Member,
        role: Role::Shopper,
        guests: Vec::new(),
        device: Device::Web,
        ended: None,
        person_status: person::Status::Active,
        tenant_status: tenant::Status::Active,
        opened_in: 4,
        epoch: 4,
        opened_at: Timestamp(0),
        proved_at: Timestamp(0),
        two_factors: false,
        idle_until: Timestamp(1_000),
        ends_at: Timestamp(5_000),
        version: 1,
    }
}

#[test]
fn when_a_session_is_over() {
    let good = authority();
    let at = |session: &Authority, now| session.over(Timestamp(now));
    assert_eq!(at(&good, 999), None);
    assert_eq!(at(&good, 1_000), Some(End::Expired));
    assert_eq!(at(&Authority { idle_until: Timestamp(9_000), ..good.clone() }, 5_000), Some(End::Expired));
    assert_eq!(at(&Authority { epoch: 5, ..good.clone() }, 0), Some(End::Kicked));
    let disabled = Authority { person_status: person::Status::Disabled, ..good.clone() };
    assert_eq!(at(&disabled, 0), Some(End::Kicked));
    for status in [tenant::Status::Prepared, tenant::Status::Suspended] {
        assert_eq!(at(&Authority { tenant_status: status, ..good.clone() }, 0), Some(End::Kicked));
    }
    for end in End::ALL {
        let ended = Authority { ended: Some(end), epoch: 9, ..good.clone() };
        assert_eq!(at(&ended, 9_999), Some(end), "the reason that was written down is told, whatever came later");
    }
}

#[test]
fn when_its_time_begins_anew() {
    let rules = |renewal| Rules { idle_ms: 1_000, renewal, ..Rules::MEMBERS };
    let session = authority();
    // When, by which rule, with a write: until when.
    let table = [
        (Renewal::EveryRequest, 1, false, Some(1_001)),
        (Renewal::EveryRequest, 0, false, None),
        (Renewal::Writes, 600, false, None),
        (Renewal::Writes, 600, true, Some(1_600)),
        (Renewal::Below(50), 500, true, None),
        (Renewal::Below(50), 501, false, Some(1_501)),
    ];
    for (renewal, now, is_write, wanted) in table {
        let renewed = rules(renewal).renewed(&session, Timestamp(now), is_write);
        assert_eq!(renewed, wanted.map(Timestamp), "{renewal:?} at {now}");
    }
    let late = Authority { idle_until: Timestamp(4_900), ..session };
    let renewed = rules(Renewal::EveryRequest).renewed(&late, Timestamp(4_800), true);
    assert_eq!(renewed, Some(Timestamp(5_000)), "never beyond its end");
}

#[test]
fn what_a_refresh_token_asks_for() {
    let table = [
        (3, 0, Refresh::Next(4)),
        (2, 60_000, Refresh::Again(3)),
        (2, 60_001, Refresh::Reused),
        (1, 0, Refresh::Reused),
        (4, 0, Refresh::Unknown),
    ];
    for (presented, after, wanted) in table {
        assert_eq!(Refresh::of(presented, 3, Timestamp(100), Timestamp(100 + after)), wanted, "{presented} {after}");
    }
}
