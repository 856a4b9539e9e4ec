//! Owns one-time tokens: what one is bound to, how it is sealed, and how a request that brings one is told apart from all
//! others. It keeps none: that a token is used up is written by the command that uses it, in its own transaction.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{PrincipalId, TenantId, Timestamp};
use hmac::{Hmac, KeyInit as _, Mac as _};
use idempotency::Key;
use sha2::{Digest as _, Sha256};

/// What every token begins with.
pub(crate) const PREFIX: &str = "tok_";
/// The form of a token. Another one gets another number.
const VERSION: u8 = 1;
/// Version, whether the content is bound, milliseconds of its end, its number, its seal.
const LENGTH: usize = 1 + 1 + 8 + 16 + 16;
const SEALED: usize = LENGTH - 16;

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Placing one order. Its subject is the `customer_id`.
    Order,
    /// Trying once to collect what an order owes. Its subject is the `order_no`.
    Payment,
    /// Giving money back once. Its subject is the `payment_id`.
    Refund,
}

/// What a token is bound to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Binding<'a> {
    pub(crate) tenant: TenantId,
    pub(crate) principal: PrincipalId,
    pub(crate) purpose: Purpose,
    pub(crate) subject: &'a str,
    /// The canonical text of the body that it is for; empty where any body will do.
    pub(crate) content: &'a str,
}

/// A token that a request brought and that is bound to what the request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Presented {
    /// The name under which it is used up.
    pub(crate) name: Key,
    /// It is good before this moment.
    pub(crate) until: Timestamp,
}

/// Seals tokens and knows its own.
#[derive(Clone)]
pub(crate) struct Mint {
    secret: [u8; 32],
}

impl Purpose {
    pub(crate) const ALL: [Self; 3] = [Self::Order, Self::Payment, Self::Refund];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Payment => "payment",
            Self::Refund => "refund",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == name)
    }
}

impl Mint {
    pub(crate) const fn new(secret: [u8; 32]) -> Self {
        Self { secret }
    }

    /// A token of this number, bound so, good before `until`.
    pub(crate) fn seal(&self, binding: &Binding<'_>, number: u128, until: Timestamp) -> String {
        let mut bytes = [0; LENGTH];
        bytes[0] = VERSION;
        bytes[1] = u8::from(!binding.content.is_empty());
        bytes[2..10].copy_from_slice(&until.0.to_be_bytes());
        bytes[10..26].copy_from_slice(&number.to_be_bytes());
        let tag = self.mac(&bytes[..SEALED], binding).finalize().into_bytes();
        bytes[SEALED..].copy_from_slice(&tag[..LENGTH - SEALED]);
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads a token; `None` where it is none of ours, or is bound to something else than the request asks for. `content`
    /// is what the request brings, whether the token is bound to it or not.
    pub(crate) fn open(&self, token: &str, binding: &Binding<'_>) -> Option<Presented> {
        let bytes = URL_SAFE_NO_PAD.decode(token.strip_prefix(PREFIX)?).ok()?;
        let bytes: [u8; LENGTH] = bytes.try_into().ok()?;
        let content = match bytes[1] {
            0 => "",
            _ => binding.content,
        };
        // In the time that any answer takes: who guesses learns nothing of how much was right.
        self.mac(&bytes[..SEALED], &Binding { content, ..*binding }).verify_truncated_left(&bytes[SEALED..]).ok()?;
        let until = i64::from_be_bytes(bytes[2..10].try_into().ok()?);
        let number = u128::from_be_bytes(bytes[10..26].try_into().ok()?);
        Some(Presented { name: Key::derived("token", &format!("{number:032x}")), until: Timestamp(until) })
    }

    fn mac(&self, head: &[u8], binding: &Binding<'_>) -> Hmac<Sha256> {
        let Binding { tenant, principal, purpose, subject, content } = binding;
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).expect("an HMAC takes a key of any length");
        mac.update(head);
        mac.update(&tenant.0.to_be_bytes());
        mac.update(&principal.0.to_be_bytes());
        // Each text behind its length, so that no two bindings give the same bytes.
        for text in [purpose.name(), subject] {
            mac.update(&(text.len() as u64).to_be_bytes());
            mac.update(text.as_bytes());
        }
        mac.update(&Sha256::digest(content.as_bytes()));
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BINDING: Binding<'_> = Binding {
        tenant: TenantId(1),
        principal: PrincipalId(2),
        purpose: Purpose::Order,
        subject: "c-1",
        content: "{\"a\":1}",
    };

    #[test]
    fn a_token_is_good_for_what_it_is_bound_to() {
        let mint = Mint::new([7; 32]);
        let token = mint.seal(&BINDING, 5, Timestamp(9));
        let opened = mint.open(&token, &BINDING).expect("its own");
        assert_eq!(opened, Presented { name: Key::derived("token", &format!("{:032x}", 5)), until: Timestamp(9) });
        let others = [
            Binding { tenant: TenantId(2), ..BINDING },
            Binding { principal: PrincipalId(1), ..BINDING },
            Binding { purpose: Purpose::Payment, ..BINDING },
            Binding { subject: "c-2", ..BINDING },
            Binding { content: "{\"a\":2}", ..BINDING },
            Binding { content: "", ..BINDING },
        ];
        for other in others {
            assert_eq!(mint.open(&token, &other), None, "{other:?}");
        }
        assert_eq!(Mint::new([8; 32]).open(&token, &BINDING), None, "of another installation");
    }

    #[test]
    fn a_token_for_any_body_is_good_with_any() {
        let mint = Mint::new([7; 32]);
        let token = mint.seal(&Binding { content: "", ..BINDING }, 5, Timestamp(9));
        assert!(mint.open(&token, &BINDING).is_some());
        assert_eq!(mint.open(&token, &Binding { subject: "c-2", ..BINDING }), None);
    }

    /// Every bit counts: the flag, the end and the number are sealed as well.
    #[test]
    fn a_token_that_was_changed_is_none() {
        let mint = Mint::new([7; 32]);
        let token = mint.seal(&BINDING, 5, Timestamp(9));
        let bytes = URL_SAFE_NO_PAD.decode(token.strip_prefix(PREFIX).expect("it begins so")).expect("base64");
        for at in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[at / 8] ^= 1 << (at % 8);
            let changed = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(changed));
            assert_eq!(mint.open(&changed, &BINDING), None, "bit {at}");
        }
        for bad in ["", "tok_", "tok_AA", &token[..token.len() - 1], &token[4..], &format!("{token}A"), "tok_\u{8336}"]
        {
            assert_eq!(mint.open(bad, &BINDING), None, "{bad}");
        }
    }
}
