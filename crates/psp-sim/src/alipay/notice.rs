//! Owns Alipay's notices: the parameters, their signature, and the same on the way back to the merchant's page. It does
//! not know when one is sent.

use std::collections::BTreeMap;

use super::signed_text;
use super::trade::trade_status;
use crate::book::{Charge, Letter, Twist};
use crate::clock;
use crate::exchange::unform;
use crate::keys;
use crate::merchant::{ALIPAY_APP_ID, ALIPAY_SELLER_ID};
use crate::post::Parcel;
use crate::protocol::yuan;
use crate::world::World;

pub(super) fn parcel(world: &World, letter: &Letter) -> Parcel {
    let mut parameters = of_charge(&letter.charge);
    let notify_id = keys::sha256_hex(format!("notice {}", letter.event).as_bytes());
    let mut add = |name: &str, value: String| parameters.insert(name.to_owned(), value);
    add("notify_time", clock::shanghai(letter.at.min(letter.signed_at())));
    add("notify_type", "trade_status_sync".to_owned());
    add("notify_id", notify_id[..34].to_owned());
    if let Some(refund) = &letter.refund {
        add("out_biz_no", refund.out_refund_no.clone());
        // The sum of all that was given back, and not of this refund.
        let wrong = i64::from(letter.is(Twist::Amount));
        add("refund_fee", yuan(letter.charge.refunded + wrong));
        add("gmt_refund", format!("{}.000", clock::shanghai(refund.done_at.unwrap_or(letter.at))));
    }
    if letter.is(Twist::App) {
        add("app_id", "2021000000000099".to_owned());
        add("auth_app_id", "2021000000000099".to_owned());
    }
    if letter.is(Twist::Seller) {
        add("seller_id", "2088000000000088".to_owned());
    }
    if letter.charge.currency != "CNY" {
        // A notice in China names no currency; one from abroad would have these.
        add("trans_currency", letter.charge.currency.clone());
        add("settle_currency", letter.charge.currency.clone());
    }
    let text = signed_text(parameters.iter(), &["sign", "sign_type"]);
    let signature = world.merchant.alipay.sign(text.as_bytes(), letter.is(Twist::Signature));
    parameters.insert("sign_type".to_owned(), "RSA2".to_owned());
    parameters.insert("sign".to_owned(), signature);
    let pairs: Vec<_> = parameters.into_iter().collect();
    let headers = vec![("content-type", "application/x-www-form-urlencoded; charset=utf-8".to_owned())];
    Parcel { headers, body: unform(&pairs) }
}

fn of_charge(charge: &Charge) -> BTreeMap<String, String> {
    let mut parameters: BTreeMap<_, _> = [
        ("app_id", ALIPAY_APP_ID.to_owned()),
        ("auth_app_id", ALIPAY_APP_ID.to_owned()),
        ("charset", "utf-8".to_owned()),
        ("version", "1.0".to_owned()),
        ("trade_no", charge.charge_no.clone()),
        ("out_trade_no", charge.out_trade_no.clone()),
        ("trade_status", trade_status(charge).to_owned()),
        ("seller_id", ALIPAY_SELLER_ID.to_owned()),
        ("buyer_id", "2088000000000099".to_owned()),
        ("buyer_logon_id", "sim***@example.com".to_owned()),
        ("total_amount", yuan(charge.amount)),
        ("subject", charge.subject.clone()),
        ("gmt_create", clock::shanghai(charge.created_at)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    let mut add = |name: &str, value: String| parameters.insert(name.to_owned(), value);
    if let Some(at) = charge.paid_at {
        add("gmt_payment", clock::shanghai(at));
        for name in ["receipt_amount", "invoice_amount", "buyer_pay_amount"] {
            add(name, yuan(charge.amount));
        }
        add("point_amount", "0.00".to_owned());
        let funds = format!("[{{\"amount\":\"{}\",\"fundChannel\":\"ALIPAYACCOUNT\"}}]", yuan(charge.amount));
        add("fund_bill_list", funds);
    }
    if let Some(at) = charge.closed_at {
        add("gmt_close", clock::shanghai(at));
    }
    if let Some(text) = charge.metadata.get("passback_params") {
        add("passback_params", text.clone());
    }
    parameters
}

/// Where the browser goes behind the payment, with what Alipay adds to it.
pub(super) fn return_url(world: &World, charge: &Charge) -> Option<String> {
    let url = charge.return_url.as_ref()?;
    let now = clock::shanghai(charge.paid_at?);
    let mut parameters: BTreeMap<String, String> = [
        ("app_id", ALIPAY_APP_ID),
        ("auth_app_id", ALIPAY_APP_ID),
        ("seller_id", ALIPAY_SELLER_ID),
        ("charset", "utf-8"),
        ("version", "1.0"),
        ("method", "alipay.trade.page.pay.return"),
        ("timestamp", &now),
        ("out_trade_no", &charge.out_trade_no),
        ("trade_no", &charge.charge_no),
        ("total_amount", &yuan(charge.amount)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    let signature = world.merchant.alipay.sign(signed_text(parameters.iter(), &[]).as_bytes(), false);
    parameters.insert("sign_type".to_owned(), "RSA2".to_owned());
    parameters.insert("sign".to_owned(), signature);
    let pairs: Vec<_> = parameters.into_iter().collect();
    let joint = if url.contains('?') { '&' } else { '?' };
    Some(format!("{url}{joint}{}", unform(&pairs)))
}
