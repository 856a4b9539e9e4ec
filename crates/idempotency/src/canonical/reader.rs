//! Owns reading a JSON text once, from the left, into its canonical spelling.

use super::{DEPTH_MAX, Malformed, number};

pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    pub(super) fn document(mut self) -> Result<String, Malformed> {
        let mut out = String::with_capacity(self.text.len());
        self.blanks();
        self.value(&mut out)?;
        self.blanks();
        if self.at < self.text.len() { Err(self.expected("the end")) } else { Ok(out) }
    }

    fn value(&mut self, out: &mut String) -> Result<(), Malformed> {
        match self.peek() {
            Some(b'{') => self.nested(|reader| reader.object(out)),
            Some(b'[') => self.nested(|reader| reader.array(out)),
            Some(b'"') => {
                let text = self.string()?;
                write_string(&text, out);
                Ok(())
            }
            Some(b'-' | b'0'..=b'9') => self.number(out),
            Some(b't') => self.literal("true", out),
            Some(b'f') => self.literal("false", out),
            Some(b'n') => self.literal("null", out),
            _ => Err(self.expected("a value")),
        }
    }

    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Result<(), Malformed>) -> Result<(), Malformed> {
        if self.depth == DEPTH_MAX {
            return Err(Malformed::TooDeep { at: self.at });
        }
        self.depth += 1;
        read(self)?;
        self.depth -= 1;
        Ok(())
    }

    fn array(&mut self, out: &mut String) -> Result<(), Malformed> {
        self.at += 1;
        out.push('[');
        self.blanks();
        if self.take(b']') {
            out.push(']');
            return Ok(());
        }
        loop {
            self.blanks();
            self.value(out)?;
            self.blanks();
            if self.take(b']') {
                out.push(']');
                return Ok(());
            }
            if !self.take(b',') {
                return Err(self.expected("a comma or a closing bracket"));
            }
            out.push(',');
        }
    }

    fn object(&mut self, out: &mut String) -> Result<(), Malformed> {
        self.at += 1;
        self.blanks();
        if self.take(b'}') {
            out.push_str("{}");
            return Ok(());
        }
        let mut members: Vec<(String, String)> = Vec::new();
        loop {
            self.blanks();
            if self.peek() != Some(b'"') {
                return Err(self.expected("a member name"));
            }
            let name = self.string()?;
            self.blanks();
            if !self.take(b':') {
                return Err(self.expected("a colon"));
            }
            self.blanks();
            let mut value = String::new();
            self.value(&mut value)?;
            members.push((name, value));
            self.blanks();
            if self.take(b'}') {
                break;
            }
            if !self.take(b',') {
                return Err(self.expected("a comma or a closing brace"));
            }
        }
        members.sort_by(|left, right| left.0.cmp(&right.0));
        if let Some(pair) = members.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(Malformed::DuplicateMember { at: self.at, name: pair[0].0.clone() });
        }
        write_members(&members, out);
        Ok(())
    }

    fn string(&mut self) -> Result<String, Malformed> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest
                .bytes()
                .position(|byte| byte == b'"' || byte == b'\\' || byte < 0x20)
                .ok_or(Malformed::Syntax { at: self.text.len(), expected: "a closing quote" })?;
            out.push_str(&rest[..plain]);
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    self.at += 1;
                    out.push(self.escape()?);
                }
                _ => return Err(self.expected("no raw control character in a string")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Malformed> {
        let character = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode();
            }
            _ => return Err(self.expected("an escape")),
        };
        self.at += 1;
        Ok(character)
    }

    /// `\uXXXX`, or a pair of them. A lone surrogate has no UTF-8 form and is refused.
    fn unicode(&mut self) -> Result<char, Malformed> {
        let first = self.hex()?;
        let code = if (0xd800..0xdc00).contains(&first) {
            if !(self.take(b'\\') && self.take(b'u')) {
                return Err(self.expected("the second half of a surrogate pair"));
            }
            let second = self.hex()?;
            if !(0xdc00..0xe000).contains(&second) {
                return Err(self.expected("the second half of a surrogate pair"));
            }
            0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)
        } else {
            first
        };
        char::from_u32(code).ok_or_else(|| self.expected("a whole surrogate pair"))
    }

    fn hex(&mut self) -> Result<u32, Malformed> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4).unwrap_or_default();
        let mut code = 0;
        for &digit in digits {
            let value = char::from(digit).to_digit(16).ok_or_else(|| self.expected("four hex digits"))?;
            code = code * 16 + value;
        }
        if digits.is_empty() {
            return Err(self.expected("four hex digits"));
        }
        self.at += 4;
        Ok(code)
    }

    fn number(&mut self, out: &mut String) -> Result<(), Malformed> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') && self.digits() == 0 {
            return Err(self.expected("a digit"));
        }
        if self.take(b'.') && self.digits() == 0 {
            return Err(self.expected("a digit"));
        }
        if self.take(b'e') || self.take(b'E') {
            let _sign = self.take(b'+') || self.take(b'-');
            if self.digits() == 0 {
                return Err(self.expected("a digit"));
            }
        }
        number::write(&self.text[start..self.at], out).ok_or(Malformed::NumberRange { at: start })
    }

    fn digits(&mut self) -> usize {
        let count = self.text.as_bytes()[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        count
    }

    fn literal(&mut self, word: &'static str, out: &mut String) -> Result<(), Malformed> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.expected("true, false or null"));
        }
        self.at += word.len();
        out.push_str(word);
        Ok(())
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expected(&self, expected: &'static str) -> Malformed {
        Malformed::Syntax { at: self.at, expected }
    }
}

fn write_members(members: &[(String, String)], out: &mut String) {
    out.push('{');
    for (index, (name, value)) in members.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_string(name, out);
        out.push(':');
        out.push_str(value);
    }
    out.push('}');
}

pub(super) fn write_string(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{0}'..='\u{1f}' => {
                let code = character as usize;
                out.push_str("\\u00");
                out.push(char::from(HEX[code >> 4]));
                out.push(char::from(HEX[code & 15]));
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}
