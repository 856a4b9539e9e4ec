//! Owns PEM armour (RFC 7468) and the bare base64 that Alipay's console gives. It does not know what the bytes are.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The first section of a file: its label, where it has armour, and its bytes.
pub(super) fn read(text: &str) -> Option<(Option<&str>, Vec<u8>)> {
    let Some((_, armoured)) = text.split_once("-----BEGIN ") else {
        return bytes(text).map(|bytes| (None, bytes));
    };
    let (label, rest) = armoured.split_once("-----")?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    bytes(body).map(|bytes| (Some(label), bytes))
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let dense: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(dense).ok().filter(|bytes| !bytes.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn armour_and_none() {
        assert_eq!(read("-----BEGIN X Y-----\r\nAQ\r\nI=\r\n-----END X Y-----\r\n"), Some((Some("X Y"), vec![1, 2])));
        assert_eq!(read("note\n-----BEGIN X-----\nAQI=\n-----END X-----\nmore"), Some((Some("X"), vec![1, 2])));
        assert_eq!(read("AQI=\n"), Some((None, vec![1, 2])));
        for bad in [
            "",
            "-----BEGIN X-----\nAQI=\n-----END Y-----",
            "-----BEGIN X-----",
            "A Q%",
            "-----BEGIN X-----\n-----END X-----",
        ] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }
}
