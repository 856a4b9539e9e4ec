//! Owns the tables of decisions: a line is a command and what must come of it; `check` runs the lines in order.
//!
//! ```text
//! put tea 100 stock=10        -> new v1 10/0          a product, price and first stock; then on_hand/reserved
//! move tea 5                  -> 15/0
//! issue A                     -> issued               an order number; letters are order numbers
//! place A tea*2 tea*1@90      -> new pending_payment v1 290
//! pay A 290                   -> paid v2              an attempt, unless one is open, and the channel's word that it succeeded
//! cancel B | expire B         -> closed v2
//! ship A T1 1*2 v=2           -> paid v3              two units of line 1; without a line: all that is left
//! correct A T2 v=3            -> paid v4
//! receive A | auto A          -> completed v5
//! stock tea                   -> 10/0                 asks, does not command
//! order A                     -> paid v4 paid partial
//! at 50                                               sets the clock
//! start A via=2               -> open v2 created      an attempt through the account of this number
//! said A.1 succeeded 290      -> applied              a channel's word about the first attempt; `src=` how it came, `raw=` in which words
//! silent A.1 charge           -> applied              no answer; `charge`, `close` or `query`
//! refund A 100 1*2 2*1!       -> refund 1 created of 100   `!`: back into stock
//! retry A.1                   -> refund 2 created of 100   the first failed for good
//! back A.1 succeeded 100      -> applied              a channel's word about the first refund
//! approve A.1 by=2            -> refund 1 created of 100   a second person lets the first refund go
//! reject A.1 by=2             -> refund 1 rejected of 100  or not; `staff`: may decide on those of others
//! limits 100 CNY              -> v2 100 CNY           what one may give back alone, from now on
//! decided A.1                 -> by 1, approved by 2 at 5
//! mute A.1 refund             -> applied              no answer; `refund` or `query`
//! query A                     -> open v3 unknown      ask anew about what nobody asks about any more
//! sweep A                     -> applied              its time is over: close its attempts
//! payment A                   -> paid v4 290/100/0 succeeded requested:created
//! queue | reviews | kept | ledger -> …               what was left there since it was last asked
//! account 2 off                                       switches an account
//! ```
//! Options: `key=` (a fresh one without), `by=` (principal), `cur=`, `until=`, `v=` (If-Match), `reason=`,
//! `whose=c-1,c-2` (only orders of these customers), `carrier=`, `name=`, `issued` (the order's number was taken before), `id=A.1` (a key that made the first of A).

mod approvals;
mod checkout;
mod closings;
mod denials;
mod homecomings;
mod kept;
mod money;
mod orders;
mod people;
mod places;
mod products;
mod queries;
mod reach;
mod refunds;
mod refusals;
mod replays;
mod retries;
mod reviews;
mod script;
mod sessions;
mod strange;
mod words;

use script::Shop;

/// Runs the lines on an empty shop. Gives the shop back, for what a line cannot say.
fn check(script: &str) -> Shop {
    let mut shop = Shop::default();
    more(&mut shop, script);
    shop
}

/// Runs more lines on a shop.
fn more(shop: &mut Shop, script: &str) {
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (said, expected) = line.split_once("->").unwrap_or((line, ""));
        let found = shop.run(said.trim());
        assert_eq!(found, expected.trim(), "in the line\n    {line}\nof{script}");
    }
}

/// A command of somebody's, for an action that needs no order.
pub(super) fn command_of(action: crate::Action) -> crate::Command {
    people::command(1, action)
}
