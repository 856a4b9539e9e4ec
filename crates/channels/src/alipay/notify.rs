//! Owns Alipay's notifications: whether one is believed, and what it says. It does not know what is done with it.
//! Rules: <https://opendocs.alipay.com/open/270/105902>: where the same notification is sent again, its `notify_id` stays.

use std::collections::BTreeMap;

use super::{Alipay, answer, gateway};
use crate::amount::{Decimals, read_yuan};
use crate::fact::{self, Said, Unreadable};
use crate::{Notice, Rejected, form, raw};

pub(super) fn read(alipay: &Alipay, body: &[u8]) -> Result<Notice, Rejected> {
    let members = form::decode(body)?;
    verify(alipay, &members)?;
    let optional = |name: &str| members.get(name).map(|value| &value[..]).filter(|value| !value.is_empty());
    let needed = |name: &str| optional(name).ok_or_else(|| Unreadable::new(format!("{name} is missing")));
    let Some(status) = optional("trade_status") else {
        let kind = optional("notify_type").unwrap_or("a notification without trade_status");
        return Ok(Notice::Ignored(fact::brief(kind)));
    };
    let stranger = fact::stranger(&[
        ("app_id", Some(needed("app_id")?), &alipay.app_id),
        ("seller_id", optional("seller_id"), &alipay.seller_id),
    ]);
    let said = Said { channel_no: optional("trade_no"), stranger, ..Said::default() };
    let event = optional("notify_id").map(str::to_owned);
    let refunded = optional("refund_fee").is_some() && optional("gmt_refund").is_some();
    if let (true, "TRADE_SUCCESS", Some(out_refund_no)) = (refunded, status, optional("out_biz_no")) {
        // refund_fee is what the trade's refunds come to together, and trade_no is the charge's number.
        let said = Said { channel_no: None, ..said };
        let fact = said.of_refund(out_refund_no, domain::channel::Verdict::Succeeded)?;
        return Ok(Notice::Fact { fact, raw: raw::of(body), event });
    }
    let (verdict, code) = answer::verdict(status, optional("gmt_payment").is_some())?;
    let amount = Some(read_yuan(needed("total_amount")?, Decimals::Two)?);
    let fact = Said { amount, code, ..said }.of_charge(needed("out_trade_no")?, verdict)?;
    Ok(Notice::Fact { fact, raw: raw::of(body), event })
}

fn verify(alipay: &Alipay, members: &BTreeMap<String, String>) -> Result<(), Rejected> {
    let no = |what: &str| Err(Rejected::Signature(what.to_owned()));
    let Some(sign) = members.get("sign") else {
        return no("sign is missing");
    };
    if members.get("sign_type").map(String::as_str) != Some("RSA2") {
        return no("sign_type is not RSA2");
    }
    let signed = members.iter().filter(|(name, _)| !matches!(&name[..], "sign" | "sign_type"));
    let text = gateway::sorted(signed.map(|(name, value)| (&name[..], &value[..])));
    if alipay.public_keys.iter().any(|key| key.verifies(text.as_bytes(), sign)) {
        Ok(())
    } else {
        no("it is no key's of Alipay")
    }
}
