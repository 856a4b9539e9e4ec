//! Owns a visitor for the tests of pages: one of the staff, of a role, before an API that has no routes.

use axum::Router;
use domain::access::Role;
use http::{Extensions, HeaderMap};

use crate::days::Days;
use crate::inside::{Inside, Side};
use crate::lang::Lang;
use crate::look::Look;
use crate::visit::{Me, Visit};

pub(super) fn of_role(role: Role, lang: Lang) -> Visit {
    let me = Me {
        person_id: "per_1".to_owned(),
        kind: "staff".to_owned(),
        role: role.name().to_owned(),
        session_id: "ses_1".to_owned(),
        two_factors: false,
    };
    Visit {
        inside: Inside::of(&Router::new(), Side::Console, (&HeaderMap::new(), &Extensions::new())),
        side: Side::Console,
        look: Look { lang, ..Look::default() },
        days: Days::default(),
        here: "/console".to_owned(),
        again: "/console".to_owned(),
        before: None,
        me: Some(me),
        settings: std::sync::Arc::default(),
    }
}
