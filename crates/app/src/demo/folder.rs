//! Owns the demo's folder: fresh at each start, and never one that holds anything else.

use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use anyhow::{Context as _, bail};

/// Its presence says that the folder may be emptied.
const MARK: &str = ".mideng-demo";
/// What a running server holds.
const LOCK: &str = "mideng.lock";

/// Makes an empty folder, out of an earlier demo's if there is one. `listen` is tried first, so that nothing is removed
/// where the server could not start.
pub fn fresh(folder: &Path, listen: SocketAddr) -> anyhow::Result<()> {
    TcpListener::bind(listen).with_context(|| {
        format!("cannot listen on {listen}; is another server running? --listen 127.0.0.1:0 takes any free port")
    })?;
    let shown = folder.display();
    match fs::read_dir(folder).map(|mut entries| entries.next().is_none()) {
        Ok(true) => {}
        Ok(false) if is_served(folder) => {
            bail!("another demo serves from {shown}; stop it, or give another folder with --data")
        }
        Ok(false) if folder.join(MARK).exists() => {
            fs::remove_dir_all(folder).with_context(|| format!("{shown} cannot be emptied"))?;
        }
        Ok(false) => bail!("{shown} holds something that no demo made; give another folder with --data"),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("{shown} cannot be read")),
    }
    fs::create_dir_all(folder).with_context(|| format!("{shown} cannot be made"))?;
    fs::write(folder.join(MARK), "mideng demo empties this folder at each start\n")
        .with_context(|| format!("{shown} cannot be written"))
}

fn is_served(folder: &Path) -> bool {
    File::open(folder.join(LOCK)).is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::net::TcpListener;

    use super::fresh;

    #[test]
    fn only_an_earlier_demo_is_emptied() {
        let any = "127.0.0.1:0".parse().expect("an address");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("a/b");
        fresh(&data, any).expect("a new folder");
        fs::write(data.join("orders"), "old").expect("a file can be written");
        fresh(&data, any).expect("the demo's own folder");
        assert!(!data.join("orders").exists());

        let lock = File::create(data.join(super::LOCK)).expect("a file can be written");
        lock.lock().expect("nobody else has it");
        let error = fresh(&data, any).expect_err("a demo runs").to_string();
        assert!(error.contains("another demo serves"), "{error}");
        drop(lock);

        let error = fresh(folder.path(), any).expect_err("it holds a folder of somebody").to_string();
        assert!(error.contains("--data"), "{error}");
        assert!(data.exists());

        let other = TcpListener::bind(any).expect("a free port");
        let taken = other.local_addr().expect("an address");
        let error = fresh(&data, taken).expect_err("the port is taken").to_string();
        assert!(error.contains("is another server running"), "{error}");
    }
}
