//! Owns what is done with somebody: which steps there are, who may take each, and the form of it.

use domain::access::Permission;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::{Kind, roles};
use crate::answers::Person;
use crate::form::{self, Draft, Field, Trouble, Typed};
use crate::lang::Lang;
use crate::layout;
use crate::show;
use crate::visit::Visit;

/// Something that is done with a member, or with one of the staff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// Give them another role.
    Role,
    /// End all of their sessions.
    SignOut,
    /// Let them set a new password.
    Reset,
    /// Have their second factor count no more.
    DropFactor,
    /// Let them in no more.
    Disable,
    /// Let them in again.
    Enable,
}

impl Deed {
    pub(super) const ALL: [Self; 6] =
        [Self::Role, Self::SignOut, Self::Reset, Self::DropFactor, Self::Disable, Self::Enable];

    /// As paths have it, here and in the API.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::SignOut => "sign-out",
            Self::Reset => "password-reset",
            Self::DropFactor => "drop-second-factor",
            Self::Disable => "disable",
            Self::Enable => "enable",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|deed| deed.name() == name)
    }

    const fn word(self, lang: Lang) -> &'static str {
        match self {
            Self::Role => lang.say("Give another role", "变更角色"),
            Self::SignOut => lang.say("Sign out everywhere", "全部设备下线"),
            Self::Reset => lang.say("Let them set a new password", "允许重置密码"),
            Self::DropFactor => lang.say("Drop the second factor", "解除双重验证"),
            Self::Disable => lang.say("Disable", "停用"),
            Self::Enable => lang.say("Enable", "启用"),
        }
    }

    pub(super) const fn done(self, lang: Lang) -> &'static str {
        match self {
            Self::Role => lang.say("The role is another now; they log in anew.", "角色已变更，需重新登录。"),
            Self::SignOut => lang.say("All of their sessions are over.", "已从全部设备下线。"),
            Self::Reset => lang.say("They may set a new password.", "已允许重置密码。"),
            Self::DropFactor => lang.say("Their second factor counts no more.", "双重验证已解除。"),
            Self::Disable => lang.say("They are let in no more.", "已停用。"),
            Self::Enable => lang.say("They are let in again.", "已启用。"),
        }
    }

    /// What it does beside what it says.
    const fn hint(self, lang: Lang) -> &'static str {
        match self {
            Self::Role | Self::Disable => lang.say("All of their sessions end.", "将从全部设备下线。"),
            Self::SignOut => lang.say("They may log in again at once.", "可立即重新登录。"),
            Self::Reset => lang.say(
                "You are shown a token that is good for half an hour. Whoever has it sets the password.",
                "将显示一个半小时内有效的令牌，持有者可设置新密码。",
            ),
            Self::DropFactor => lang.say(
                "For whoever lost it. Make sure that it is they who ask. All of their sessions end.",
                "用于本人丢失验证器的情况，请先核实身份。将从全部设备下线。",
            ),
            Self::Enable => "",
        }
    }

    const fn asks(self, kind: Kind) -> Permission {
        match self {
            Self::Reset | Self::DropFactor => kind.recover(),
            Self::Role | Self::SignOut | Self::Disable | Self::Enable => kind.write(),
        }
    }

    const fn is_danger(self) -> bool {
        matches!(self, Self::Disable | Self::DropFactor)
    }

    /// Whether the step makes sense with somebody of this kind as they are.
    fn is_legal(self, kind: Kind, person: &Person) -> bool {
        match self {
            Self::Role => kind == Kind::Staff,
            Self::Disable => person.status == "active",
            Self::Enable => person.status == "disabled",
            Self::SignOut | Self::Reset | Self::DropFactor => true,
        }
    }

    /// What the API is sent.
    pub(super) fn body(self, typed: &Typed) -> Option<Value> {
        (self == Self::Role).then(|| json!({"role": typed.said("role")}))
    }
}

/// A form for each step that may be taken now.
pub(super) fn forms(
    visit: &Visit,
    (kind, person): (Kind, &Person),
    asked: &Typed,
    trouble: Option<&Trouble>,
) -> Markup {
    let lang = visit.lang();
    let tried = |deed: Deed| trouble.is_some_and(|trouble| trouble.deed == deed.name());
    // Of themselves people only end the sessions.
    let is_own = visit.me.as_ref().is_some_and(|me| me.person_id == person.person_id);
    let may = |deed: Deed| visit.may(deed.asks(kind)) && (!is_own || deed == Deed::SignOut);
    let offered: Vec<_> =
        Deed::ALL.into_iter().filter(|deed| tried(*deed) || (deed.is_legal(kind, person) && may(*deed))).collect();
    let page = format!("/console/{}/{}", kind.among(), person.person_id);
    let choices = roles::choices(lang);
    let now = as_it_is((kind, person), lang);
    html! {
        @if !offered.is_empty() {
            section.deeds {
                h2 { (lang.say("What can be done", "可执行操作")) }
                @for deed in offered {
                    @let draft = Draft::of(deed.name(), trouble, asked);
                    @let form = form::Deed {
                        page: &page, name: deed.name(), word: deed.word(lang), is_danger: deed.is_danger(),
                        version: Some(person.version), says_why: true,
                    };
                    @let role = Field::choice("role", lang.say("Role", "角色"), &choices).filled(&person.role);
                    @let fields = html! {
                        @if tried(deed) { (form::as_it_is(trouble, &now, lang)) }
                        @if !deed.hint(lang).is_empty() { p.fine { (deed.hint(lang)) } }
                        @if deed == Deed::Role { (role.of(draft, "/role")) }
                    };
                    (form::deed(&form, draft, &fields, lang))
                }
            }
        }
    }
}

/// What somebody is now, as far as a step changes it.
fn as_it_is((kind, person): (Kind, &Person), lang: Lang) -> Markup {
    let mut facts = vec![
        (lang.say("Status", "状态"), show::status(&person.status, lang)),
        (lang.say("Role", "角色"), html! { (layout::role(&person.role, lang)) }),
        (lang.say("Last changed", "最近变更"), show::time(&person.updated_at)),
    ];
    if kind == Kind::Members {
        facts.remove(1);
    }
    show::facts(&facts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_those_that_make_sense() {
        let person = |status: &str| Person {
            person_id: "per_1".to_owned(),
            login: "anna".to_owned(),
            name: "Anna".to_owned(),
            role: "shopper".to_owned(),
            status: status.to_owned(),
            version: 1,
            created_at: String::new(),
            updated_at: String::new(),
        };
        let offered = |kind, status| {
            let names = Deed::ALL.into_iter().filter(|deed| deed.is_legal(kind, &person(status))).map(Deed::name);
            names.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(offered(Kind::Members, "active"), "sign-out password-reset drop-second-factor disable");
        assert_eq!(offered(Kind::Staff, "disabled"), "role sign-out password-reset drop-second-factor enable");
    }
}
