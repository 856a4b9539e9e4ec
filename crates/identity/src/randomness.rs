//! Owns where secrets come from: the system's randomness, and nothing else.

use zeroize::Zeroizing;

/// Bytes that nobody can guess. A system that has none cannot make a secret, and must not go on as if it could.
pub(crate) fn bytes<const N: usize>() -> Zeroizing<[u8; N]> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(&mut *bytes).expect("the system has randomness");
    bytes
}
