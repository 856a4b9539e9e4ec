//! Owns the list of the commonest passwords, and looks into it without unfolding it. Where the list is from, and its
//! licence, stand beside it in `commonest-source.txt`.

/// Lower case, NFKC, sorted by their bytes, one a line.
const LIST: &str = include_str!("commonest.txt");

/// Whether a folded password is on the list.
pub(super) fn contains(folded: &str) -> bool {
    let list = LIST.as_bytes();
    let (mut from, mut to) = (0, list.len());
    while from < to {
        // The line in which the middle lies.
        let middle = from + (to - from) / 2;
        let start = list[from..middle].iter().rposition(|byte| *byte == b'\n').map_or(from, |at| from + at + 1);
        let end = list[middle..to].iter().position(|byte| *byte == b'\n').map_or(to, |at| middle + at);
        match list[start..end].cmp(folded.as_bytes()) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => from = end + 1,
            std::cmp::Ordering::Greater => to = start,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use unicode_normalization::UnicodeNormalization as _;

    use super::*;

    /// What is not sorted, or not folded, would be there and never found.
    #[test]
    fn each_line_is_found() {
        let lines: Vec<_> = LIST.lines().collect();
        assert!(lines.len() > 8_000, "{}", lines.len());
        for pair in lines.windows(2) {
            assert!(pair[0] < pair[1], "{pair:?} is not sorted");
        }
        for line in &lines {
            assert_eq!(line.to_lowercase().nfkc().collect::<String>().trim(), *line);
            assert!(line.chars().count() >= super::super::CHARACTERS_MIN, "{line} is refused anyway");
            assert!(contains(line), "{line}");
        }
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        for line in ["", "\n", "0", "~~~~~~~~~~~~~", "a kettle, twice", "password\n", "zzzzzzzzzzzzzzzzzzzzz"] {
            assert!(!contains(line), "{line:?}");
        }
    }
}
