//! Owns the keys of the tests. They were made for them, lie open beside them, and open nothing.

pub(crate) const MERCHANT: &str = include_str!("../../tests/keys/test_merchant.pkcs8.pem");
pub(crate) const MERCHANT_PKCS1: &str = include_str!("../../tests/keys/test_merchant.pkcs1.pem");
pub(crate) const MERCHANT_PUBLIC: &str = include_str!("../../tests/keys/test_merchant.public.pem");
pub(crate) const OTHER: &str = include_str!("../../tests/keys/test_other.pkcs8.pem");
pub(crate) const OTHER_PUBLIC: &str = include_str!("../../tests/keys/test_other.public.pem");
pub(crate) const PROVIDER: &str = include_str!("../../tests/keys/test_provider.pkcs8.pem");
pub(crate) const PROVIDER_CERTIFICATE: &str = include_str!("../../tests/keys/test_provider.certificate.pem");
pub(crate) const PROVIDER_PUBLIC: &str = include_str!("../../tests/keys/test_provider.public.pem");
pub(crate) const PROVIDER_PUBLIC_PKCS1: &str = include_str!("../../tests/keys/test_provider.public.pkcs1.pem");

/// Where a key of the tests lies, as settings refer to it.
pub(crate) fn reference(name: &str) -> String {
    format!("file:{}/tests/keys/{name}", env!("CARGO_MANIFEST_DIR"))
}
