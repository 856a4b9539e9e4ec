//! Owns which members of a provider's message may be shown, by their names. All others are not: a name that is new, or somebody
//! else's, is hidden until it stands here.
//!
//! Sources: Alipay's "异步通知参数" of `alipay.trade.page.pay` and the answers of `alipay.trade.query`, `.refund`, `.close`; WeChat Pay
//! `APIv3`'s notices of payment and of refund; Stripe's objects `event`, `payment_intent`, `charge`, `refund`, `dispute`, `error`.

/// What a member of some name may be shown as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A number, an amount, a time or a word of a program.
    Plain,
    /// Words for people, without what stands in them for a person.
    Words,
}

/// Numbers of ours and of theirs, amounts, times, codes.
const PLAIN: &str = "\
    account action advice_code amount amount_capturable amount_captured amount_received amount_refunded \
    api_version app_id appid auth_app_id balance_transaction bank_type brand buyer_pay_amount \
    cancellation_reason capture_method channel charge charge_no charset code confirmation_method coupon_id \
    create_time created currency decline_code discount_refund due_by event_id event_type failure_code field \
    format fund_change funding funds_account gmt_close gmt_create gmt_payment gmt_refund gmt_refund_pay \
    has_evidence has_more id invoice_amount issue last4 latest_charge location mchid method network \
    network_decline_code network_status notify_id notify_time notify_type object out_refund_no out_request_no \
    out_trade_no param past_due pay_amount pay_currency payer_currency payer_refund payer_total payment_intent \
    payment_method payment_method_types pending_webhooks point_amount receipt_amount refund refund_amount \
    refund_currency refund_fee refund_id refund_no refund_status resource_type risk_level scope seller_id \
    send_pay_date settle_amount settle_currency settlement_refund settlement_total sp_appid sp_mchid status \
    sub_appid sub_code sub_mchid submission_count success_time total total_amount trade_no trade_state \
    trade_status trade_type trans_currency transaction_id type version";
/// What a provider says to people.
const WORDS: &str = "\
    err_code_des failure_message message msg seller_message sub_msg summary trade_state_desc";

/// How the member of this name is shown; none where it is not.
pub(super) fn kind(name: &str) -> Option<Kind> {
    // A form writes `metadata[out_trade_no]`.
    let last = name.strip_suffix(']').and_then(|name| name.rsplit_once('[')).map_or(name, |(_, last)| last);
    let is_in = |names: &str| names.split(' ').any(|known| known == last);
    if is_in(PLAIN) {
        return Some(Kind::Plain);
    }
    is_in(WORDS).then_some(Kind::Words)
}

/// Whether a name is a program's, so that it may be shown: one can be a telephone's number, or somebody's address.
pub(super) fn is_plain(name: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphabetic() || "_-.[]".contains(letter);
    let digits = name.chars().filter(char::is_ascii_digit).count();
    !name.is_empty()
        && name.len() <= 64
        && digits <= 4
        && name.chars().all(|letter| is_letter(letter) || letter.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_nobody_listed_is_not_shown() {
        for (name, expected) in [
            ("out_trade_no", Some(Kind::Plain)),
            ("metadata[out_trade_no]", Some(Kind::Plain)),
            ("sub_msg", Some(Kind::Words)),
            ("OUT_TRADE_NO", None),
            ("cvv2", None),
            ("out_trade_no[token]", None),
            ("]", None),
            ("id currency", None),
            ("", None),
        ] {
            assert_eq!(kind(name), expected, "{name}");
        }
        for (name, expected) in [
            ("line1", true),
            ("a.b[c]", true),
            ("13812345678", false),
            ("anna@x.example", false),
            ("字", false),
            ("", false),
        ] {
            assert_eq!(is_plain(name), expected, "{name}");
        }
        let longest = "a".repeat(64);
        assert_eq!((is_plain(&longest), is_plain(&format!("{longest}a"))), (true, false));
    }
}
