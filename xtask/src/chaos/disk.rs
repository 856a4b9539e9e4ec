//! Owns a small disk of its own that can be filled: a tmpfs where this may mount one, else an ordinary folder.

use std::fs::{self, File};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use rustix::fs::{FallocateFlags, fallocate};

use crate::shell::Command;

const PREFIX: &str = "mideng-chaos-";
const CHUNK_BYTES: u64 = 16 * 1_048_576;
const CRUMB_BYTES: u64 = 4_096;

/// Gone when this is dropped.
pub(super) struct Disk {
    folder: PathBuf,
    is_own: bool,
}

impl Disk {
    /// Mounts it, so many megabytes large.
    pub(super) fn mount(size_mb: u64) -> Result<Self> {
        forget_old();
        let folder = std::env::temp_dir().join(format!("{PREFIX}{}", std::process::id()));
        fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        let mount = Command::new(&format!("mount -t tmpfs -o size={size_mb}m,mode=0755 mideng-chaos")).path(&folder);
        let is_own = mount.captured_in(Path::new("/")).is_ok_and(|(_, mounted)| mounted);
        Ok(Self { folder, is_own })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether it can be filled without filling somebody's disk.
    pub(super) const fn is_own(&self) -> bool {
        self.is_own
    }

    /// Leaves no byte free.
    pub(super) fn fill(&self) -> Result<()> {
        let mut ballast = File::create(self.ballast()).context("making the ballast")?;
        let mut taken = 0;
        for length in [CHUNK_BYTES, CHUNK_BYTES / 64, CRUMB_BYTES] {
            // Room is taken without being written, which is quick.
            while fallocate(&ballast, FallocateFlags::empty(), taken, length).is_ok() {
                taken += length;
            }
        }
        // And what others gave back meanwhile.
        ballast.seek(SeekFrom::End(0)).context("making the ballast")?;
        while ballast.write_all(&[0; 512]).is_ok() {}
        Ok(())
    }

    /// Gives back what was taken.
    pub(super) fn free(&self) {
        let _gone = fs::remove_file(self.ballast());
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if self.is_own {
            unmount(&self.folder);
        }
        let _gone = fs::remove_dir_all(&self.folder);
    }
}

/// A run that was killed could not clean up.
fn forget_old() {
    let entries = fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.parse::<u32>().ok());
        if process.is_some_and(|process| !Path::new(&format!("/proc/{process}")).exists()) {
            unmount(&entry.path());
            let _gone = fs::remove_dir_all(entry.path());
        }
    }
}

fn unmount(folder: &Path) {
    // Lazily: a process that is just ending may still look.
    let _unmounted = Command::new("umount --lazy").path(folder).captured_in(Path::new("/"));
}
