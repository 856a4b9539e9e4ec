//! Owns what each provider's protocol must be able to do, and how amounts in yuan are written. It does not know which
//! protocols there are.

use crate::book::{Charge, Letter};
use crate::exchange::{Asked, Reply};
use crate::mischief::On;
use crate::post::Parcel;
use crate::teller::Change;
use crate::world::World;

/// What a request is about, as far as rules of mischief need it.
pub(crate) struct Call {
    pub(crate) on: On,
    pub(crate) out_trade_no: String,
}

/// How a provider speaks.
pub(crate) trait Protocol: Sync {
    /// What a request is about; nothing is verified yet.
    fn call(&self, world: &World, asked: &Asked) -> Option<Call>;

    /// Does what is asked for. `fails` is the code that a refund fails with later.
    fn answer(&self, world: &World, asked: &Asked, fails: Option<&str>) -> Reply;

    /// A refusal with this code, kept where the provider would keep it.
    fn refusal(&self, world: &World, asked: &Asked, code: &str) -> Reply;

    /// HTTP 500.
    fn outage(&self) -> Reply;

    /// Signs an answer; a spoiled signature looks right and is not.
    fn sign(&self, world: &World, asked: &Asked, reply: Reply, spoil: bool) -> Reply;

    /// The names of the events that tell of a change.
    fn events(&self, charge: &Charge, news: Change) -> &'static [&'static str];

    /// The name of an event that says of a paid charge that it failed.
    fn contradiction(&self) -> &'static str;

    /// Writes and signs a callback; its twists are in it already, but for those of the account and the signature.
    fn parcel(&self, world: &World, letter: &Letter) -> Parcel;

    /// Whether an answer says that the callback was taken.
    fn is_taken(&self, status: u16, body: &[u8]) -> bool;

    /// After how many seconds a callback that was not taken is sent again, each time.
    fn redelivery(&self) -> &'static [u64];
}

/// An amount in the unit with two decimals, as Chinese providers write yuan: `19.99`.
pub(crate) fn yuan(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let minor = minor.unsigned_abs();
    format!("{sign}{}.{:02}", minor / 100, minor % 100)
}

/// Reads `19.99`, `19.9` or `19`.
pub(crate) fn fen(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 2 || whole.len() > 12 {
        return None;
    }
    let part: i64 = format!("{part:0<2}").parse().ok()?;
    Some(whole.parse::<i64>().ok()? * 100 + part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yuan_are_read_and_written_without_floats() {
        for (text, minor) in [("0.01", 1), ("19.9", 1990), ("100", 10_000), ("8.88", 888)] {
            assert_eq!(fen(text), Some(minor));
        }
        assert_eq!((yuan(1), yuan(1990), yuan(-205)), ("0.01".into(), "19.90".into(), "-2.05".into()));
        for wrong in ["", ".1", "1.", "1.234", "-1", "1e3", "+1", "１"] {
            assert_eq!(fen(wrong), None, "{wrong}");
        }
    }
}
