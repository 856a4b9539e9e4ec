//! Owns the typed ids and their spelling: a prefix and 26 characters of Crockford base32, 30 in all, which
//! fits `WeChat` Pay's 32 and Alipay's 64. It makes no ids: they come with the command.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A text that is not an id of the wanted kind.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{text:?} is not an id of the form {prefix} and 26 characters of Crockford base32")]
pub struct BadId {
    text: String,
    prefix: &'static str,
}

/// A tenant, by its number in the database. The API never takes it from a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantId(pub i64);

/// Who acts: a service account, a member, one of the staff, or the system itself, by its number in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PrincipalId(pub i64);

macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(u128);

        impl $name {
            /// The id of these 128 bits, normally a `UUIDv7`'s.
            pub const fn new(bits: u128) -> Self {
                Self(bits)
            }

            /// Its 128 bits.
            pub const fn bits(self) -> u128 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($prefix)?;
                write_base32(self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                text.strip_prefix($prefix)
                    .and_then(read_base32)
                    .map(Self)
                    .ok_or_else(|| BadId { text: text.chars().take(40).collect(), prefix: $prefix })
            }
        }
    };
}

typed_id!(
    /// An order's number, `ord_…`: its primary key, from the merchant's checkout or made at intake.
    OrderNo,
    "ord_"
);
typed_id!(
    /// One movement of stock made by hand, `mov_…`.
    MovementId,
    "mov_"
);
typed_id!(
    /// One parcel of an order, `shp_…`.
    ShipmentId,
    "shp_"
);

typed_id!(
    /// One amount owed for one order, `pay_…`.
    PaymentId,
    "pay_"
);
typed_id!(
    /// One submission of a payment to a channel, `att_…`. Its text is the `out_trade_no`.
    AttemptId,
    "att_"
);
typed_id!(
    /// Money given back, `rfd_…`. Its text is the `out_refund_no`.
    RefundId,
    "rfd_"
);
typed_id!(
    /// A tenant's account with a payment provider, `cha_…`. It stands in the URL of its callbacks.
    ChannelAccountId,
    "cha_"
);
typed_id!(
    /// Something that a person has to look at, `rev_…`.
    ReviewId,
    "rev_"
);

typed_id!(
    /// A tenant as others name it, `ten_…`.
    TenantPublicId,
    "ten_"
);
typed_id!(
    /// A member or one of the staff, `per_…`. A member's is the `customer_id` of their orders.
    PersonId,
    "per_"
);
typed_id!(
    /// One log-in on one device, `ses_…`.
    SessionId,
    "ses_"
);

typed_id!(
    /// An account in whose name servers act, `acc_…`.
    AccountId,
    "acc_"
);
typed_id!(
    /// A key by which a server of the shop proves who it is, `key_…`. It is no secret.
    ApiKeyId,
    "key_"
);

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

fn write_base32(bits: u128, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut text = [0; 26];
    for (place, character) in text.iter_mut().rev().enumerate() {
        *character = ALPHABET[(bits >> (5 * place)) as usize & 31];
    }
    f.write_str(std::str::from_utf8(&text).expect("the alphabet is ASCII"))
}

/// Only the spelling that [`write_base32`] gives is taken, so that one id has one text.
fn read_base32(text: &str) -> Option<u128> {
    if text.len() != 26 || text.as_bytes()[0] > b'7' {
        return None;
    }
    text.bytes().try_fold(0, |bits: u128, byte| {
        let value = ALPHABET.iter().position(|&other| other == byte)?;
        Some(bits << 5 | value as u128)
    })
}

#[cfg(test)]
mod tests {
    use super::OrderNo;

    #[test]
    fn an_id_has_one_text() {
        for bits in [0, 1, u128::MAX, 0x0193_4a5b_6c7d_7e8f_9012_3456_789a_bcde] {
            let text = OrderNo::new(bits).to_string();
            assert_eq!(text.len(), 30);
            assert_eq!(text.parse(), Ok(OrderNo::new(bits)));
        }
        assert_eq!(OrderNo::new(u128::MAX).to_string(), "ord_7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
    }

    #[test]
    fn other_spellings_are_not_ids() {
        let good = OrderNo::new(31).to_string();
        let bad = [
            good.to_lowercase(),
            good.replace("ord_", "pay_"),
            good.replace('0', "O"),
            good[..29].to_owned(),
            format!("{good}0"),
            "ord_8ZZZZZZZZZZZZZZZZZZZZZZZZZ".to_owned(),
            "ord_ééééééééééééé".to_owned(),
            String::new(),
        ];
        for text in bad {
            assert!(text.parse::<OrderNo>().is_err(), "{text:?}");
        }
    }
}
