//! Owns RSA keys and `SHA256withRSA` (PKCS#1 v1.5), which Alipay calls RSA2 and WeChat Pay SHA256-RSA2048. It does not
//! know what is signed.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey};

use super::{der, pem};
use crate::secret::Secret;

/// Shorter keys are not believed.
const BITS_MIN: usize = 2048;

/// A key that signs.
pub(crate) struct PrivateKey(KeyPair);

/// A key that verifies.
pub(crate) struct PublicKey(Vec<u8>);

impl PrivateKey {
    /// PEM or bare base64 of PKCS#8 or PKCS#1. What is wrong is said without a byte of the key.
    pub(crate) fn read(secret: &Secret) -> Result<Self, String> {
        let (label, bytes) = pem::read(secret.reveal()).ok_or("it is not PEM")?;
        let pair = match label {
            Some("PRIVATE KEY") => KeyPair::from_pkcs8(&bytes),
            Some("RSA PRIVATE KEY") => KeyPair::from_der(&bytes),
            None => KeyPair::from_pkcs8(&bytes).or_else(|_| KeyPair::from_der(&bytes)),
            Some(_) => return Err("it is PEM, and not of a private key without a password".to_owned()),
        };
        pair.map(Self).map_err(|error| format!("it is not an RSA private key of 2048 to 8192 bits: {error}"))
    }

    /// The signature, in base64.
    pub(crate) fn sign(&self, text: &[u8]) -> String {
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature)
            .expect("the signature is as long as the modulus, and the system has randomness");
        STANDARD.encode(signature)
    }
}

impl PublicKey {
    /// PEM of a certificate, a `SubjectPublicKeyInfo` or a PKCS#1 key, or bare base64 of the latter two.
    pub(crate) fn read(secret: &Secret) -> Result<Self, String> {
        let (label, bytes) = pem::read(secret.reveal()).ok_or("it is not PEM")?;
        let key = match label {
            Some("CERTIFICATE") => der::of_certificate(&bytes),
            Some("PUBLIC KEY") => der::of_public_key(&bytes),
            Some("RSA PUBLIC KEY") => Some(&bytes[..]),
            None => der::of_public_key(&bytes).or(Some(&bytes[..])),
            Some(_) => return Err("it is PEM, and neither of a public key nor of a certificate".to_owned()),
        };
        match key.filter(|key| der::bits(key).is_some_and(|bits| bits >= BITS_MIN)) {
            Some(key) => Ok(Self(key.to_vec())),
            None => Err("it holds no RSA public key of 2048 bits or more".to_owned()),
        }
    }

    /// Whether a signature in base64 is this key's, over this text.
    pub(crate) fn verifies(&self, text: &[u8], signature: &str) -> bool {
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.0);
        STANDARD.decode(signature).is_ok_and(|signature| key.verify(text, &signature).is_ok())
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey")
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::keys;

    #[test]
    fn both_ways_in_every_form() {
        let bare: String = keys::PROVIDER_PUBLIC.lines().filter(|line| !line.starts_with("--")).collect();
        let forms = [keys::PROVIDER_PUBLIC, keys::PROVIDER_PUBLIC_PKCS1, keys::PROVIDER_CERTIFICATE, &bare];
        let private = PrivateKey::read(&Secret::new(keys::PROVIDER)).unwrap();
        let signature = private.sign("金额".as_bytes());
        for form in forms {
            let key = PublicKey::read(&Secret::new(form)).unwrap();
            assert!(key.verifies("金额".as_bytes(), &signature), "{form}");
            assert!(!key.verifies("金額".as_bytes(), &signature));
            for bad in ["", "AAAA", "not base64", &signature[1..], &signature[4..], &format!("{signature}=")] {
                assert!(!key.verifies("金额".as_bytes(), bad), "{bad}");
            }
        }
        let other = PublicKey::read(&Secret::new(keys::OTHER_PUBLIC)).unwrap();
        assert!(!other.verifies("金额".as_bytes(), &signature));
    }

    #[test]
    fn pkcs1_and_pkcs8_are_the_same_key() {
        let bare: String = keys::MERCHANT.lines().filter(|line| !line.starts_with("--")).collect();
        let signatures = [keys::MERCHANT, keys::MERCHANT_PKCS1, &bare]
            .map(|text| PrivateKey::read(&Secret::new(text)).unwrap().sign(b"text"));
        assert!(signatures.iter().all(|it| *it == signatures[0]));
    }

    #[test]
    fn what_is_no_key_is_refused_without_its_text() {
        let texts =
            ["", "hidden", keys::PROVIDER_CERTIFICATE, keys::OTHER_PUBLIC, "-----BEGIN X-----\nAQI=\n-----END X-----"];
        for text in texts {
            let said = PrivateKey::read(&Secret::new(text)).unwrap_err();
            assert!(!said.contains("hidden"), "{said}");
        }
        let short = "-----BEGIN RSA PUBLIC KEY-----\nMAYCAQ8CAQM=\n-----END RSA PUBLIC KEY-----";
        for text in ["", "hidden", keys::OTHER, keys::MERCHANT_PKCS1, short] {
            let said = PublicKey::read(&Secret::new(text)).unwrap_err();
            assert!(!said.contains("hidden"), "{said}");
        }
        assert_eq!(format!("{:?}", PrivateKey::read(&Secret::new(keys::OTHER)).unwrap()), "PrivateKey");
    }
}
