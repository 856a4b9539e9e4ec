//! Owns the two files of the book: the journal that is read again, and the ledger that a judge reads. It does not
//! know what the lines mean.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::mpsc::Receiver;

use tokio::sync::watch;

use super::entries::{Movement, Record};
use super::pages::Pages;
use crate::Error;

const JOURNAL: &str = "book.jsonl";
const LEDGER: &str = "ledger.jsonl";
/// So many changes share one fsync, at most.
const BATCHES_MAX: usize = 4_096;

/// One change, to be written as one line.
pub(super) struct Batch {
    pub(super) number: u64,
    pub(super) records: Vec<Record>,
    pub(super) movements: Vec<Movement>,
}

/// Up to which change all is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Durable(u64),
    Broken,
}

/// Reads the journal into the pages, cuts off a line that was not written to its end, and opens it for more.
pub(super) fn reread(folder: &Path, pages: &mut Pages) -> Result<File, Error> {
    let path = folder.join(JOURNAL);
    let failed = |source| Error::Folder { path: path.clone(), source };
    let file = open(&path).map_err(failed)?;
    let mut reader = BufReader::new(&file);
    let mut whole = 0;
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).map_err(failed)? > 0 {
        let records = serde_json::from_slice::<Vec<Record>>(&line);
        match records {
            Ok(records) if line.ends_with(b"\n") => records.into_iter().for_each(|record| pages.apply(record)),
            _ if reader.fill_buf().map_err(failed)?.is_empty() => break,
            _ => return Err(Error::Journal { path: path.clone(), at: whole }),
        }
        whole += line.len() as u64;
        line.clear();
    }
    drop(reader);
    let _ = pages.take_unwritten();
    if file.metadata().map_err(failed)?.len() > whole {
        tracing::warn!(at = whole, "the last line of the journal was not written to its end; it is dropped");
        file.set_len(whole).and_then(|()| file.sync_all()).map_err(failed)?;
    }
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    Ok(file)
}

/// Writes the ledger anew: it is the journal's shadow, and may have missed its last lines.
pub(super) fn rewrite_ledger(folder: &Path, movements: &[Movement]) -> Result<File, Error> {
    let path = folder.join(LEDGER);
    let fresh = folder.join("ledger.jsonl.new");
    let written = || {
        let mut lines = Vec::new();
        for movement in movements {
            line(&mut lines, movement)?;
        }
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(&lines)?;
        file.sync_all()?;
        std::fs::rename(&fresh, &path)?;
        File::open(folder)?.sync_all()?;
        open(&path)
    };
    written().map_err(|source| Error::Folder { path: path.clone(), source })
}

/// Writes until nobody sends any more: what came in meanwhile shares one fsync.
pub(super) fn write(changes: &Receiver<Batch>, mut journal: File, mut ledger: File, told: &watch::Sender<Standing>) {
    while let Ok(first) = changes.recv() {
        let mut batches = vec![first];
        batches.extend(changes.try_iter().take(BATCHES_MAX - 1));
        let written = write_all(&batches, &mut journal, &mut ledger);
        if let Err(error) = written {
            tracing::error!(%error, "the book cannot be written; it is closed");
            told.send_replace(Standing::Broken);
            return;
        }
        if let Some(last) = batches.last() {
            told.send_replace(Standing::Durable(last.number));
        }
    }
}

fn write_all(batches: &[Batch], journal: &mut File, ledger: &mut File) -> io::Result<()> {
    let mut lines = Vec::new();
    for batch in batches {
        line(&mut lines, &batch.records)?;
    }
    journal.write_all(&lines)?;
    journal.sync_data()?;
    lines.clear();
    for movement in batches.iter().flat_map(|batch| &batch.movements) {
        line(&mut lines, movement)?;
    }
    if !lines.is_empty() {
        ledger.write_all(&lines)?;
        ledger.sync_data()?;
    }
    Ok(())
}

fn line(lines: &mut Vec<u8>, value: &impl serde::Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *lines, value)?;
    lines.push(b'\n');
    Ok(())
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)
}
