//! tar archives (POSIX ustar with pax headers), as much as copying needs. GNU's long names are read as well. Files with
//! holes are in the format that GNU tar calls "PAX 1.0": a pax header says so and has the real name and size, and the
//! content begins with a map, of the number of pieces and each one's offset and length, a line each, filled up to a block.
//! Names are bytes: a file may have any but a slash and NUL in its own.

use std::io;

mod header;
mod pax;
mod reader;
mod writer;

pub use reader::Reader;
pub use writer::Writer;

const BLOCK: usize = 512;
/// Pieces of data one sparse file may have in an archive.
pub const MAX_SEGMENTS: usize = 1 << 16;

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

fn padding(size: u64) -> u64 {
    (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("malformed archive: {what}"))
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::pax::time_of;
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
