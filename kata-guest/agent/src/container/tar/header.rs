//! The header of an entry, of POSIX ustar and of GNU's own format: names, octal or binary numbers, and a checksum.

use std::io;

use super::{BLOCK, Entry, Kind, malformed};

/// The largest number of eleven octal digits.
pub(super) const MAX_OCTAL: u64 = 0o77_777_777_777;

pub(super) fn until_nul(field: &[u8]) -> Vec<u8> {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    field[..end].to_vec()
}

pub(super) fn name_of(header: &[u8; BLOCK]) -> Vec<u8> {
    let name = until_nul(&header[..100]);
    // GNU's own format has other things where ustar has the prefix.
    let prefix = if &header[257..263] == b"ustar\0" { until_nul(&header[345..500]) } else { Vec::new() };
    if prefix.is_empty() { name } else { [prefix.as_slice(), b"/", &name].concat() }
}

/// Seconds before 1970 are in GNU's binary form, the only numbers that are negative.
pub(super) fn seconds(field: &[u8]) -> io::Result<i64> {
    if field[0] == 0xff {
        let last = field[field.len() - 8..].try_into().map_err(|_| malformed("a time"))?;
        return Ok(i64::from_be_bytes(last));
    }
    i64::try_from(number(field)?).map_err(|_| malformed("a time"))
}

pub(super) fn kind_of(kind: u8) -> io::Result<Kind> {
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
pub(super) fn number(field: &[u8]) -> io::Result<u64> {
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

pub(super) fn check(header: &[u8; BLOCK]) -> io::Result<()> {
    if number(&header[148..156])? == sum(header) { Ok(()) } else { Err(malformed("a checksum is wrong")) }
}

pub(super) fn header(entry: &Entry, kind: u8) -> [u8; BLOCK] {
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

/// To chown(2) it means "leave as it is", and what is extracted is root's.
pub(super) const NOBODY: u32 = u32::MAX;

pub(super) fn owner(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(NOBODY)
}
