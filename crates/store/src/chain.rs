//! Owns writing the audit log: the rows of entries and of its ends, and the entries of what is no command. A batch's commit
//! writes its own with these.

use domain::audit::{Deed, Entry, Head};
use domain::person::Kind;
use domain::text::Reason;
use domain::{Person, TenantId};

use crate::Error;
use crate::dialect::Batch;
use crate::found::Stored as _;
use crate::rows::HeadRow;
use crate::sessions::find;
use crate::set::{Rows, Write, bytes, number, row, text};

static HEADS_NEW: Write = Write::insert("audit_heads", HeadRow::FIND.read);

static HEADS: Write =
    Write::update("audit_heads", HeadRow::FIND.key, &[number("length"), bytes("hash")], &[number("length")]);

static ENTRIES: Write = Write::insert(
    "audit_entries",
    &[
        number("tenant_id"),
        number("place"),
        number("at"),
        number("principal_id"),
        text("action"),
        text("subject"),
        text("outcome"),
        text("reason"),
        text("request_id"),
        bytes("before_hash"),
        bytes("hash"),
    ],
);

/// The ends of logs as they are now, each with the end that it had.
pub(crate) fn heads<'a>(ends: impl Iterator<Item = (Option<&'a Head>, Head)>) -> [Rows; 2] {
    let (mut new, mut moved) = (Rows::of(&HEADS_NEW), Rows::of(&HEADS));
    for (was, now) in ends {
        match was {
            None => new.add(row![now.tenant.0, now.length, &now.hash[..]]),
            Some(was) => moved.add(row![now.tenant.0, now.length, &now.hash[..], was.length]),
        }
    }
    [new, moved]
}

/// The entries themselves.
pub(crate) fn entries<'a>(of: impl Iterator<Item = &'a Entry>) -> Rows {
    let mut rows = Rows::of(&ENTRIES);
    for entry in of {
        rows.add(row![
            entry.tenant.0,
            entry.place,
            entry.at.0,
            entry.principal.0,
            entry.action.as_str(),
            entry.subject.as_str(),
            entry.outcome.as_str(),
            entry.reason.as_ref().map(Reason::as_str),
            entry.request_id.as_str(),
            &entry.before[..],
            &entry.hash[..],
        ]);
    }
    rows
}

/// What is written where one of the staff does this with what is their own; nothing for others. The log's end is locked last,
/// as batches lock it.
pub(crate) async fn deed(changes: &mut Batch, person: &Person, deed: Deed<'_>) -> Result<Vec<Rows>, Error> {
    if person.kind != Kind::Staff {
        return Ok(Vec::new());
    }
    let TenantId(tenant) = person.tenant;
    let found: Vec<HeadRow> = find(changes, HeadRow::FIND, vec![tenant.into()]).await?;
    let was = found.first().map(HeadRow::head).transpose()?;
    let entry = was.unwrap_or(Head::first(person.tenant)).next_of(person.principal, person.id.to_string(), deed);
    let [new, moved] = heads(std::iter::once((was.as_ref(), entry.head())));
    Ok(vec![new, moved, entries(std::iter::once(&entry))])
}
