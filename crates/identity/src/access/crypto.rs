//! Owns how the JWT library signs and verifies: Ed25519 by `ring`, and no other algorithm. The library would bring RSA, two
//! elliptic curves and a second set of hashes with its own.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{Error, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    // Asked only for keys in the form of JWK, which are not read here.
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes ours the library's provider, which it keeps for the whole process. Another one that was there first stays; the
/// keys here have the form that all of them understand.
pub(super) fn install() {
    // The second and every later call finds the first one's.
    let _ = PROVIDER.install_default();
}

struct Signing(Ed25519KeyPair);

impl Signer<Vec<u8>> for Signing {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        Ok(self.0.sign(message).as_ref().to_vec())
    }
}

impl JwtSigner for Signing {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

struct Verifying(UnparsedPublicKey<Vec<u8>>);

impl Verifier<Vec<u8>> for Verifying {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        self.0.verify(message, signature).map_err(|_| Error::new())
    }
}

impl JwtVerifier for Verifying {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as the library's provider wants it")]
fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    only_ed25519(*algorithm)?;
    let pair = Ed25519KeyPair::from_pkcs8(key.as_bytes()).map_err(|_| ErrorKind::InvalidEddsaKey)?;
    Ok(Box::new(Signing(pair)))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as the library's provider wants it")]
fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    only_ed25519(*algorithm)?;
    Ok(Box::new(Verifying(UnparsedPublicKey::new(&ED25519, key.try_get_as_bytes()?.to_vec()))))
}

fn only_ed25519(algorithm: Algorithm) -> Result<()> {
    if algorithm == Algorithm::EdDSA { Ok(()) } else { Err(ErrorKind::UnsupportedAlgorithm.into()) }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::crypto::{sign, verify};

    use super::super::tests::rfc_8037;
    use super::*;

    /// RFC 8037, appendix A.4 and A.5.
    #[test]
    fn the_example_of_the_rfc() {
        const MESSAGE: &[u8] = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        const SIGNATURE: &str =
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        install();
        let (pkcs8, public) = rfc_8037();
        let encoding = EncodingKey::from_ed_der(&pkcs8);
        let decoding = DecodingKey::from_ed_der(&public);
        assert_eq!(sign(MESSAGE, &encoding, Algorithm::EdDSA).unwrap(), SIGNATURE);
        assert!(verify(SIGNATURE, MESSAGE, &decoding, Algorithm::EdDSA).unwrap());
        assert!(!verify(SIGNATURE, &MESSAGE[1..], &decoding, Algorithm::EdDSA).unwrap());
    }

    #[test]
    fn there_is_one_algorithm() {
        install();
        let (pkcs8, public) = rfc_8037();
        for other in [Algorithm::HS256, Algorithm::RS256, Algorithm::PS512, Algorithm::ES256, Algorithm::ES384] {
            assert!(signer(&other, &EncodingKey::from_ed_der(&pkcs8)).is_err(), "{other:?}");
            assert!(verifier(&other, &DecodingKey::from_ed_der(&public)).is_err(), "{other:?}");
        }
        assert!(signer(&Algorithm::EdDSA, &EncodingKey::from_ed_der(b"no key")).is_err());
    }
}
