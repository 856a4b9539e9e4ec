//! Owns the secrets of a test, and finding them in any spelling: as they are, escaped, encoded, or byte by byte.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};

/// What must not come out.
#[derive(Default)]
pub(super) struct Vault {
    secrets: Vec<(String, String)>,
}

/// Shorter ones stand in any text by chance.
const LENGTH_LEAST: usize = 8;
/// A code of a second factor, which stands between other signs than digits.
const CODE_LENGTH: usize = 6;

impl Vault {
    /// Keeps one, and gives it back.
    pub(super) fn keep(&mut self, name: &str, secret: impl Into<String>) -> String {
        let secret = secret.into();
        let is_code = secret.len() == CODE_LENGTH && secret.bytes().all(|byte| byte.is_ascii_digit());
        assert!(secret.len() >= LENGTH_LEAST || is_code, "{name} is too short to be recognised: {secret}");
        self.secrets.push((name.to_owned(), secret.clone()));
        secret
    }

    /// A new one, of random letters.
    pub(super) fn plant(&mut self, name: &str) -> String {
        let mut bytes = [0; 12];
        getrandom::fill(&mut bytes).expect("the system has randomness");
        // Signs that addresses, JSON and `Debug` each write in another way.
        let secret = format!("canary+{}/ä \"&%", BASE64_URL_SAFE_NO_PAD.encode(bytes));
        self.keep(name, secret)
    }

    pub(super) fn len(&self) -> usize {
        self.secrets.len()
    }

    /// Those that are in the text, by their names, with what stands around them.
    pub(super) fn found(&self, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        for (name, secret) in &self.secrets {
            if secret.len() == CODE_LENGTH {
                found.extend(apart(text, secret).map(|at| told(name, text, at)));
                continue;
            }
            let places = spellings(secret).into_iter().filter_map(|spelled| text.find(&spelled));
            found.extend(places.map(|at| told(name, text, at)));
        }
        found
    }

    /// None is in the text.
    #[track_caller]
    pub(super) fn is_not_in(&self, place: &str, text: &str) {
        let found = self.found(text);
        assert!(found.is_empty(), "in {place}:\n{}", found.join("\n"));
    }
}

fn told(name: &str, text: &str, at: usize) -> String {
    let around = |from: usize, to: usize| text.get(text.floor_char_boundary(from)..text.floor_char_boundary(to));
    format!("{name}: …{}…", around(at.saturating_sub(160), at + 160).unwrap_or_default())
}

/// Where a code stands by itself; a time's fractions do not count.
fn apart<'a>(text: &'a str, code: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.match_indices(code).map(|(at, _)| at).filter(move |&at| {
        let is_part = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '.' | '-' | '_');
        let (before, behind) = (text[..at].chars().next_back(), text[at + code.len()..].chars().next());
        !before.is_some_and(is_part) && !behind.is_some_and(is_part)
    })
}

fn spellings(secret: &str) -> Vec<String> {
    let escaped = format!("{secret:?}");
    let json = serde_json::Value::from(secret).to_string();
    let bytes = format!("{:?}", secret.as_bytes());
    let percent = |upper: bool, all: bool| -> String {
        let sign = |byte: u8| match (byte, upper) {
            (b'-' | b'_' | b'.' | b'~' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z', _) => char::from(byte).to_string(),
            (b'+' | b'/' | b'&' | b':' | b'@' | b'=', _) if !all => char::from(byte).to_string(),
            (byte, true) => format!("%{byte:02X}"),
            (byte, false) => format!("%{byte:02x}"),
        };
        secret.bytes().map(sign).collect()
    };
    let mut all = vec![
        secret.to_owned(),
        escaped.trim_matches('"').to_owned(),
        // Debug of what was shown by Debug.
        format!("{:?}", escaped.trim_matches('"')).trim_matches('"').to_owned(),
        json.trim_matches('"').to_owned(),
        bytes.trim_matches(['[', ']']).to_owned(),
        percent(true, true),
        percent(false, true),
        percent(true, false),
        percent(true, true).replace("%20", "+"),
        percent(true, true).replace('-', "%2D").replace('_', "%5F"),
        hexadecimal(secret),
        hexadecimal(secret).to_uppercase(),
    ];
    // Wherever it begins within what was encoded; its first and last signs depend on what stands beside it.
    for before in 0..3 {
        let text = [&b"::"[..before], secret.as_bytes()].concat();
        for encoded in [BASE64_STANDARD_NO_PAD.encode(&text), BASE64_URL_SAFE_NO_PAD.encode(&text)] {
            let first = if before == 0 { 0 } else { before + 1 };
            all.push(encoded[first..encoded.len() - 2].to_owned());
        }
    }
    all.retain(|spelled| spelled.len() >= LENGTH_LEAST);
    all
}

fn hexadecimal(secret: &str) -> String {
    let digits = |byte: u8| [byte >> 4, byte & 15].map(|digit| char::from_digit(u32::from(digit), 16).unwrap_or('?'));
    secret.bytes().flat_map(digits).collect()
}

/// The search itself finds each spelling: one that finds nothing would be content with everything.
#[test]
fn every_spelling_is_found() {
    let mut vault = Vault::default();
    let secret = vault.plant("the secret");
    let code = vault.keep("the code", "123456");
    let encoded = |before: &str| BASE64_STANDARD_NO_PAD.encode(format!("{before}{secret}:behind"));
    for text in [
        format!("password={secret}"),
        format!("LogIn {{ password: {secret:?} }}"),
        format!("{:?}", format!("LogIn {{ password: {secret:?} }}")),
        format!("{:?}", secret.as_bytes()),
        serde_json::json!({ "password": secret }).to_string(),
        percent_encoding::utf8_percent_encode(&secret, percent_encoding::NON_ALPHANUMERIC).to_string(),
        form(&secret),
        encoded(""),
        encoded("a"),
        encoded("me"),
        encoded("anna"),
        hexadecimal(&secret),
        format!("code={code} was wrong"),
        format!("{{\"code\":\"{code}\"}}"),
    ] {
        assert!(!vault.found(&text).is_empty(), "not found in {text}");
    }
    vault.is_not_in("a time", "2026-11-23T10:00:00.123456Z took=0.123456 id=9123456");
}

fn form(secret: &str) -> String {
    spellings(secret).into_iter().find(|text| text.contains('+') && text.contains("%2B")).expect("a form's spelling")
}
