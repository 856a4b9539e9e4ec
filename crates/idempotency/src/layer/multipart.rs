//! Owns the parts of a `multipart/form-data` body, without the boundary that a client makes anew each time (RFC 7578).

/// More parts than these are not read.
const PARTS_MAX: usize = 1_000;
/// RFC 2046, section 5.1.1.
const BOUNDARY_BYTES_MAX: usize = 70;

/// Each part as its header lines, names in lower case and sorted, an empty line, and its content; or what is wrong.
pub(super) fn parts(content_type: &[u8], body: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let boundary = boundary(content_type).ok_or("the Content-Type is not multipart/form-data with a boundary")?;
    let delimiter = [b"--", boundary.as_bytes()].concat();
    let between = [b"\r\n", delimiter.as_slice()].concat();
    let mut rest = if let Some(rest) = body.strip_prefix(delimiter.as_slice()) {
        rest
    } else {
        // What stands before the first delimiter has no meaning.
        let at = find(body, &between).ok_or("the body has no part")?;
        &body[at + between.len()..]
    };
    let mut parts = Vec::new();
    while !rest.starts_with(b"--") {
        if parts.len() == PARTS_MAX {
            return Err(format!("the body has more than {PARTS_MAX} parts"));
        }
        let at = find(rest, b"\r\n").ok_or("a boundary is not followed by a line end")?;
        if !rest[..at].trim_ascii().is_empty() {
            return Err("a boundary is not followed by a line end".to_owned());
        }
        // The line end stays: a part without headers begins with an empty line.
        let from = &rest[at..];
        let end = find(from, &between).ok_or("the last part does not end")?;
        parts.push(part(&from[..end])?);
        rest = &from[end + between.len()..];
    }
    Ok(parts)
}

fn part(text: &[u8]) -> Result<Vec<u8>, String> {
    let (head, content) = if let Some(content) = text.strip_prefix(b"\r\n\r\n") {
        (&b""[..], content)
    } else {
        let at = find(text, b"\r\n\r\n").ok_or("a part has no empty line behind its headers")?;
        (&text[..at], &text[at + 4..])
    };
    let mut lines = Vec::new();
    // As bytes: names of files come in any encoding, and two that are no UTF-8 are still two.
    let mut rest = head;
    while !rest.is_empty() {
        let at = find(rest, b"\r\n").unwrap_or(rest.len());
        let line = &rest[..at];
        rest = rest.get(at + 2..).unwrap_or_default();
        if line.is_empty() {
            continue;
        }
        let colon = find(line, b":").ok_or("a header of a part has no colon")?;
        let name = line[..colon].trim_ascii().to_ascii_lowercase();
        lines.push([&name, &b":"[..], line[colon + 1..].trim_ascii(), b"\r\n"].concat());
    }
    lines.sort();
    Ok([&lines.concat(), &b"\r\n"[..], content].concat())
}

fn boundary(content_type: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(content_type).ok()?;
    let (media_type, parameters) = text.split_once(';')?;
    if !media_type.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let named = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
    let mut boundaries = named.filter(|(name, _)| name.trim().eq_ignore_ascii_case("boundary"));
    let (_, value) = boundaries.next()?;
    let value = value.trim();
    let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    (boundaries.next().is_none() && (1..=BOUNDARY_BYTES_MAX).contains(&value.len())).then(|| value.to_owned())
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::parts;

    fn body(boundary: &str, parts: &[(&str, &str)]) -> Vec<u8> {
        let part = |(head, content): &(&str, &str)| format!("--{boundary}\r\n{head}\r\n{content}\r\n");
        let parts: Vec<String> = parts.iter().map(part).collect();
        format!("{}--{boundary}--\r\n", parts.concat()).into_bytes()
    }

    const PARTS: &[(&str, &str)] = &[
        ("Content-Disposition: form-data; name=\"a\"\r\nX: 1\r\n", "one\r\n--not-it"),
        ("content-disposition: form-data; name=\"b\"\r\n", ""),
        ("", "bare"),
    ];

    #[test]
    fn r_08_the_boundary_does_not_count_and_the_parts_do() {
        let read = |boundary: &str, body: &[u8]| {
            parts(format!("multipart/form-data; charset=x; boundary=\"{boundary}\"").as_bytes(), body)
        };
        let one = read("AaB03x", &body("AaB03x", PARTS)).expect("well-formed");
        assert_eq!(one.len(), 3);
        assert_eq!(one[0], b"content-disposition:form-data; name=\"a\"\r\nx:1\r\n\r\none\r\n--not-it");
        assert_eq!(one[2], b"\r\nbare");
        assert_eq!(read("zz", &body("zz", PARTS)), Ok(one.clone()));
        assert_eq!(read("zz", &[b"preamble\r\n".as_slice(), &body("zz", PARTS)].concat()), Ok(one.clone()));
        let mut other = PARTS.to_vec();
        other.swap(0, 1);
        assert_ne!(read("zz", &body("zz", &other)), Ok(one));
    }

    #[test]
    fn r_08_two_names_that_are_no_utf_8_are_two() {
        let read = |name: u8| {
            let head = [b"--a\r\nContent-Disposition: form-data; name=\"f\"; filename=\"", &[name][..], b"\""].concat();
            parts(b"multipart/form-data; boundary=a", &[&head, &b"\r\n\r\nx\r\n--a--"[..]].concat())
                .expect("well-formed")
        };
        assert_ne!(read(0xe9), read(0xe8), "in Latin-1, two files");
        assert!(read(0xe9)[0].contains(&0xe9));
    }

    #[test]
    fn what_is_not_multipart() {
        for (content_type, body) in [
            ("text/plain", "--a\r\n\r\n\r\n--a--"),
            ("multipart/form-data", "--a\r\n\r\n\r\n--a--"),
            ("multipart/form-data; boundary=a; boundary=b", "--a\r\n\r\n\r\n--a--"),
            ("multipart/form-data; boundary=a", ""),
            ("multipart/form-data; boundary=a", "--a\r\n\r\nno end"),
            ("multipart/form-data; boundary=a", "--ab\r\n\r\n\r\n--ab--"),
            ("multipart/form-data; boundary=a", "--a\r\nno colon\r\n\r\n\r\n--a--"),
        ] {
            assert!(parts(content_type.as_bytes(), body.as_bytes()).is_err(), "{content_type} {body:?}");
        }
        let many = format!("{}--a--", "--a\r\n\r\n\r\n".repeat(1_001));
        assert!(parts(b"multipart/form-data; boundary=a", many.as_bytes()).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_body_panics(body in "(--a|\r\n|:|x|--|\n){0,24}") {
            let _ = parts(b"multipart/form-data; boundary=a", body.as_bytes());
        }
    }
}
