//! Owns what of a single text is shown: a word of a program whole, words for people without what may stand in them for a person.

use super::HIDDEN;

/// Longer is no number, no time and no code.
const PLAIN_MAX: usize = 64;
/// The most letters of words for people.
const WORDS_MAX: usize = 200;
/// So many digits, with blanks and strokes between them, may be of a telephone, a card or an identity.
const DIGITS: usize = 5;

/// Whether it is a number, a time or a word of a program.
pub(super) fn is_plain(text: &str) -> bool {
    text.len() <= PLAIN_MAX && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.:+/ ".contains(&byte))
}

/// Words for people: long numbers are left out, and of a text with an address in it, of mail or of a page, or with what opens a door,
/// nothing is shown.
pub(super) fn told(text: &str) -> String {
    let is_open =
        !text.contains(['@', '＠', '=', '{', '<', '%']) && !text.contains("://") && !text.contains("_secret_");
    if !is_open || text.split_whitespace().any(|word| word.len() > 40 && word.is_ascii()) {
        return HIDDEN.to_owned();
    }
    without_numbers(&text.chars().take(WORDS_MAX).collect::<String>())
}

/// Digits of any script count, whatever stands beside them.
fn without_numbers(text: &str) -> String {
    let (mut shown, mut run, mut digits) = (String::new(), String::new(), 0);
    let mut end = |run: &mut String, digits: &mut usize| {
        if *digits >= DIGITS {
            // The blank behind a number is of the words.
            let blank = run.ends_with(' ');
            shown.push_str(HIDDEN);
            shown.push_str(if blank { " " } else { "" });
        } else {
            shown.push_str(run);
        }
        (*digits, *run) = (0, String::new());
    };
    for letter in text.chars() {
        let is_within = letter.is_numeric() || (digits > 0 && " -./:()*".contains(letter));
        if !is_within {
            end(&mut run, &mut digits);
        }
        digits += usize::from(letter.is_numeric());
        run.push(letter);
        if !is_within {
            end(&mut run, &mut digits);
        }
    }
    end(&mut run, &mut digits);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_words_show() {
        for (text, shown) in [
            ("", ""),
            ("支付成功", "支付成功"),
            ("Your card was declined.", "Your card was declined."),
            ("code 4004, again", "code 4004, again"),
            ("电话13812345678", "电话…"),
            ("尾款请打13812345678谢谢", "尾款请打…谢谢"),
            ("卡号 6222 0212 3456 7890 无效", "卡号 … 无效"),
            ("4242424242424242 12/30", "…"),
            ("call +86 138-1234-5678 now", "call +… now"),
            ("身份证 11010519491231002X", "身份证 …X"),
            ("from 203.0.113.9", "from …"),
            ("１３８１２３４５６７８", "…"),
            ("write to anna@shop.example", "…"),
            ("see https://pay.example/p?token=1", "…"),
            ("openid=oUpF8uMuAJO", "…"),
            ("No such token: pi_1_secret_2", "…"),
        ] {
            assert_eq!(told(text), shown, "{text}");
        }
        let key = format!("No such key: sk{}", "a1".repeat(20));
        assert_eq!(told(&key), "…");
        assert_eq!(told(&"ab ".repeat(100)).chars().count(), WORDS_MAX);
    }

    #[test]
    fn what_is_plain() {
        for plain in
            ["", "att_01JD8Q7V0EFXXR6D2J1Q5Z9K3M", "2026-11-23T19:07:59+08:00", "2026-11-23 19:07:59", "1.50", "utf-8"]
        {
            assert!(is_plain(plain), "{plain}");
        }
        for other in ["张三", "anna@shop.example", "token%3Dx", "a=b", "{}", "\"a\"", "159****5620", "a\n"] {
            assert!(!is_plain(other), "{other}");
        }
        let longest = "1".repeat(PLAIN_MAX);
        assert!(is_plain(&longest) && !is_plain(&(longest + "1")));
    }
}
