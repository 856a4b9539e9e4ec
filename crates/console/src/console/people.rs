//! Owns the pages of people: members and staff are looked after alike, each by those who may.

mod deeds;
mod directory;
mod person;
mod roles;

use axum::routing::{get, post};
use axum::{Extension, Router};
use domain::access::Permission as P;

use crate::lang::Lang;
use crate::visit::Pages;

/// Whose pages these are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Who buys.
    Members,
    /// Who works for the shop.
    Staff,
}

/// The pages of people of a kind, below their own path.
pub(super) fn routes(kind: Kind) -> Router<Pages> {
    Router::new()
        .route("/", get(directory::page))
        .route("/add", post(directory::add))
        .route("/{person_id}", get(person::page))
        .route("/{person_id}/{deed}", post(person::act))
        .route("/{person_id}/sessions/{session_id}/end", post(person::end_session))
        .layer(Extension(kind))
}

impl Kind {
    /// What they are called in paths, here and in the API.
    const fn among(self) -> &'static str {
        match self {
            Self::Members => "members",
            Self::Staff => "staff",
        }
    }

    const fn word(self, lang: Lang) -> &'static str {
        match self {
            Self::Members => lang.say("Members", "会员"),
            Self::Staff => lang.say("Staff", "员工"),
        }
    }

    /// What it takes to change them.
    const fn write(self) -> P {
        match self {
            Self::Members => P::MembersWrite,
            Self::Staff => P::StaffWrite,
        }
    }

    /// What it takes to let somebody in who lost what they prove themselves with.
    const fn recover(self) -> P {
        match self {
            Self::Members => P::MembersRecover,
            Self::Staff => P::StaffWrite,
        }
    }
}
