//! Owns the proxies that tests put before a server: found or installed here, and started by each test that wants one.

use anyhow::{Context as _, Result};

use super::find::{self, Wanted};

const FOLDERS: &[&str] = &["/usr/sbin", "/usr/local/sbin"];

const HAPROXY: Wanted = Wanted { name: "HAProxy", programs: &[&["haproxy"]], folders: FOLDERS, package: "haproxy" };
const NGINX: Wanted = Wanted { name: "nginx", programs: &[&["nginx"]], folders: FOLDERS, package: "nginx" };

/// Where their programs are, as tests are told of it.
pub(super) fn programs() -> Result<Vec<(String, String)>> {
    let mut variables = Vec::new();
    for (variable, wanted) in [("TEST_HAPROXY", HAPROXY), ("TEST_NGINX", NGINX)] {
        let programs = find::programs(&wanted)?;
        let program = programs.first().context("one was wanted")?.display().to_string();
        variables.push((variable.to_owned(), program));
    }
    Ok(variables)
}
