//! Owns what a comparison came to: its differences, the reviews that are made of them, and how both are printed.

use domain::channel::Account;
use domain::review::{Kind, Review};
use domain::{ChannelAccountId, ReviewId};
use jiff::civil::Date;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::Side;
use crate::terminal::{self, Light, Sheet};

/// The longest subject and detail of a review, in characters.
const SUBJECT_MAX: usize = 64;
const DETAIL_MAX: usize = 500;

/// How a statement and our books differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Differs {
    /// On the statement is a number that we do not know.
    Unknown,
    /// Amount or currency are not ours.
    Amount,
    /// It went through another account of ours.
    OtherAccount,
    /// The refund is of another charge.
    OtherCharge,
    /// A number stands there more than once.
    Repeated,
    /// It succeeded there, and the rules do not take it.
    NotHere,
    /// It succeeded here, and there it did not.
    NotThere,
    /// It succeeded here on that day, and is not on the statement.
    NotListed,
}

/// One difference.
#[derive(Debug, Serialize)]
pub(super) struct Difference {
    kind: Differs,
    number: String,
    detail: String,
    /// The id of its review.
    review: String,
    /// Whether this run raised it, and none before.
    is_new: bool,
}

/// What a comparison came to.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    channel: String,
    provider: &'static str,
    date: String,
    /// How many lines the statement has.
    pub(super) lines: usize,
    /// How many of them say what our books say.
    pub(super) agreed: usize,
    /// What we did not know and know now.
    pub(super) applied: Vec<String>,
    pub(super) differences: Vec<Difference>,
    pub(super) clean: bool,
}

impl Difference {
    pub(super) fn of(kind: Differs, number: &str, detail: String) -> Self {
        Self { kind, number: clean(number, SUBJECT_MAX), detail, review: String::new(), is_new: false }
    }

    /// The same for the same difference, whenever and however often it is found.
    fn review(&self, account: ChannelAccountId, date: &str) -> ReviewId {
        let text = [&account.to_string(), date, &self.number, self.kind.name()].join("\0");
        let mut bits = [0; 16];
        bits.copy_from_slice(&Sha256::digest(text)[..16]);
        ReviewId::new(u128::from_be_bytes(bits))
    }
}

impl Differs {
    /// The stable name: it is part of a review's id.
    const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Amount => "amount",
            Self::OtherAccount => "other_account",
            Self::OtherCharge => "other_charge",
            Self::Repeated => "repeated",
            Self::NotHere => "not_here",
            Self::NotThere => "not_there",
            Self::NotListed => "not_listed",
        }
    }
}

impl Report {
    pub(super) fn new(account: &Account, date: Date) -> Self {
        Self {
            channel: account.name.clone(),
            provider: account.kind.name(),
            date: date.to_string(),
            lines: 0,
            agreed: 0,
            applied: Vec::new(),
            differences: Vec::new(),
            clean: false,
        }
    }

    /// Puts every difference before a person, once.
    pub(super) async fn raise(&mut self, side: &Side) -> anyhow::Result<()> {
        for difference in &mut self.differences {
            let id = difference.review(side.account.id, &self.date);
            let detail = format!("{} of {}: {}", self.channel, self.date, difference.detail);
            let review = Review {
                id,
                tenant: side.tenant,
                kind: Kind::Difference,
                subject: difference.number.clone(),
                detail: clean(&detail, DETAIL_MAX),
                at: api::now(),
                resolved: None,
            };
            difference.is_new = side.store.review_raise(&review).await?;
            difference.review = id.to_string();
        }
        self.clean = self.differences.is_empty();
        Ok(())
    }

    /// For people.
    pub(super) fn print(&self) {
        let count = |number: usize| terminal::thousands(u64::try_from(number).unwrap_or(u64::MAX));
        let mut sheet = Sheet::new(&format!("{} ({}), {}", self.channel, self.provider, self.date));
        sheet.row("lines on the statement", count(self.lines));
        sheet.row("the same in our books", count(self.agreed));
        sheet.row("found there and applied", count(self.applied.len()));
        sheet.judged("differences", count(self.differences.len()), Light::of(self.clean));
        println!("{sheet}");
        if !self.clean {
            let rows = self.differences.iter().map(|difference| {
                let Difference { kind, number, detail, review, .. } = difference;
                [kind.name().to_owned(), number.clone(), detail.clone(), review.clone()]
            });
            terminal::print_list(["difference", "number", "", "review"], rows);
        }
    }
}

/// What stands in a file may be anything.
fn clean(text: &str, characters_max: usize) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(characters_max).collect()
}
