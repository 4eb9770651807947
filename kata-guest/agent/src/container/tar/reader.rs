//! Reads the entries of an archive one after the other; each one's content is what the reader itself then reads.

use std::io::{self, Read};

use super::header::{NOBODY, check, kind_of, name_of, number, owner, seconds, until_nul};
use super::{BLOCK, Entry, Kind, MAX_SEGMENTS, malformed, padding, pax};

/// Names, and pax headers with them, beyond this are nothing that a file system has.
const MAX_HEADER: u64 = 64 << 10;

pub struct Reader<R> {
    source: R,
    /// Of the current entry's content.
    left: u64,
    /// Where in the file that content belongs: offset and length.
    segments: Vec<(u64, u64)>,
    padding: u64,
}

impl<R: Read> Reader<R> {
    pub fn new(source: R) -> Reader<R> {
        Reader { source, left: 0, segments: Vec::new(), padding: 0 }
    }

    /// The next entry; its content is what the reader itself then reads.
    pub fn next_entry(&mut self) -> io::Result<Option<Entry>> {
        let mut pax = Vec::new();
        let (mut long_name, mut long_link) = (None, None);
        loop {
            self.skip()?;
            let mut header = [0; BLOCK];
            if !self.header(&mut header)? {
                return Ok(None);
            }
            if header == [0; BLOCK] {
                // What follows the end is read off, so that whoever writes is not cut short.
                io::copy(&mut self.source, &mut io::sink())?;
                return Ok(None);
            }
            check(&header)?;
            let size = number(&header[124..136])?;
            match header[156] {
                b'x' => pax = self.text(size)?,
                b'g' => drop(self.text(size)?),
                b'L' => long_name = Some(until_nul(&self.text(size)?)),
                b'K' => long_link = Some(until_nul(&self.text(size)?)),
                kind => {
                    let mut entry = Entry {
                        name: name_of(&header),
                        kind: kind_of(kind)?,
                        mode: number(&header[100..108])? as u32,
                        uid: owner(number(&header[108..116])?),
                        gid: owner(number(&header[116..124])?),
                        size,
                        modified: (seconds(&header[136..148])?, 0),
                        link: until_nul(&header[157..257]),
                    };
                    entry.name = long_name.unwrap_or(entry.name);
                    entry.link = long_link.unwrap_or(entry.link);
                    pax::apply(&pax, &mut entry)?;
                    if entry.uid == NOBODY || entry.gid == NOBODY {
                        return Err(malformed("an owner is beyond the last number"));
                    }
                    if entry.kind != Kind::File {
                        entry.size = 0;
                    }
                    self.left = entry.size;
                    self.padding = padding(entry.size);
                    self.segments = if entry.size == 0 { Vec::new() } else { vec![(0, entry.size)] };
                    if let Some(real) = pax::sparse(&pax)?.filter(|_| entry.kind == Kind::File) {
                        entry.name = real.0;
                        entry.size = real.1;
                        self.segments = self.map(entry.size)?;
                    }
                    return Ok(Some(entry));
                }
            }
        }
    }

    fn header(&mut self, header: &mut [u8; BLOCK]) -> io::Result<bool> {
        let mut filled = 0;
        while filled < BLOCK {
            match self.source.read(&mut header[filled..])? {
                0 if filled == 0 => return Ok(false),
                0 => return Err(malformed("it ends within a header")),
                count => filled += count,
            }
        }
        Ok(true)
    }

    fn text(&mut self, size: u64) -> io::Result<Vec<u8>> {
        if size > MAX_HEADER {
            return Err(malformed("a header is too long"));
        }
        let mut text = vec![0; (size + padding(size)) as usize];
        self.source.read_exact(&mut text)?;
        text.truncate(size as usize);
        Ok(text)
    }

    /// Where the content of the current entry belongs, in the order it is read.
    pub fn segments(&self) -> &[(u64, u64)] {
        &self.segments
    }

    /// Reads the map of a sparse file, which has to describe exactly what follows it.
    fn map(&mut self, size: u64) -> io::Result<Vec<(u64, u64)>> {
        let mut block = [0; BLOCK];
        let mut at = BLOCK;
        let mut line = |reader: &mut Reader<R>| -> io::Result<u64> {
            let mut value: u64 = 0;
            for digits in 0..20 {
                if at == BLOCK {
                    reader.read_exact(&mut block)?;
                    at = 0;
                }
                let byte = block[at];
                at += 1;
                match byte {
                    b'\n' if digits > 0 => return Ok(value),
                    b'0'..=b'9' => {
                        let next =
                            value.checked_mul(10).and_then(|ten| ten.checked_add(u64::from(byte - b'0')));
                        value = next.ok_or_else(|| malformed("a sparse map"))?;
                    }
                    _ => break,
                }
            }
            Err(malformed("a sparse map"))
        };
        let count = line(self)?;
        if count > MAX_SEGMENTS as u64 + 1 {
            return Err(malformed("a sparse map is too long"));
        }
        let mut segments = Vec::new();
        let (mut end, mut data) = (0, 0);
        for _ in 0..count {
            let (offset, length) = (line(self)?, line(self)?);
            let next = offset.checked_add(length).filter(|next| offset >= end && *next <= size);
            end = next.ok_or_else(|| malformed("a sparse map"))?;
            data += length;
            if length > 0 {
                segments.push((offset, length));
            }
        }
        if data != self.left {
            return Err(malformed("a sparse map does not fit its content"));
        }
        Ok(segments)
    }

    fn skip(&mut self) -> io::Result<()> {
        let rest = self.left + self.padding;
        let skipped = io::copy(&mut (&mut self.source).take(rest), &mut io::sink())?;
        if skipped < rest {
            return Err(malformed("it ends within a file"));
        }
        (self.left, self.padding) = (0, 0);
        Ok(())
    }
}

impl<R: Read> Read for Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if most == 0 {
            return Ok(0);
        }
        let count = self.source.read(&mut buffer[..most])?;
        if count == 0 {
            return Err(malformed("it ends within a file"));
        }
        self.left -= count as u64;
        Ok(count)
    }
}
