//! Owns the arithmetic of secrets: making keys, signing, verifying and sealing. It does not know who signs what.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey};
use ring::{digest, hmac};
use rsa::pkcs1::EncodeRsaPublicKey as _;
use rsa::pkcs8::{DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _, LineEnding};
use rsa::{RsaPrivateKey, RsaPublicKey};

/// A new pair of RSA keys, in PEM.
pub(crate) struct Pair {
    pub(crate) private: String,
    pub(crate) public: String,
}

/// Signs with RSA and SHA-256.
pub(crate) struct Signer(RsaKeyPair);

/// Verifies what the other side signed with RSA and SHA-256.
pub(crate) struct Verifier(Vec<u8>);

impl Pair {
    /// 2048 bits; `None` where the system has no randomness to give.
    pub(crate) fn generate() -> Option<Self> {
        let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).ok()?;
        let private = key.to_pkcs8_pem(LineEnding::LF).ok()?.to_string();
        let public = RsaPublicKey::from(&key).to_public_key_pem(LineEnding::LF).ok()?;
        Some(Self { private, public })
    }
}

impl Signer {
    pub(crate) fn read(pem: &str) -> Option<Self> {
        let bare: String = pem.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
        let der = STANDARD.decode(bare).ok()?;
        RsaKeyPair::from_pkcs8(&der).ok().map(Self)
    }

    /// The signature, in base64. A spoiled one is of another text: it looks right, and is not.
    pub(crate) fn sign(&self, text: &[u8], spoil: bool) -> String {
        let spoiled = [text, b"spoiled"].concat();
        let text = if spoil { &spoiled } else { text };
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature)
            .expect("the room for the signature has the size that the key says");
        STANDARD.encode(signature)
    }
}

impl Verifier {
    pub(crate) fn read(pem: &str) -> Option<Self> {
        let key = RsaPublicKey::from_public_key_pem(pem.trim()).ok()?;
        Some(Self(key.to_pkcs1_der().ok()?.as_bytes().to_vec()))
    }

    pub(crate) fn holds(&self, text: &[u8], signature: &str) -> bool {
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.0);
        STANDARD.decode(signature).is_ok_and(|signature| key.verify(text, &signature).is_ok())
    }
}

/// HMAC-SHA256 in lower-case hexadecimal.
pub(crate) fn hmac_hex(secret: &str, text: &[u8], spoil: bool) -> String {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()));
    context.update(text);
    if spoil {
        context.update(b"spoiled");
    }
    hex(context.sign().as_ref())
}

/// Whether the HMAC is that of the text; the comparison takes the same time for each wrong one.
pub(crate) fn hmac_holds(secret: &str, text: &[u8], signature: &str) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    unhex(signature).is_some_and(|signature| hmac::verify(&key, text, &signature).is_ok())
}

/// AES-256-GCM in base64, the tag at the end; `None` where the key has not 32 bytes.
pub(crate) fn seal(key: &str, nonce: [u8; 12], associated: &str, plain: &[u8]) -> Option<String> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_bytes()).ok()?);
    let mut sealed = plain.to_vec();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(associated), &mut sealed).ok()?;
    Some(STANDARD.encode(sealed))
}

pub(crate) fn sha256_hex(text: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, text).as_ref())
}

/// WeChat Pay names its bills' files by SHA-1.
pub(crate) fn sha1_hex(text: &[u8]) -> String {
    hex(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, text).as_ref())
}

/// So many random bytes, in hexadecimal; `None` where the system has none to give.
pub(crate) fn random_hex(bytes: usize) -> Option<String> {
    let mut random = vec![0; bytes];
    SystemRandom::new().fill(&mut random).ok()?;
    Some(hex(&random))
}

fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).expect("half a byte is a digit");
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    digits.filter(|digits| digits.len() % 2 == 0).map(|digits| digits.chunks(2).map(|it| it[0] << 4 | it[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_verified_and_what_is_spoiled_is_not() {
        let pair = Pair::generate().unwrap();
        let signer = Signer::read(&pair.private).unwrap();
        let verifier = Verifier::read(&pair.public).unwrap();
        assert!(verifier.holds(b"text", &signer.sign(b"text", false)));
        assert!(!verifier.holds(b"texts", &signer.sign(b"text", false)));
        assert!(!verifier.holds(b"text", &signer.sign(b"text", true)));
        assert!(!verifier.holds(b"text", "not base64"));
    }

    #[test]
    fn hmac_is_that_of_rfc_4231() {
        let text = b"what do ya want for nothing?";
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hmac_hex("Jefe", text, false), expected);
        assert!(hmac_holds("Jefe", text, expected));
        for wrong in ["", "5b", "xyz", &hmac_hex("Jefe", text, true)] {
            assert!(!hmac_holds("Jefe", text, wrong), "{wrong}");
        }
    }

    #[test]
    fn a_key_of_another_length_seals_nothing() {
        assert!(seal("short", [0; 12], "", b"text").is_none());
        assert!(seal(&"k".repeat(32), [0; 12], "transaction", b"text").is_some());
    }
}
