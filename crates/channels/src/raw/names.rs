//! Owns which members of a provider's message are not shown, by their names. It hides too much rather than too little: a name
//! that is new is hidden where a part of it says so.

/// How much of a member's value is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// All, as far as its looks allow.
    Whole,
    /// Its last four digits.
    LastFour,
    /// Nothing.
    Hidden,
}

/// Names that hold one of these, wherever words end in them.
const PARTS: [&str; 29] = [
    "apikey",
    "authcode",
    "authorization",
    "birth",
    "ciphertext",
    "cookie",
    "credential",
    "fingerprint",
    "iban",
    "idcard",
    "logon",
    "mail",
    "mobile",
    "nonce",
    "openid",
    "passphrase",
    "passport",
    "passwd",
    "password",
    "paysign",
    "phone",
    "privatekey",
    "receipturl",
    "receivedaccount",
    "secret",
    "signature",
    "token",
    "unionid",
    "useragent",
];
/// Names of which one of these is a word.
const WORDS: [&str; 24] = [
    "addr",
    "address",
    "addresses",
    "cvc",
    "cvn",
    "cvv",
    "dob",
    "holder",
    "ip",
    "key",
    "keys",
    "otp",
    "pass",
    "pin",
    "postal",
    "pwd",
    "routing",
    "sign",
    "ssn",
    "street",
    "tel",
    "telephone",
    "uid",
    "zip",
];
/// Who pays: what names them is not shown, what they pay is.
const PEOPLE: [&str; 7] = ["buyer", "cardholder", "consumer", "customer", "member", "payer", "user"];
const NUMBERS: [&str; 6] = ["account", "id", "ids", "no", "num", "number"];

/// How much is shown of the member of this name. Of a person's own object the members are looked at, its number alone is hidden.
pub(super) fn told(name: &str, is_text: bool) -> Told {
    let words = words(name);
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&&word[..]));
    let joined = words.concat();
    let is_number = words.last().is_some_and(|word| NUMBERS.contains(&&word[..]));
    if (has(&["card"]) && is_number && !has(&["id", "ids"])) || has(&["pan"]) {
        return Told::LastFour;
    }
    let is_hidden = PARTS.iter().any(|part| joined.contains(part))
        || has(&WORDS)
        || words.iter().any(|word| word.ends_with("name"))
        || (has(&PEOPLE) && (is_number || (words.len() == 1 && is_text)))
        || (has(&["account"]) && (has(&["bank", "no", "num", "number"])));
    if is_hidden { Told::Hidden } else { Told::Whole }
}

/// `buyer_logonId[0]` is `buyer`, `logon`, `id`, `0`.
fn words(name: &str) -> Vec<String> {
    let (mut words, mut was_small) = (vec![String::new()], false);
    for letter in name.chars() {
        let begins = !letter.is_alphanumeric() || (letter.is_uppercase() && was_small);
        if begins && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        was_small = letter.is_lowercase() || letter.is_numeric();
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_made_of_words() {
        for (name, expected) in [
            ("buyer_logon_id", "buyer logon id"),
            ("clientSecret", "client secret"),
            ("OpenID", "open id"),
            ("metadata[out_trade_no]", "metadata out trade no"),
            ("IP", "ip"),
            ("", ""),
        ] {
            assert_eq!(words(name).join(" "), expected, "{name}");
        }
    }

    #[test]
    fn what_a_name_tells() {
        let table = [
            (
                Told::Hidden,
                "sign sign_type signature paySign client_secret access_token app_auth_token api_key idempotency_key password \
                 pwd ciphertext nonce_str buyer_logon_id buyer_id buyer_user_id buyerOpenId openid sub_openid unionId email \
                 receipt_email seller_email phone mobile_no tel name buyer_user_name nickname address shipping_address payer \
                 customer customer_id user_received_account payer_client_ip account_number bank_account receipt_url \
                 fingerprint cvc card_holder",
            ),
            (Told::LastFour, "card_no cardNumber bank_card_no pan"),
            (
                Told::Whole,
                "out_trade_no trade_no transaction_id refund_id trade_status total_amount payer_total buyer_pay_amount app_id \
                 appid mchid seller_id account status code last4 id card card_type currency event_id notify_id \
                 customer_details failure_message shipping design keyboard",
            ),
        ];
        for (expected, names) in table {
            for name in names.split_whitespace() {
                assert_eq!(told(name, true), expected, "{name}");
            }
        }
        assert_eq!(told("payer", false), Told::Whole, "its members are looked at");
    }
}
