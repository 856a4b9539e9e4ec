//! Owns recognising a COMMIT in what a server sends to a database, in PostgreSQL's and MariaDB's protocols alike.

const WORD: &[u8] = b"commit";

/// Looks through one direction of one connection, piece by piece.
#[derive(Default)]
pub(super) struct Commits {
    /// How much of the word the bytes so far end with.
    matched: usize,
    /// The byte before that.
    last: u8,
}

impl Commits {
    /// Whether a COMMIT ends in this piece. Both protocols send the statement's text, behind a length or the number of a
    /// command, so a byte that no text has stands before it; or it ends a batch of statements, behind a semicolon.
    pub(super) fn are_in(&mut self, piece: &[u8]) -> bool {
        let mut found = false;
        for (at, byte) in piece.iter().enumerate() {
            let byte = byte.to_ascii_lowercase();
            if self.matched > 0 && byte == WORD[self.matched] {
                self.matched += 1;
            } else {
                self.matched = usize::from(byte == WORD[0] && (self.last < b' ' || self.last == b';'));
            }
            self.last = byte;
            if self.matched == WORD.len() {
                self.matched = 0;
                found |= piece.get(at + 1).is_none_or(|next| !next.is_ascii_alphanumeric() && *next != b'_');
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::Commits;

    fn found(pieces: &[&[u8]]) -> usize {
        let mut commits = Commits::default();
        pieces.iter().filter(|piece| commits.are_in(piece)).count()
    }

    #[test]
    fn a_commit_is_found_in_both_protocols_and_in_any_pieces() {
        let postgres: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";
        let mariadb: &[u8] = b"\x07\0\0\0\x03commit";
        for message in
            [postgres, mariadb, b"P\0\0\0\x10s1\0Commit\0\0\0", b"Q\0\0\0\x30insert into a values (1);COMMIT\0"]
        {
            assert_eq!(found(&[message]), 1, "{message:?}");
            for at in 1..message.len() {
                assert_eq!(found(&[&message[..at], &message[at..]]), 1, "{message:?} at {at}");
            }
            let bytes: Vec<_> = message.chunks(1).collect();
            assert_eq!(found(&bytes), 1, "{message:?} byte by byte");
        }
        assert_eq!(found(&[mariadb, postgres, b"Q\0\0\0\x05BEGIN\0", postgres]), 3);
    }

    #[test]
    fn what_only_looks_like_one_is_not() {
        for message in [
            &b"Q\0\0\0\x20select committed from commits\0"[..],
            b"\x07\0\0\0\x03select 'commit'",
            b"\0committed_at",
            b"\0commit_no",
            b"Q\0\0\0\x0dROLLBACK\0",
            b"\0com mit",
        ] {
            assert_eq!(found(&[message]), 0, "{message:?}");
        }
    }
}
