use super::*;

fn pairs(list: &[(&str, &str)]) -> BTreeMap<String, String> {
    list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn the_signed_text_is_sorted_decoded_and_leaves_out_what_is_empty() {
    let all = pairs(&[("sign_type", "RSA2"), ("sign", "…"), ("b", "100 % & 中"), ("a", "1"), ("empty", "")]);
    assert_eq!(signed_text(all.iter(), &["sign"]), "a=1&b=100 % & 中&sign_type=RSA2");
    assert_eq!(signed_text(all.iter(), &["sign", "sign_type"]), "a=1&b=100 % & 中");
}

#[test]
fn an_envelope_is_named_after_the_method() {
    let of = |method| Parameters(pairs(&[("method", method)])).envelope();
    assert_eq!(of("alipay.trade.query"), "alipay_trade_query_response");
    assert_eq!(of(""), "error_response");
}
