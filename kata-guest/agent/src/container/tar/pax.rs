//! pax headers: records of what the header of an entry has no room for, such as long names, fractions of a second, and
//! that a file has holes.

use std::io;

use super::header::{MAX_OCTAL, owner};
use super::{Entry, malformed};

/// What a header's whole seconds from 1970 on cannot say.
pub(super) fn pax_time((seconds, nanos): (i64, u32)) -> Option<String> {
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

pub(super) fn time_of(text: &[u8]) -> io::Result<(i64, u32)> {
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

pub(super) fn record(pax: &mut Vec<u8>, key: &str, value: &[u8]) {
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
pub(super) fn sparse(pax: &[u8]) -> io::Result<Option<(Vec<u8>, u64)>> {
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

pub(super) fn apply(pax: &[u8], entry: &mut Entry) -> io::Result<()> {
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

pub(super) fn decimal(text: &[u8]) -> io::Result<u64> {
    let text = std::str::from_utf8(text).ok();
    text.and_then(|digits| digits.parse().ok()).ok_or_else(|| malformed("a pax number"))
}

pub(super) fn each_record(
    pax: &[u8],
    mut take: impl FnMut(&[u8], &[u8]) -> io::Result<()>,
) -> io::Result<()> {
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
