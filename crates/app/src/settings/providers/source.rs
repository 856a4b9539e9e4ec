//! Owns reading what is not in the file of settings: secrets, and certificates. It does not know what they are for.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use people::provider::Secret;

use crate::settings::known;

/// More than any certificate or secret.
const BYTES_MAX: u64 = 64 * 1024;

/// A secret of a file or of a variable of the environment, where one of them is named. `what` names both settings, without
/// `_file` and `_variable`. The newline that editors put at the end of a file is no part of it. A word of an example is good only
/// where it is asked on this machine.
pub(super) fn secret(
    what: &str,
    (file, variable): (Option<&Path>, Option<&str>),
    is_here: bool,
) -> anyhow::Result<Option<Secret>> {
    let value = match (file, variable) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => bail!("give either `{what}_file` or `{what}_variable`"),
        (Some(file), None) => {
            let bytes = read(file).with_context(|| format!("{what}_file"))?;
            let text = String::from_utf8(bytes);
            // The error would hold the bytes.
            text.map_err(|_| anyhow::anyhow!("{what}_file: {} is no text; give UTF-8", file.display()))?
        }
        (None, Some(name)) => match std::env::var(name) {
            Ok(value) => value,
            Err(_) => bail!("{what}_variable: the environment has no variable {name}; set it, or give `{what}_file`"),
        },
    };
    let value = value.strip_suffix('\n').unwrap_or(&value);
    let value = value.strip_suffix('\r').unwrap_or(value);
    ensure!(!value.is_empty(), "{what}_file or {what}_variable: it is empty; put the secret there");
    ensure!(!value.contains(['\n', '\r']), "{what}_file or {what}_variable: it has several lines; give one");
    if !is_here {
        known::refuse(&format!("{what}_file or {what}_variable"), value)?;
    }
    Ok(Some(Secret::new(value)))
}

/// The certificates of authorities, as PEM, where a file is named.
pub(super) fn authority(file: Option<&Path>) -> anyhow::Result<Option<Vec<u8>>> {
    file.map(|file| read(file).context("authority_file")).transpose()
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let name = file.display();
    let opened =
        File::open(file).with_context(|| format!("cannot read {name}; give a file that this user may read"))?;
    let mut bytes = Vec::new();
    opened.take(BYTES_MAX + 1).read_to_end(&mut bytes).with_context(|| format!("cannot read {name}"))?;
    ensure!(bytes.len() as u64 <= BYTES_MAX, "{name} is longer than {BYTES_MAX} bytes; is it the right file?");
    Ok(bytes)
}
