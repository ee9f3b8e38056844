//! Telling a commit that was cut off from one that went bad.

use std::collections::HashSet;
use std::io::{self, Read};

use super::format::{FRAME_HEADER, Frame, HEADER, Header, Sum};

/// What the file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// No transaction, and no sign that there was one.
    Empty,
    /// Whole transactions up to byte `end`, nothing of this round behind it.
    Whole {
        /// One behind the last byte of the last commit's frame.
        end: u64,
    },
    /// As `Whole`, and behind it a part of the transaction that was being written.
    Torn {
        /// One behind the last byte of the last commit's frame; the header's end if there is none.
        end: u64,
    },
    /// A bad frame before the last commit.
    Damaged {
        /// One behind the last byte of the last commit's frame before it.
        end: u64,
        /// Where the bad frame, or the header, begins.
        at: u64,
        /// What proves it.
        what: String,
    },
}

/// Read the file from its beginning; `page` is the page size of the database.
///
/// # Errors
/// Those of reading.
pub fn inspect(mut file: impl Read, page: usize) -> io::Result<State> {
    let mut header = [0u8; HEADER];
    if fill(&mut file, &mut header)? < HEADER {
        return Ok(State::Empty);
    }
    let header = Header::read(&header, page);
    let mut frames = Frames::new(file, page);
    if !header.is_good() {
        return bad_header(&header, &mut frames);
    }
    let mut walk = Walk {
        header,
        before: header.stored,
        end: HEADER as u64,
        open_pages: HashSet::new(),
    };
    while let Some((at, bytes)) = frames.next()? {
        let frame = Frame::read(bytes);
        if !walk.takes(&frame, at) {
            let first = First::new(&walk, &frame, at);
            return walk.behind(&first, &mut frames);
        }
    }
    Ok(walk.outcome())
}

/// Frames in the order of the file; a part of one at the end is none.
struct Frames<R> {
    file: R,
    at: u64,
    bytes: Vec<u8>,
}

impl<R: Read> Frames<R> {
    fn new(file: R, page: usize) -> Self {
        Self {
            file,
            at: HEADER as u64,
            bytes: vec![0; FRAME_HEADER + page],
        }
    }

    fn next(&mut self) -> io::Result<Option<(u64, &[u8])>> {
        if fill(&mut self.file, &mut self.bytes)? < self.bytes.len() {
            return Ok(None);
        }
        let at = self.at;
        self.at += self.bytes.len() as u64;
        Ok(Some((at, &self.bytes)))
    }
}

/// Fill `bytes`, or as much of it as the file has.
fn fill(file: &mut impl Read, bytes: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// The header is bad: was anything behind it?
fn bad_header(header: &Header, frames: &mut Frames<impl Read>) -> io::Result<State> {
    let mut before = vec![header.stored, header.computed];
    let mut salts = None;
    while let Some((at, bytes)) = frames.next()? {
        let frame = Frame::read(bytes);
        let same_round = salts.is_none_or(|salts| salts == frame.salts);
        let fits = |&before: &Sum| frame.fits(false, before) || frame.fits(true, before);
        if same_round && before.iter().any(fits) {
            return Ok(State::Damaged {
                end: 0,
                at: 0,
                what: format!("the header is bad, and the frame at byte {at} is whole"),
            });
        }
        before = vec![frame.stored];
        salts = Some(frame.salts);
    }
    Ok(State::Empty)
}

/// The good part of the file.
struct Walk {
    header: Header,
    before: Sum,
    end: u64,
    /// Pages of the transaction that has no end yet.
    open_pages: HashSet<u32>,
}

/// The first bad frame.
struct First {
    at: u64,
    commit: u32,
    page: u32,
    /// It has a salt of this round.
    has_salt: bool,
    stored: Sum,
    computed: Sum,
    /// One byte of its commit mark explains all.
    mark_is_bad: bool,
}

impl First {
    fn new(walk: &Walk, frame: &Frame<'_>, at: u64) -> Self {
        let (header, before) = (&walk.header, walk.before);
        let has_salt = frame.salts.0 == header.salts.0 || frame.salts.1 == header.salts.1;
        Self {
            at,
            commit: frame.commit,
            page: frame.page,
            has_salt,
            stored: frame.stored,
            computed: frame.computed(header.big_endian, before),
            mark_is_bad: frame.commit == 0
                && frame.fits_with_another_mark(header.big_endian, before),
        }
    }
}

impl Walk {
    /// Take the frame if it is good.
    fn takes(&mut self, frame: &Frame<'_>, at: u64) -> bool {
        let good =
            frame.salts == self.header.salts && frame.fits(self.header.big_endian, self.before);
        if good {
            self.before = frame.stored;
            self.open_pages.insert(frame.page);
            if frame.commit != 0 {
                self.end = at + frame.bytes.len() as u64;
                self.open_pages.clear();
            }
        }
        good
    }

    /// All frames were good.
    fn outcome(&self) -> State {
        if self.open_pages.is_empty() {
            State::Whole { end: self.end }
        } else {
            State::Torn { end: self.end }
        }
    }

    fn damaged(&self, first: &First, proof: u64) -> State {
        State::Damaged {
            end: self.end,
            at: first.at,
            what: format!("a bad frame, and the one at byte {proof} is of a later commit"),
        }
    }

    /// Look behind the first bad frame for what proves that it was whole once.
    fn behind(mut self, first: &First, frames: &mut Frames<impl Read>) -> io::Result<State> {
        let mut ours = first.has_salt;
        let mut ended = ours && first.commit != 0;
        let mut follows = false;
        if ours {
            self.open_pages.insert(first.page);
        }
        while let Some((at, bytes)) = frames.next()? {
            let frame = Frame::read(bytes);
            if frame.salts != self.header.salts {
                continue;
            }
            if !follows {
                follows = true;
                let fits = |sum| frame.fits(self.header.big_endian, sum);
                if fits(first.stored) || fits(first.computed) {
                    // Its checksum was written in this round, so all of its header was.
                    ended |= first.commit != 0;
                    ours = true;
                }
            }
            let twice = !self.open_pages.insert(frame.page);
            if ended || twice || first.mark_is_bad {
                return Ok(self.damaged(first, at));
            }
            ended = frame.commit != 0;
        }
        if follows || ours {
            return Ok(State::Torn { end: self.end });
        }
        Ok(self.outcome())
    }
}
