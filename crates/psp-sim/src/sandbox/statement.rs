//! Owns the sandbox's statement: a line for each movement of money of a day. It does not know how it is fetched.

use std::fmt::Write as _;
use std::ops::Range;

use crate::book::Movement;
use crate::exchange::field;
use crate::kind::Kind;

pub(super) fn lines(movements: &[Movement], day: &Range<i64>) -> String {
    let mut text = "kind,out_trade_no,out_refund_no,channel_no,amount,currency,status,at\n".to_owned();
    for it in movements.iter().filter(|it| it.of == Kind::Sandbox && day.contains(&it.moved_at)) {
        let refund = it.out_refund_no.as_deref().unwrap_or_default();
        let (trade, number) = (field(&it.out_trade_no), &it.channel_no);
        writeln!(
            text,
            "{},{trade},{},{number},{},{},succeeded,{}",
            it.kind,
            field(refund),
            it.amount,
            it.currency,
            it.at
        )
        .expect("a text takes what is written to it");
    }
    text
}
