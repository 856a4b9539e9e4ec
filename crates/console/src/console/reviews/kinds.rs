//! Owns the words for each kind of thing that a person has to look at: what it is called, and what one does about it.

use crate::lang::Lang;

/// What a kind is called, and what one does about it.
pub(super) fn kind(name: &str, lang: Lang) -> (&str, &'static str) {
    match name {
        "quarantined" => (
            lang.say("does not fit", "不符"),
            lang.say("What the provider said does not fit what was asked. Compare with the provider's own page before anything is sent.", "渠道返回与请求不符。请先与渠道后台核对，再决定是否发货。"),
        ),
        "stuck" => (
            lang.say("no end", "长期未决"),
            lang.say("The provider gave no end for long. Ask it again; if it still has none, call the provider.", "渠道长期没有结果。请重新查询，仍无结果请联系渠道。"),
        ),
        "late_payment" => (
            lang.say("paid late", "逾期付款"),
            lang.say("Money came for a closed order. A refund is on its way; see that it arrives.", "已关闭订单收到款项，系统已发起退款，请确认到账。"),
        ),
        "double_payment" => (
            lang.say("paid twice", "重复付款"),
            lang.say("The order was paid twice. The second is given back; see that it arrives.", "订单被重复付款，多付部分已发起退款，请确认到账。"),
        ),
        "refund_failed" => (
            lang.say("refund failed", "退款失败"),
            lang.say("The provider refused. Send it once more, or give the money back another way and say so here.", "渠道拒绝退款。可重新发起，或以其他方式退款并在此说明。"),
        ),
        "refund_revived" => (
            lang.say("refund came to life", "退款复活"),
            lang.say("A refund that had failed went through after all. See that nobody gave the money back a second time.", "曾失败的退款后来成功了，请确认没有重复退款。"),
        ),
        "unmatched" => (
            lang.say("of nobody", "无法匹配"),
            lang.say("The provider tells of a number that nobody here gave out. Find out whose money it is.", "渠道通知的单号在系统中不存在，请查明款项归属。"),
        ),
        "disputed" => (
            lang.say("disputed", "争议"),
            lang.say("The payer asks the bank for their money. Answer the provider in time.", "付款人向银行提出争议，请按时向渠道提交材料。"),
        ),
        "difference" => (
            lang.say("difference", "对账差异"),
            lang.say("The provider's statement and our ledger differ. Look at both, line by line.", "渠道账单与系统账务不一致，请逐笔核对。"),
        ),
        "parked" => (
            lang.say("parked", "已搁置"),
            lang.say("A message cannot be sent on as things are. It is tried each hour by itself: mend the reason, and see that it goes.", "消息暂时无法发送，系统每小时自动重试。请排除原因，并确认后续发送成功。"),
        ),
        other => (other, lang.say("Look at it, and say what was done.", "请查看并记录处理结果。")),
    }
}
