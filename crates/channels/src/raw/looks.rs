//! Owns what is not shown for its looks, whatever its name: cards, addresses of mail, telephones, keys, and what stands behind the
//! path of an address.

use super::HIDDEN;

/// What keys begin with, or hold.
const KEYS: [&str; 9] =
    ["_secret_", "sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_", "-----BEGIN ", "Bearer ", "Basic "];
/// How many digits a card has.
const CARD_DIGITS: std::ops::RangeInclusive<usize> = 13..=19;

/// The text as it may be shown; none where all of it may.
pub(super) fn masked(text: &str) -> Option<String> {
    if KEYS.iter().any(|key| text.contains(key)) || has_mail(text) {
        return Some(HIDDEN.to_owned());
    }
    let short = without_query(text);
    let shown = numbers(short.as_deref().unwrap_or(text));
    shown.or(short)
}

/// The last four digits, where there are more.
pub(super) fn last_four(text: &str) -> String {
    let digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
    let end = if digits.len() > 8 { &digits[digits.len() - 4..] } else { &[] };
    HIDDEN.chars().chain(end.iter().copied()).collect()
}

fn has_mail(text: &str) -> bool {
    text.match_indices('@').any(|(at, _)| {
        let before = text[..at].chars().next_back().is_some_and(|letter| letter.is_alphanumeric() || letter == '*');
        let domain = text[at + 1..].split(|letter: char| letter.is_whitespace() || "<>,;\"/".contains(letter)).next();
        before && domain.is_some_and(|domain| domain.trim_end_matches('.').contains('.'))
    })
}

/// An address without its query, in which tokens stand.
fn without_query(text: &str) -> Option<String> {
    let from = text.find("://")?;
    let at = from + text[from..].find(['?', '#'])?;
    Some(format!("{}{HIDDEN}", &text[..=at]))
}

/// Without the numbers of cards, but for their last four digits, and those of mobile telephones.
fn numbers(text: &str) -> Option<String> {
    let (mut shown, mut from, mut is_masked) = (String::new(), 0, false);
    let is_digit = |letter: char| letter.is_ascii_digit();
    while let Some(begin) = text[from..].find(is_digit).map(|at| from + at) {
        let end = begin + run(&text[begin..]);
        let digits: Vec<u8> = text[begin..end].bytes().filter(u8::is_ascii_digit).collect();
        let is_alone =
            !text[..begin].ends_with(char::is_alphanumeric) && !text[end..].starts_with(char::is_alphanumeric);
        shown.push_str(&text[from..begin]);
        if is_alone && is_card(&digits) {
            shown.push_str(&last_four(&text[begin..end]));
            is_masked = true;
        } else if is_alone && is_mobile(&digits) {
            shown.push_str(HIDDEN);
            is_masked = true;
        } else {
            shown.push_str(&text[begin..end]);
        }
        from = end;
    }
    shown.push_str(&text[from..]);
    is_masked.then_some(shown)
}

/// How long the digits at the beginning are, with single blanks and strokes between them.
fn run(text: &str) -> usize {
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut end = 0;
    while is_digit(end) || (matches!(bytes.get(end), Some(b' ' | b'-')) && is_digit(end + 1)) {
        end += 1;
    }
    end
}

fn is_mobile(digits: &[u8]) -> bool {
    digits.len() == 11 && digits[0] == b'1' && digits[1] >= b'3'
}

/// By its length, by who issues such numbers, and by its last digit, but for those issuers of whom not all keep to that.
fn is_card(digits: &[u8]) -> bool {
    let four = digits.iter().take(4).fold(0_u32, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    let is_issued = matches!(
        four,
        2221..=2720 | 3000..=3099 | 3400..=3499 | 3500..=3999 | 4000..=4999 | 5100..=5599 | 6000..=6599
    );
    CARD_DIGITS.contains(&digits.len()) && is_issued && ((6200..=6299).contains(&four) || holds(digits))
}

/// Luhn's sum.
fn holds(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let value = u32::from(digit - b'0') * (1 + u32::from(at % 2 == 1));
            if value > 9 { value - 9 } else { value }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_text_shows() {
        for (text, shown) in [
            ("4242424242424242", "…4242"),
            ("card 4242 4242 4242 4242.", "card …4242."),
            ("5555-5555-5555-4444", "…4444"),
            ("378282246310005", "…0005"),
            ("6222021234567890123", "…0123"),
            ("call 13812345678 now", "call … now"),
            ("buyer@example.com", "…"),
            ("write to <buyer@example.com>", "…"),
            ("pi_1_secret_2", "…"),
            ("Bearer abc", "…"),
            ("https://pay.example/p?token=1", "https://pay.example/p?…"),
            ("weixin://wxpay/bizpayurl?pr=1", "weixin://wxpay/bizpayurl?…"),
            ("https://pay.example/4242424242424242?x", "https://pay.example/…4242?…"),
        ] {
            assert_eq!(masked(text).as_deref(), Some(shown), "{text}");
        }
        for whole in [
            "",
            "4242424242424241",
            "2088101122136241",
            "2014040122001004330000121536",
            "4200001234202611231234567890",
            "att_01JD8Q7V0EFXXR6D2J1Q5Z9K3M",
            "a4242424242424242",
            "2026-11-23 19:07:59",
            "1700000000",
            "https://pay.example/p",
            "what is this?",
            "@example.com",
            "a@b",
            "付款成功",
            "1.50",
        ] {
            assert_eq!(masked(whole), None, "{whole}");
        }
        for (text, shown) in [("6222 0212 3456", "…3456"), ("12345678", "…"), ("", "…")] {
            assert_eq!(last_four(text), shown, "{text}");
        }
    }
}
