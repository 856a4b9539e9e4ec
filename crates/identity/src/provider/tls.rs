//! Owns how a provider's certificate is judged: by the authorities of this machine, or by one of the operator's own. It does
//! not know what is sent.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use super::Refused;

/// `authority` is one or more certificates as PEM; they then stand alone.
pub(super) fn client(authority: Option<&[u8]>) -> Result<ClientConfig, Refused> {
    let mut roots = RootCertStore::empty();
    match authority {
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        Some(pem) => {
            let broken = || Refused::misconfigured("its authority is no certificate");
            for certificate in CertificateDer::pem_slice_iter(pem) {
                roots.add(certificate.map_err(|_| broken())?).map_err(|_| broken())?;
            }
            if roots.is_empty() {
                return Err(broken());
            }
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let versions = versions.map_err(|error| Refused::misconfigured(format!("no TLS: {error}")))?;
    Ok(versions.with_root_certificates(roots).with_no_client_auth())
}

/// Whether a host is this machine, as an address says it: then nobody on the way can read along.
pub(super) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_a_certificate() {
        for bad in ["", "no PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert!(matches!(client(Some(bad.as_bytes())), Err(Refused::Misconfigured(_))), "{bad}");
        }
        client(None).expect("a machine without any can still be set up");
    }

    #[test]
    fn loopback_is_this_machine_and_no_name_that_looks_like_it() {
        for (host, expected) in [
            ("localhost", true),
            ("127.0.0.1", true),
            ("127.8.9.1", true),
            ("[::1]", true),
            ("localhost.example.test", false),
            ("127.0.0.1.example.test", false),
            ("[::ffff:127.0.0.1]", false),
            ("10.0.0.1", false),
            ("0.0.0.0", false),
            ("", false),
        ] {
            assert_eq!(is_loopback(host), expected, "{host}");
        }
    }
}
