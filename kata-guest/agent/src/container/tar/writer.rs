//! Writes the entries of an archive, each followed by its content.

use std::io::{self, Read, Write};

use super::header::{MAX_OCTAL, header};
use super::pax::{pax_time, record};
use super::{BLOCK, Entry, Kind, padding};

pub struct Writer<W> {
    target: W,
}

impl<W: Write> Writer<W> {
    pub fn new(target: W) -> Writer<W> {
        Writer { target }
    }

    /// An entry; its content must follow, and be padded.
    pub fn entry(&mut self, entry: &Entry) -> io::Result<()> {
        self.header_of(entry, Vec::new())
    }

    fn header_of(&mut self, entry: &Entry, mut pax: Vec<u8>) -> io::Result<()> {
        if entry.name.len() > 100 {
            record(&mut pax, "path", &entry.name);
        }
        if entry.link.len() > 100 {
            record(&mut pax, "linkpath", &entry.link);
        }
        for (key, value) in [("uid", entry.uid), ("gid", entry.gid)] {
            if value > 0o7_777_777 {
                record(&mut pax, key, value.to_string().as_bytes());
            }
        }
        if entry.size > MAX_OCTAL {
            record(&mut pax, "size", entry.size.to_string().as_bytes());
        }
        if let Some(time) = pax_time(entry.modified) {
            record(&mut pax, "mtime", time.as_bytes());
        }
        if !pax.is_empty() {
            let (name, link) = (b"pax".to_vec(), Vec::new());
            let extra = Entry { name, size: pax.len() as u64, link, ..entry.clone() };
            self.target.write_all(&header(&extra, b'x'))?;
            self.target.write_all(&pax)?;
            self.pad(pax.len() as u64)?;
        }
        let kind = match entry.kind {
            Kind::File => b'0',
            Kind::HardLink => b'1',
            Kind::Link => b'2',
            Kind::Directory => b'5',
            Kind::Pipe => b'6',
        };
        self.target.write_all(&header(entry, kind))
    }

    /// Exactly `size` bytes, as the entry promised; a file that shrank meanwhile is an error.
    pub fn content(&mut self, mut source: impl Read, size: u64) -> io::Result<()> {
        let copied = io::copy(&mut (&mut source).take(size), &mut self.target)?;
        if copied < size {
            return Err(io::Error::other("it became shorter while it was read"));
        }
        Ok(())
    }

    /// A file with holes; the content of the segments must follow.
    pub fn sparse_entry(&mut self, entry: &Entry, segments: &[(u64, u64)]) -> io::Result<()> {
        let mut all = segments.to_vec();
        if all.last().is_none_or(|(offset, length)| offset + length < entry.size) {
            // GNU tar takes the end of the last piece for the end of the file.
            all.push((entry.size, 0));
        }
        let mut map = format!("{}\n", all.len());
        for (offset, length) in &all {
            map.push_str(&format!("{offset}\n{length}\n"));
        }
        let filled = map.len() as u64 + padding(map.len() as u64);
        let data: u64 = segments.iter().map(|(_, length)| length).sum();
        let mut pax = Vec::new();
        record(&mut pax, "GNU.sparse.major", b"1");
        record(&mut pax, "GNU.sparse.minor", b"0");
        record(&mut pax, "GNU.sparse.name", &entry.name);
        record(&mut pax, "GNU.sparse.realsize", entry.size.to_string().as_bytes());
        // What a reader sees that does not know of holes.
        let last = entry.name.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        let name = [b"GNUSparseFile.0/", last].concat();
        self.header_of(&Entry { name, size: filled + data, ..entry.clone() }, pax)?;
        self.target.write_all(map.as_bytes())?;
        self.pad(map.len() as u64)
    }

    /// Fills up the last block of a content of that size.
    pub fn pad(&mut self, size: u64) -> io::Result<()> {
        self.target.write_all(&[0; BLOCK][..padding(size) as usize])
    }

    pub fn finish(mut self) -> io::Result<()> {
        self.target.write_all(&[0; 2 * BLOCK])?;
        self.target.flush()
    }
}
