//! Owns the certificates of servers that speak TLS: an authority, what it signed for them, and another authority that
//! signed nothing of theirs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};

use super::process;

/// What a server shows, and the key to it.
#[derive(Clone)]
pub(super) struct Certificates {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

/// Makes them in the folder, for a server at 127.0.0.1. Clients find the authority in `authority.pem`, and the other one
/// in `stranger.pem`.
pub(super) fn make(folder: &Path) -> Result<Certificates> {
    let authority = authority()?;
    let key = KeyPair::generate()?;
    let mut server = CertificateParams::new(["127.0.0.1".to_owned()])?;
    server.distinguished_name.push(DnType::CommonName, "127.0.0.1");
    server.use_authority_key_identifier_extension = true;
    let certificate = server.signed_by(&key, &authority)?;
    let made = Certificates { certificate: folder.join("server.pem"), key: folder.join("server.key") };
    write(&folder.join("authority.pem"), &authority.pem())?;
    write(&folder.join("stranger.pem"), &self::authority()?.pem())?;
    write(&made.certificate, &certificate.pem())?;
    write(&made.key, &key.serialize_pem())?;
    // PostgreSQL refuses a key that others may read.
    fs::set_permissions(&made.key, fs::Permissions::from_mode(0o600)).context("closing the server's key")?;
    process::give(&made.key)?;
    Ok(made)
}

/// One that may sign. All of them have one name: a client must look at the key.
fn authority() -> Result<CertifiedIssuer<'static, KeyPair>> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, "an authority for tests");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("writing {}", file.display()))
}
