//! Owns writing a certificate of a few fields (X.690, RFC 5280), signed with its own key. It does not know what it is for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::clock;
use crate::keys::Signer;

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const NULL: &[u8] = &[0x05, 0x00];
const OBJECT: u8 = 0x06;
const TEXT: u8 = 0x0c;
const TIME: u8 = 0x17;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const VERSION: u8 = 0xa0;
/// `sha256WithRSAEncryption`, 1.2.840.113549.1.1.11.
const SHA256_WITH_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
/// `id-at-commonName`, 2.5.4.3.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const NAME: &str = "Tenpay.com sign";

/// In PEM. The serial number is in hexadecimal, the time from and until in milliseconds, the public key in PEM. `None` where
/// one of them is none.
pub(super) fn certificate(serial: &str, (from, until): (i64, i64), public: &str, signer: &Signer) -> Option<String> {
    let serial: Option<Vec<u8>> =
        (0..serial.len() / 2).map(|at| u8::from_str_radix(serial.get(2 * at..2 * at + 2)?, 16).ok()).collect();
    let bare: String = public.lines().filter(|line| !line.starts_with("-----")).collect();
    let algorithm = element(SEQUENCE, &[&element(OBJECT, &[SHA256_WITH_RSA]), NULL]);
    let name = element(SEQUENCE, &[&element(OBJECT, &[COMMON_NAME]), &element(TEXT, &[NAME.as_bytes()])]);
    let name = element(SEQUENCE, &[&element(SET, &[&name])]);
    let content = element(
        SEQUENCE,
        &[
            &element(VERSION, &[&element(INTEGER, &[&[2]])]),
            &element(INTEGER, &[&serial?]),
            &algorithm,
            &name,
            &element(SEQUENCE, &[&time(from), &time(until)]),
            &name,
            &STANDARD.decode(bare).ok()?,
        ],
    );
    let signature = STANDARD.decode(signer.sign(&content, false)).ok()?;
    let whole = element(SEQUENCE, &[&content, &algorithm, &element(BIT_STRING, &[&[0], &signature])]);
    let text = STANDARD.encode(whole);
    let lines: Vec<_> = (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]).collect();
    Some(format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n")))
}

/// `261122054305Z`, good until 2049.
fn time(at: i64) -> Vec<u8> {
    let digits: String = clock::utc(at).chars().take(19).filter(char::is_ascii_digit).skip(2).collect();
    element(TIME, &[digits.as_bytes(), b"Z"])
}

fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let bytes = content.len().to_be_bytes();
    let length = &bytes[bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len() - 1)..];
    let mut all = vec![tag];
    if length.len() > 1 || length[0] > 0x7f {
        all.push(0x80 | u8::try_from(length.len()).unwrap_or(0));
    }
    all.extend_from_slice(length);
    all.extend(content);
    all
}
