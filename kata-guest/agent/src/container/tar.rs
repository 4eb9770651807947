//! tar archives (POSIX ustar with pax headers), as much as copying needs. GNU's long names are read as well. Files with
//! holes are in the format that GNU tar calls "PAX 1.0": a pax header says so and has the real name and size, and the
//! content begins with a map, of the number of pieces and each one's offset and length, a line each, filled up to a block.
//! Names are bytes: a file may have any but a slash and NUL in its own.

use std::io::{self, Read, Write};

const BLOCK: usize = 512;
/// Names, and pax headers with them, beyond this are nothing that a file system has.
const MAX_HEADER: u64 = 64 << 10;
/// Pieces of data one sparse file may have in an archive.
pub const MAX_SEGMENTS: usize = 1 << 16;
/// The largest number of eleven octal digits.
const MAX_OCTAL: u64 = 0o77_777_777_777;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    File,
    Directory,
    Link,
    HardLink,
    Pipe,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub name: Vec<u8>,
    pub kind: Kind,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub size: u64,
    /// Seconds since 1970, and nanoseconds after that.
    pub modified: (i64, u32),
    pub link: Vec<u8>,
}

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
                    apply(&pax, &mut entry)?;
                    if entry.uid == NOBODY || entry.gid == NOBODY {
                        return Err(malformed("an owner is beyond the last number"));
                    }
                    if entry.kind != Kind::File {
                        entry.size = 0;
                    }
                    self.left = entry.size;
                    self.padding = padding(entry.size);
                    self.segments = if entry.size == 0 { Vec::new() } else { vec![(0, entry.size)] };
                    if let Some(real) = sparse(&pax)?.filter(|_| entry.kind == Kind::File) {
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

fn padding(size: u64) -> u64 {
    (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("malformed archive: {what}"))
}

fn until_nul(field: &[u8]) -> Vec<u8> {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    field[..end].to_vec()
}

fn name_of(header: &[u8; BLOCK]) -> Vec<u8> {
    let name = until_nul(&header[..100]);
    // GNU's own format has other things where ustar has the prefix.
    let prefix = if &header[257..263] == b"ustar\0" { until_nul(&header[345..500]) } else { Vec::new() };
    if prefix.is_empty() { name } else { [prefix.as_slice(), b"/", &name].concat() }
}

/// Seconds before 1970 are in GNU's binary form, the only numbers that are negative.
fn seconds(field: &[u8]) -> io::Result<i64> {
    if field[0] == 0xff {
        let last = field[field.len() - 8..].try_into().map_err(|_| malformed("a time"))?;
        return Ok(i64::from_be_bytes(last));
    }
    i64::try_from(number(field)?).map_err(|_| malformed("a time"))
}

/// What a header's whole seconds from 1970 on cannot say.
fn pax_time((seconds, nanos): (i64, u32)) -> Option<String> {
    if nanos == 0 {
        return (!(0..=MAX_OCTAL as i64).contains(&seconds)).then(|| seconds.to_string());
    }
    // The fraction counts upwards, so before 1970 both are turned round.
    Some(if seconds < 0 {
        let whole = -(seconds + 1);
        format!("-{whole}.{:09}", 1_000_000_000 - nanos)
    } else {
        format!("{seconds}.{nanos:09}")
    })
}

fn time_of(text: &[u8]) -> io::Result<(i64, u32)> {
    let text = std::str::from_utf8(text).map_err(|_| malformed("a time"))?;
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 12 || !digits(whole) || !digits(fraction) {
        return Err(malformed("a time"));
    }
    let seconds: i64 = whole.parse().map_err(|_| malformed("a time"))?;
    let nanos: u32 = fraction
        .bytes()
        .chain(std::iter::repeat(b'0'))
        .take(9)
        .fold(0, |nanos, digit| nanos * 10 + u32::from(digit - b'0'));
    Ok(match (negative, nanos) {
        (false, _) => (seconds, nanos),
        (true, 0) => (-seconds, 0),
        (true, _) => (-seconds - 1, 1_000_000_000 - nanos),
    })
}

fn kind_of(kind: u8) -> io::Result<Kind> {
    Ok(match kind {
        b'0' | 0 | b'7' => Kind::File,
        b'1' => Kind::HardLink,
        b'2' => Kind::Link,
        b'5' => Kind::Directory,
        b'6' => Kind::Pipe,
        other => return Err(malformed(&format!("entries of type '{}' are not copied", other as char))),
    })
}

/// Octal digits, or GNU's binary form for what does not fit.
fn number(field: &[u8]) -> io::Result<u64> {
    if field[0] & 0x80 != 0 {
        return field[1..].iter().try_fold(u64::from(field[0] & 0x7f), |value, byte| {
            value.checked_mul(256).map(|value| value | u64::from(*byte)).ok_or_else(|| malformed("a number"))
        });
    }
    let text: Vec<u8> = field.iter().copied().filter(|byte| !matches!(byte, 0 | b' ')).collect();
    let text = std::str::from_utf8(&text).map_err(|_| malformed("a number"))?;
    if text.is_empty() { Ok(0) } else { u64::from_str_radix(text, 8).map_err(|_| malformed("a number")) }
}

fn sum(header: &[u8]) -> u64 {
    header
        .iter()
        .enumerate()
        .map(|(at, byte)| u64::from(if (148..156).contains(&at) { b' ' } else { *byte }))
        .sum()
}

fn check(header: &[u8; BLOCK]) -> io::Result<()> {
    if number(&header[148..156])? == sum(header) { Ok(()) } else { Err(malformed("a checksum is wrong")) }
}

fn header(entry: &Entry, kind: u8) -> [u8; BLOCK] {
    let mut header = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
    let cut = |text: &[u8]| text[..text.len().min(100)].to_vec();
    put(0, &cut(&entry.name));
    put(100, format!("{:07o}", entry.mode & 0o7777).as_bytes());
    put(108, format!("{:07o}", entry.uid.min(0o7_777_777)).as_bytes());
    put(116, format!("{:07o}", entry.gid.min(0o7_777_777)).as_bytes());
    put(124, format!("{:011o}", entry.size.min(MAX_OCTAL)).as_bytes());
    put(136, format!("{:011o}", (entry.modified.0.max(0) as u64).min(MAX_OCTAL)).as_bytes());
    put(156, &[kind]);
    put(157, &cut(&entry.link));
    put(257, b"ustar\x0000");
    let sum = sum(&header);
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

fn record(pax: &mut Vec<u8>, key: &str, value: &[u8]) {
    // The length counts its own digits.
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while rest + length.to_string().len() != length {
        length = rest + length.to_string().len();
    }
    pax.extend_from_slice(format!("{length} {key}=").as_bytes());
    pax.extend_from_slice(value);
    pax.push(b'\n');
}

/// Name and size of a file with holes, where the header is of one.
fn sparse(pax: &[u8]) -> io::Result<Option<(Vec<u8>, u64)>> {
    let (mut version, mut name, mut size) = ((Vec::new(), Vec::new()), None, None);
    each_record(pax, |key, value| {
        match key {
            b"GNU.sparse.major" => version.0 = value.into(),
            b"GNU.sparse.minor" => version.1 = value.into(),
            b"GNU.sparse.name" => name = Some(value.to_vec()),
            b"GNU.sparse.realsize" => size = Some(decimal(value)?),
            _ => {}
        }
        Ok(())
    })?;
    match (version.0.as_slice(), version.1.as_slice(), name, size) {
        (b"", b"", None, None) => Ok(None),
        (b"1", b"0", Some(name), Some(size)) => Ok(Some((name, size))),
        _ => Err(malformed("a sparse file of another format")),
    }
}

fn apply(pax: &[u8], entry: &mut Entry) -> io::Result<()> {
    each_record(pax, |key, value| {
        match key {
            b"path" => entry.name = value.into(),
            b"linkpath" => entry.link = value.into(),
            b"size" => entry.size = decimal(value)?,
            b"uid" => entry.uid = owner(decimal(value)?),
            b"gid" => entry.gid = owner(decimal(value)?),
            b"mtime" => entry.modified = time_of(value)?,
            _ => {}
        }
        Ok(())
    })
}

/// To chown(2) it means "leave as it is", and what is extracted is root's.
const NOBODY: u32 = u32::MAX;

fn owner(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(NOBODY)
}

fn decimal(text: &[u8]) -> io::Result<u64> {
    let text = std::str::from_utf8(text).ok();
    text.and_then(|digits| digits.parse().ok()).ok_or_else(|| malformed("a pax number"))
}

fn each_record(pax: &[u8], mut take: impl FnMut(&[u8], &[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut rest = pax;
    while !rest.is_empty() {
        let space = rest.iter().position(|byte| *byte == b' ').ok_or_else(|| malformed("a pax header"))?;
        let length = std::str::from_utf8(&rest[..space]).ok().and_then(|digits| digits.parse::<usize>().ok());
        let length = length.filter(|length| *length > space + 1 && *length <= rest.len());
        let length = length.ok_or_else(|| malformed("a pax header"))?;
        let text = &rest[space + 1..length - 1];
        let equals = text.iter().position(|byte| *byte == b'=').ok_or_else(|| malformed("a pax header"))?;
        take(&text[..equals], &text[equals + 1..])?;
        rest = &rest[length..];
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, kind: Kind, size: u64, link: &str) -> Entry {
        let (name, link) = (name.into(), link.into());
        let modified = (1_700_000_000, 0);
        Entry { name, kind, mode: 0o4755, uid: 1000, gid: 3_000_000, size, modified, link }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let long = "d/".repeat(90) + "file";
        let entries = [
            entry("d", Kind::Directory, 0, ""),
            entry(&long, Kind::File, 3, ""),
            entry("l", Kind::Link, 0, &("x".repeat(300))),
            entry("h", Kind::HardLink, 0, "d"),
        ];
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        for entry in &entries {
            writer.entry(entry).unwrap();
            writer.content(&b"abc"[..], entry.size).unwrap();
            writer.pad(entry.size).unwrap();
        }
        writer.finish().unwrap();
        let mut reader = Reader::new(bytes.as_slice());
        for entry in &entries {
            assert_eq!(reader.next_entry().unwrap().as_ref(), Some(entry));
            let mut content = Vec::new();
            reader.read_to_end(&mut content).unwrap();
            assert_eq!(content.len() as u64, entry.size);
        }
        assert_eq!(reader.next_entry().unwrap(), None);
    }

    #[test]
    fn bytes_of_names_and_times_before_1970_stay_as_they_are() {
        for modified in [(-1, 0), (-631_152_000, 5), (-1, 999_999_999), (0, 1), (1 << 36, 0), (7, 0)] {
            let mut odd = entry("", Kind::Link, 0, "");
            odd.name = [b"d/l\xe9\n".to_vec(), vec![0xff; 200]].concat();
            odd.link = b"\x80".to_vec();
            odd.modified = modified;
            let mut bytes = Vec::new();
            Writer::new(&mut bytes).entry(&odd).unwrap();
            assert_eq!(Reader::new(bytes.as_slice()).next_entry().unwrap(), Some(odd));
        }
        for wrong in [&b""[..], b"-", b"1.x", b"1e5", b"\xff", b"1234567890123"] {
            assert!(time_of(wrong).is_err());
        }
    }

    #[test]
    fn file_with_holes_is_read_as_it_was_written() {
        let file = entry("d/sparse", Kind::File, 1 << 40, "");
        let segments = [(4096, 3), (1 << 39, 600)];
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        writer.sparse_entry(&file, &segments).unwrap();
        writer.content([7; 603].as_slice(), 603).unwrap();
        writer.pad(603).unwrap();
        writer.entry(&entry("next", Kind::File, 0, "")).unwrap();
        writer.finish().unwrap();
        assert!(bytes.len() < 8192);
        let mut reader = Reader::new(bytes.as_slice());
        assert_eq!(reader.next_entry().unwrap(), Some(file));
        assert_eq!(reader.segments(), segments);
        let mut content = Vec::new();
        reader.read_to_end(&mut content).unwrap();
        assert_eq!(content, [7; 603]);
        assert_eq!(reader.next_entry().unwrap().unwrap().name, b"next");
    }

    #[test]
    fn map_that_does_not_fit_is_refused() {
        for segments in [[(0, 10), (5, 593)], [(0, 3), (1 << 40, 600)], [(0, 3), (10, 601)]] {
            let mut bytes = Vec::new();
            let mut writer = Writer::new(&mut bytes);
            writer.sparse_entry(&entry("f", Kind::File, 1 << 40, ""), &segments).unwrap();
            // The last one promises a byte more than its header.
            let map = bytes.windows(4).position(|four| four == b"601\n");
            if let Some(at) = map {
                bytes[at..at + 3].copy_from_slice(b"602");
            }
            bytes.extend([0; 1024]);
            assert!(Reader::new(bytes.as_slice()).next_entry().is_err(), "{segments:?}");
        }
    }

    #[test]
    fn damaged_and_cut_archives_are_refused() {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        writer.entry(&entry("f", Kind::File, 1000, "")).unwrap();
        bytes.extend([0; 100]);
        let mut reader = Reader::new(bytes.as_slice());
        reader.next_entry().unwrap();
        assert!(reader.next_entry().is_err());
        bytes[3] = 1;
        assert!(Reader::new(bytes.as_slice()).next_entry().is_err());
        let mut huge = Vec::new();
        Writer::new(&mut huge).entry(&entry("f", Kind::File, 1 << 40, "")).unwrap();
        assert_eq!(Reader::new(huge.as_slice()).next_entry().unwrap().unwrap().size, 1 << 40);
    }
}
