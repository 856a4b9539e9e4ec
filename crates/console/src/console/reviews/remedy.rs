//! Owns what can be done about something in the human queue there and then: a question to its provider, or the refund once more. It
//! is closed by a person behind that, who saw what came of it.

use axum::Form;
use axum::extract::Path;
use axum::response::Response;
use domain::access::Permission as P;
use http::Method;
use maud::{Markup, html};

use super::{PAGE, Review, shown};
use crate::form::{self, Deed, Draft, Trouble, Typed};
use crate::inside::{Change, part};
use crate::lang::Lang;
use crate::refused::Refused;
use crate::visit::Staff;

/// Something that is done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Ask the payment's providers about all of it whose end is not known.
    AskAgain,
    /// Send a refund that failed once more.
    SendAgain,
}

impl Remedy {
    const ALL: [Self; 2] = [Self::AskAgain, Self::SendAgain];

    const fn name(self) -> &'static str {
        match self {
            Self::AskAgain => "ask-again",
            Self::SendAgain => "send-again",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|remedy| remedy.name() == name)
    }

    /// What fits one, by its kind and what it is about. Where money comes back by itself, or only a person can tell, there is none.
    pub(super) fn of(review: &Review) -> Option<Self> {
        let has_payment = review.payment_id.is_some();
        match review.kind.as_str() {
            "quarantined" | "stuck" | "late_payment" | "double_payment" if has_payment => Some(Self::AskAgain),
            "refund_failed" if has_payment && review.subject.starts_with("rfd_") => Some(Self::SendAgain),
            _ => None,
        }
    }

    /// What the API is to do it to.
    fn object(self, review: &Review) -> &str {
        match self {
            Self::AskAgain => review.payment_id.as_deref().unwrap_or_default(),
            Self::SendAgain => &review.subject,
        }
    }

    pub(super) const fn asks(self) -> P {
        match self {
            Self::AskAgain => P::PaymentsQuery,
            Self::SendAgain => P::RefundsStart,
        }
    }

    const fn word(self, lang: Lang) -> &'static str {
        match self {
            Self::AskAgain => lang.say("Ask the provider again", "重新查询渠道"),
            Self::SendAgain => lang.say("Send the refund again", "重新发起退款"),
        }
    }

    pub(super) const fn done(self, lang: Lang) -> &'static str {
        match self {
            Self::AskAgain => lang.say(
                "The provider is asked. See on the payment's page what it says, and close this with it.",
                "已向渠道查询。请在付款页面查看结果后关闭此事项。",
            ),
            Self::SendAgain => lang.say(
                "The refund is under way again. See on its page that it arrives, and close this with it.",
                "退款已重新发起。请在退款页面确认到账后关闭此事项。",
            ),
        }
    }

    /// Where the API does it.
    fn path(self, object: &str) -> String {
        match self {
            Self::AskAgain => format!("/payments/{}/query", part(object)),
            Self::SendAgain => format!("/refunds/{}/retry", part(object)),
        }
    }

    /// The form on a card of the queue.
    pub(super) fn form(self, review: &Review, (asked, trouble): (&Typed, Option<&Trouble>), lang: Lang) -> Markup {
        let name = about(&review.review_id, self);
        let draft = Draft::of(&name, trouble, asked);
        let (says_why, word) = (self == Self::SendAgain, self.word(lang));
        let deed = Deed { page: PAGE, name: &name, word, is_danger: false, version: None, says_why };
        form::deed(&deed, draft, &html! { input type="hidden" name="object" value=(self.object(review)); }, lang)
    }
}

/// The form that does it about one.
fn about(id: &str, remedy: Remedy) -> String {
    format!("{}/{}", part(id), remedy.name())
}

/// Does it.
pub(in crate::console) async fn act(
    Staff(visit): Staff,
    Path((id, name)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Response {
    let Some(remedy) = Remedy::from_name(&name) else {
        return Refused::missing(&format!("action {name}")).page(&visit);
    };
    let change = Change {
        method: Method::POST,
        path: remedy.path(typed.said("object")),
        key: typed.key(),
        reason: typed.given("why"),
        ..Change::default()
    };
    match form::send(&visit, change, |_| Ok(form::done(PAGE, remedy.name()))).await {
        Ok(response) => response,
        Err(refused) => {
            let trouble = Trouble { deed: about(&id, remedy), typed, refused };
            shown(&visit, &Typed::default(), Some(&trouble)).await
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::review::Kind;

    use super::*;

    fn review(kind: Kind, subject: &str, payment_id: Option<&str>) -> Review {
        Review {
            review_id: "rev_1".to_owned(),
            kind: kind.name().to_owned(),
            subject: subject.to_owned(),
            detail: String::new(),
            raised_at: String::new(),
            resolution: None,
            resolved_at: None,
            payment_id: payment_id.map(str::to_owned),
        }
    }

    #[test]
    fn each_kind_has_the_remedy_that_fits_what_it_is_about() {
        let (ask, send) = (Some((Remedy::AskAgain, "pay_1")), Some((Remedy::SendAgain, "rfd_1")));
        for kind in Kind::ALL {
            let wanted = match kind {
                Kind::Quarantined | Kind::Stuck | Kind::LatePayment | Kind::DoublePayment => [ask, ask, None, None],
                Kind::RefundFailed => [None, send, None, None],
                Kind::RefundRevived | Kind::Unmatched | Kind::Disputed | Kind::Difference | Kind::Parked => [None; 4],
            };
            let about = [("att_1", Some("pay_1")), ("rfd_1", Some("pay_1")), ("rfd_1", None), ("till", None)];
            for ((subject, payment), wanted) in about.into_iter().zip(wanted) {
                let review = review(kind, subject, payment);
                let found = Remedy::of(&review).map(|remedy| (remedy, remedy.object(&review)));
                assert_eq!(found, wanted, "{kind:?} {subject}");
            }
        }
    }

    #[test]
    fn what_is_meant_is_one_part_of_a_path() {
        assert_eq!(Remedy::AskAgain.path("pay_1/../x"), "/payments/pay_1%2F..%2Fx/query");
        assert_eq!(Remedy::SendAgain.path("rfd_1"), "/refunds/rfd_1/retry");
    }
}
