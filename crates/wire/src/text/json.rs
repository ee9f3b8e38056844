//! The little of JSON that the writers need.

/// Append `text` as a JSON string.
pub fn string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for &byte in text.as_bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0..0x20 | 0x7f => {
                let hex = |n: u8| b"0123456789abcdef"[usize::from(n & 15)];
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', hex(byte >> 4), hex(byte)]);
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// Append what `write` writes, in quotation marks.
pub fn quoted(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'"');
    write(out);
    out.push(b'"');
}

/// Append `items` with commas between them, in square brackets.
pub fn array<T>(items: &[T], out: &mut Vec<u8>, mut write: impl FnMut(&T, &mut Vec<u8>)) {
    out.push(b'[');
    for (n, item) in items.iter().enumerate() {
        if n > 0 {
            out.push(b',');
        }
        write(item, out);
    }
    out.push(b']');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped() {
        let mut out = Vec::new();
        string("a\"b\\c\n\u{7f}é", &mut out);
        assert_eq!(out, "\"a\\\"b\\\\c\\u000a\\u007fé\"".as_bytes());
    }

    #[test]
    fn arrays_have_commas_between() {
        let mut out = Vec::new();
        array(&["a", "b"], &mut out, |text, out| string(text, out));
        array(&[], &mut out, |text: &&str, out| string(text, out));
        assert_eq!(out, b"[\"a\",\"b\"][]");
    }
}
