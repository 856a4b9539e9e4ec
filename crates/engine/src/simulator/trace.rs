//! Owns what a run leaves to be read: a line for each thing that happened, their hash, and which goals were met.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;

/// How many of the last lines are kept.
const TAIL_LINES: usize = 60;

/// The lines of a run. The same seed gives the same lines, so the same hash.
#[derive(Clone, Debug)]
pub(super) struct Trace {
    pub(super) hash: u64,
    pub(super) tail: VecDeque<String>,
}

/// Something that must happen in some of the seeds, or the simulator tests less than it seems to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Goal {
    /// A commit was applied and its reply lost.
    UnknownApplied,
    /// A commit was not applied and its reply lost.
    UnknownNotApplied,
    /// A commit landed after its caller was told that it is unknown.
    UnknownLate,
    /// A late commit was overtaken.
    UnknownOvertaken,
    /// A process died before its commit.
    CrashBefore,
    /// A process died behind its commit.
    CrashAfter,
    /// The storage failed for good.
    Fatal,
    /// Two nodes met at a commit.
    Conflict,
    /// An answer was given again.
    Replay,
    /// A key was refused to another request.
    KeyReuse,
    /// An order was refused for want of stock.
    StockInsufficient,
    /// A token that was used gave its outcome to another key.
    Adopted,
    /// A token was refused to another request.
    TokenUsed,
    /// A token had ended before anything came of it.
    TokenExpired,
    /// An order without a token was refused.
    TokenMissing,
    /// What came without a key was a repetition within its time.
    SameAgain,
    /// The time was over, and the same was a new wish.
    SameAnew,
    /// An order was refused because another one of its member waits.
    AnotherPending,
    /// A derived key's answer had become history.
    Replaced,
    /// Several commands shared a transaction.
    Batch,
    /// A batch was split.
    Split,
    /// A command was answered as busy.
    Busy,
    /// A command was answered as broken.
    Broken,
    /// A command found the queue full.
    Full,
    /// A caller stopped waiting.
    Impatience,
    /// A process was closed in order.
    Drained,
    /// An order was paid in time.
    Paid,
    /// Money came for a closed order.
    LatePaid,
    /// Money came twice.
    Overpaid,
    /// Money was given back.
    GivenBack,
    /// A second person let a refund go.
    Approved,
    /// A refund was rejected, or taken back.
    Rejected,
    /// Who asked for a refund wanted to let it go.
    SecondPersonNeeded,
    /// Somebody decided on a refund that did not wait any more.
    DecidedTooLate,
    /// The gate forgot whose turn it was.
    HoldLost,
    /// The gate gave one turn to two.
    GrantedTwice,
    /// The gate refused what was free.
    FreeRefused,
    /// The gate forgot everything.
    Flushed,
    /// The gate went back to an older state, and a turn ended or began again by that.
    StaleTurn,
    /// The gate could not be reached.
    GateAway,
    /// A turn was over before its holder heard of it.
    LateGrant,
    /// A request was turned away at the gate.
    TooFrequent,
    /// A repetition went on in another's turn.
    LetThrough,
}

impl Goal {
    /// Every goal.
    pub const ALL: [Self; 43] = [
        Self::UnknownApplied,
        Self::UnknownNotApplied,
        Self::UnknownLate,
        Self::UnknownOvertaken,
        Self::CrashBefore,
        Self::CrashAfter,
        Self::Fatal,
        Self::Conflict,
        Self::Replay,
        Self::KeyReuse,
        Self::StockInsufficient,
        Self::Adopted,
        Self::TokenUsed,
        Self::TokenExpired,
        Self::TokenMissing,
        Self::SameAgain,
        Self::SameAnew,
        Self::AnotherPending,
        Self::Replaced,
        Self::Batch,
        Self::Split,
        Self::Busy,
        Self::Broken,
        Self::Full,
        Self::Impatience,
        Self::Drained,
        Self::Paid,
        Self::LatePaid,
        Self::Overpaid,
        Self::GivenBack,
        Self::Approved,
        Self::Rejected,
        Self::SecondPersonNeeded,
        Self::DecidedTooLate,
        Self::HoldLost,
        Self::GrantedTwice,
        Self::FreeRefused,
        Self::Flushed,
        Self::StaleTurn,
        Self::GateAway,
        Self::LateGrant,
        Self::TooFrequent,
        Self::LetThrough,
    ];

    /// What a stored refusal stands for.
    pub(super) fn refused(body: &[u8]) -> Option<Self> {
        let goals = [
            ("stock_insufficient", Self::StockInsufficient),
            ("token_used", Self::TokenUsed),
            ("token_expired", Self::TokenExpired),
            ("token_required", Self::TokenMissing),
            ("order_pending", Self::AnotherPending),
            ("second_person_needed", Self::SecondPersonNeeded),
            ("refund_not_awaiting", Self::DecidedTooLate),
        ];
        goals.into_iter().find(|(code, _)| body.starts_with(code.as_bytes())).map(|(_, goal)| goal)
    }

    /// Those that did not happen.
    pub fn missing(met: &BTreeSet<Self>) -> Vec<Self> {
        Self::ALL.into_iter().filter(|goal| !met.contains(goal)).collect()
    }
}

impl Default for Trace {
    fn default() -> Self {
        // FNV-1a's offset basis: the hash must not change with the toolchain.
        Self { hash: 0xcbf2_9ce4_8422_2325, tail: VecDeque::with_capacity(TAIL_LINES) }
    }
}

impl Trace {
    pub(super) fn line(&mut self, line: String) {
        for byte in line.bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        if self.tail.len() == TAIL_LINES {
            self.tail.pop_front();
        }
        self.tail.push_back(line);
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
