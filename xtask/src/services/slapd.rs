//! Owns the LDAP directory of the tests: OpenLDAP's slapd, empty but for its root, with TLS on one port and StartTLS on the
//! other. It does not know the people in it: each test brings its own.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::certificates::Certificates;
use super::find::{self, Wanted};
use super::process::{self, As, Server};
use super::{ACCOUNT, PASSWORD, quiet};
use crate::shell::Command;

const SLAPD: Wanted = Wanted {
    name: "OpenLDAP",
    programs: &[&["slapd"], &["slapadd"]],
    folders: &["/usr/sbin", "/usr/local/sbin"],
    package: "slapd",
};

/// Where Debian's package has what the settings name.
const MODULES: &str = "/usr/lib/ldap";
const SCHEMAS: &str = "/etc/ldap/schema";

/// Below it stands everything.
const ROOT: &str = "dc=mideng,dc=test";

/// A directory that runs, and its two addresses.
pub(super) struct Directory {
    pub(super) server: Server,
    pub(super) url: String,
    pub(super) tls_url: String,
}

/// Makes it in the folder and starts it.
pub(super) fn start(folder: &Path, certificates: &Certificates, run: As) -> Result<Directory> {
    let programs = find::programs(&SLAPD)?;
    let [slapd, slapadd] = &programs[..] else { bail!("two programs were wanted") };
    let home = folder.join("slapd");
    process::folder(&home)?;
    process::folder(&home.join("data"))?;
    let settings = home.join("slapd.conf");
    fs::write(&settings, text(&home, certificates)).context("writing the settings of slapd")?;
    let root = home.join("root.ldif");
    let entry = format!("dn: {ROOT}\nobjectClass: dcObject\nobjectClass: organization\ndc: mideng\no: tests\n");
    fs::write(&root, entry).context("writing the root of the directory")?;
    let add = process::unprivileged(slapadd)?.words("-f").path(&settings).words("-l").path(&root);
    quiet(add, &home)?;
    let (port, tls_port) = (process::port()?, process::port()?);
    let addresses = format!("ldap://127.0.0.1:{port}/ ldaps://127.0.0.1:{tls_port}/");
    // With a level to log it stays in the foreground, also with level 0.
    let command = run(slapd)?.words("-d 0 -f").path(&settings).words("-h").text(&addresses);
    let log = home.join("log");
    let process = process::start(command, &home, &log)?;
    let mut server = Server::new(SLAPD.name, version(slapd)?, process);
    // It takes both ports before it answers on one.
    server.wait_until_ready(port.number(), &log)?;
    let url = |scheme: &str, port: &ports::Port| format!("{scheme}://{ACCOUNT}:{PASSWORD}@127.0.0.1:{port}");
    Ok(Directory { server, url: url("ldap", &port), tls_url: url("ldaps", &tls_port) })
}

/// Who is nobody reads nothing, as in many a company; members are told of their groups. A name without a password succeeds as
/// nobody, which is the default of Active Directory and not of slapd: a client must not count on either.
fn text(home: &Path, certificates: &Certificates) -> String {
    format!(
        "modulepath {MODULES}\nmoduleload back_mdb\nmoduleload memberof\ninclude {SCHEMAS}/core.schema\n\
         include {SCHEMAS}/cosine.schema\ninclude {SCHEMAS}/inetorgperson.schema\n\
         allow bind_anon_dn\npidfile {home}/pid\nargsfile {home}/args\n\
         TLSCertificateFile {}\nTLSCertificateKeyFile {}\nTLSVerifyClient never\n\
         database mdb\nmaxsize 67108864\ndbnosync\nsuffix \"{ROOT}\"\ndirectory {home}/data\n\
         rootdn \"cn={ACCOUNT},{ROOT}\"\nrootpw {PASSWORD}\n\
         index objectClass,uid eq\n\
         access to attrs=userPassword by anonymous auth by * none\n\
         access to * by users read by anonymous auth by * none\n\
         overlay memberof\n",
        certificates.certificate.display(),
        certificates.key.display(),
        home = home.display(),
    )
}

/// `@(#) $OpenLDAP: slapd 2.5.13+dfsg-5 (…` without what everybody knows; it ends with 1 after `-VV`.
fn version(slapd: &Path) -> Result<String> {
    let (text, _) = Command::of(slapd).words("-VV").captured_in(Path::new("/"))?;
    let mut words = text.split_whitespace().skip_while(|word| *word != "slapd");
    Ok(words.nth(1).unwrap_or_default().to_owned())
}
