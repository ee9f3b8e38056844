//! Commands as Redis reads them: an array of bulk strings each (RESP2).

/// Commands, one behind the other.
#[derive(Debug, Default)]
pub struct Resp {
    pub out: Vec<u8>,
    /// How many there are.
    pub count: u64,
}

impl Resp {
    /// A command of a name, a key and so many more words, which follow.
    pub fn command(&mut self, name: &str, key: &str, words: usize) {
        self.begin(words.saturating_add(2));
        self.word(name.as_bytes());
        self.word(key.as_bytes());
    }

    /// A command that is its name alone.
    pub fn bare(&mut self, name: &str) {
        self.begin(1);
        self.word(name.as_bytes());
    }

    /// A command of these words.
    pub fn words(&mut self, words: &[&[u8]]) {
        self.begin(words.len());
        for word in words {
            self.word(word);
        }
    }

    fn begin(&mut self, words: usize) {
        self.count = self.count.saturating_add(1);
        self.line(b'*', words);
    }

    /// One more word of the command.
    pub fn word(&mut self, bytes: &[u8]) {
        self.line(b'$', bytes.len());
        self.out.extend_from_slice(bytes);
        self.out.extend_from_slice(b"\r\n");
    }

    fn line(&mut self, kind: u8, number: usize) {
        self.out.push(kind);
        self.out.extend_from_slice(number.to_string().as_bytes());
        self.out.extend_from_slice(b"\r\n");
    }
}
