//! Owns reading as much DER as leads to an RSA public key (X.690, RFC 5280). It does not know what a certificate is worth:
//! whoever sets an account up decides whose key is believed.

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT: u8 = 0x06;
const VERSION: u8 = 0xa0;
/// `rsaEncryption`, 1.2.840.113549.1.1.1.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// The content of the next element, where it has this tag.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (&first, rest) = self.0.split_first()?;
        let (&short, rest) = rest.split_first()?;
        let (length, rest) = match short {
            0..=0x7f => (usize::from(short), rest),
            // Up to 16 MiB, far more than a key's file may hold.
            0x81..=0x83 => {
                let (long, rest) = rest.split_at_checked(usize::from(short & 0x7f))?;
                (long.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        (first == tag).then(|| {
            self.0 = rest;
            content
        })
    }
}

/// The `RSAPublicKey` (PKCS#1) of a certificate.
pub(super) fn of_certificate(der: &[u8]) -> Option<&[u8]> {
    let mut signed = Reader(Reader(Reader(der).take(SEQUENCE)?).take(SEQUENCE)?);
    let _ = signed.take(VERSION);
    signed.take(INTEGER)?;
    // Signature algorithm, issuer, validity, subject.
    for _ in 0..4 {
        signed.take(SEQUENCE)?;
    }
    of_info(signed.take(SEQUENCE)?)
}

/// The `RSAPublicKey` of a `SubjectPublicKeyInfo`.
pub(super) fn of_public_key(der: &[u8]) -> Option<&[u8]> {
    of_info(Reader(der).take(SEQUENCE)?)
}

/// How many bits the modulus of an `RSAPublicKey` has; none where it is not one.
pub(super) fn bits(der: &[u8]) -> Option<usize> {
    let mut reader = Reader(der);
    let mut key = Reader(reader.take(SEQUENCE)?);
    let modulus = key.take(INTEGER)?;
    let modulus = modulus.strip_prefix(&[0]).unwrap_or(modulus);
    let first = modulus.first().filter(|first| **first != 0)?;
    key.take(INTEGER)?;
    let ends = reader.0.is_empty() && key.0.is_empty();
    ends.then(|| modulus.len() * 8 - usize::try_from(first.leading_zeros()).unwrap_or(0))
}

fn of_info(info: &[u8]) -> Option<&[u8]> {
    let mut info = Reader(info);
    let algorithm = Reader(info.take(SEQUENCE)?).take(OBJECT)?;
    // The first byte of a bit string says how many bits of the last are not used.
    let key = info.take(BIT_STRING)?.strip_prefix(&[0])?;
    (algorithm == RSA).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_der_is_refused() {
        for bad in
            [&b""[..], b"\x30", b"\x30\x05\x01", b"\x30\x84\xff\xff\xff\xff", b"\x30\x80\x00\x00", b"\x02\x01\x01"]
        {
            assert!(of_certificate(bad).is_none() && of_public_key(bad).is_none() && bits(bad).is_none(), "{bad:?}");
        }
    }
}
