//! Copying into and out of a container, done in a child that has joined it: nothing in the container is executed, and
//! the container's own mounts and links mean what they mean to its processes.
//!
//! What comes in is a tar archive. Below its destination no link is followed and no name climbs, so an archive writes
//! nowhere else; what goes out is read without following links below its source.

use super::tar::{Entry, Kind, MAX_SEGMENTS, Reader, Writer};
use crate::sys::open_beneath;
use crate::ttrpc::{Result, Status};
use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open, openat, readlinkat};
use nix::sys::stat::{
    FchmodatFlags, Mode, SFlag, UtimensatFlags, fchmodat, fstatat, mkdirat, mknodat, utimensat,
};
use nix::sys::time::TimeSpec;
use nix::unistd::{Gid, Uid, UnlinkatFlags, Whence, fchownat, geteuid, linkat, lseek, symlinkat, unlinkat};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

const BUFFER: usize = 128 << 10;
/// A run of zeros this long becomes a hole.
const BLOCK: usize = 4096;

/// What the agent can do in place of a program.
pub fn is_known(name: &str) -> bool {
    matches!(
        name,
        "tar-create" | "tar-create-sparse" | "tar-create-followed" | "tar-extract" | super::listeners::NAME
    )
}

/// Runs it on standard input and output; the exit code.
pub fn run(name: &str, path: &str) -> i32 {
    // SAFETY: the child's own descriptors 0 and 1, which nothing else in it uses.
    let (input, output) = unsafe { (File::from_raw_fd(0), File::from_raw_fd(1)) };
    let done = match name {
        "tar-extract" => extract(path, Reader::new(input)),
        _ => {
            let writer = Writer::new(BufWriter::with_capacity(BUFFER, output));
            let pack = Pack { archive: writer, holes: name == "tar-create-sparse", files: HashMap::new() };
            match name {
                // By links as the container itself resolves them, into whose root this process has gone.
                "tar-create-followed" => std::fs::canonicalize(path)
                    .map_err(|error| named_error(path.as_bytes(), error))
                    .and_then(|found| create(found.as_os_str().as_bytes(), pack)),
                _ => create(path.as_bytes(), pack),
            }
        }
    };
    match done {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("{error}");
            1
        }
    }
}

fn named<'a>(name: impl Into<Cow<'a, [u8]>>) -> impl Fn(Errno) -> io::Error {
    let name = shown(&name.into());
    move |errno| io::Error::other(format!("{name}: {}", errno.desc()))
}

fn named_error(name: &[u8], error: io::Error) -> io::Error {
    error.raw_os_error().map_or(error, |number| named(name)(Errno::from_raw(number)))
}

/// For a message: what is no text, or would move a terminal's cursor, is escaped.
fn shown(name: &[u8]) -> String {
    let mut text = String::new();
    for chunk in name.utf8_chunks() {
        for char in chunk.valid().chars() {
            if char.is_control() {
                text.extend(char.escape_default());
            } else {
                text.push(char);
            }
        }
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02x}")));
    }
    text
}

/// The parts of an entry's name; one that climbs or begins at the root is refused.
pub fn parts(name: &[u8]) -> io::Result<Vec<&[u8]>> {
    let parts: Vec<&[u8]> =
        name.split(|byte| *byte == b'/').filter(|part| !matches!(*part, b"" | b".")).collect();
    if name.starts_with(b"/") || parts.contains(&&b".."[..]) {
        return Err(io::Error::other(format!("{}: leads out of the destination", shown(name))));
    }
    Ok(parts)
}

/// The directory an entry goes to, made where it is missing.
fn parent(root: &OwnedFd, parts: &[&[u8]]) -> io::Result<OwnedFd> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY;
    let mut directory = open_beneath(root, ".", flags, 0).map_err(named(&b"."[..]))?;
    for part in parts {
        let mut opened = open_beneath(&directory, *part, flags, 0);
        if matches!(opened, Err(Errno::ENOENT)) {
            mkdirat(&directory, *part, Mode::from_bits_truncate(0o755)).map_err(named(*part))?;
            opened = open_beneath(&directory, *part, flags, 0);
        }
        directory = opened.map_err(named(*part))?;
    }
    Ok(directory)
}

fn extract(destination: &str, mut archive: Reader<File>) -> io::Result<()> {
    // Only where it is missing: the container's own filter may refuse to make directories.
    if !std::path::Path::new(destination).is_dir() {
        std::fs::create_dir_all(destination)?;
    }
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let root = open(destination, flags, Mode::empty()).map_err(named(destination.as_bytes()))?;
    // Directories get their modes last: one without write permission must be filled before.
    let mut directories = Vec::new();
    while let Some(entry) = archive.next_entry()? {
        let path = parts(&entry.name)?;
        let Some((name, above)) = path.split_last() else {
            set_attributes(&root, b".", &entry)?;
            continue;
        };
        let directory = parent(&root, above)?;
        let label = entry.name.clone();
        let failed = named(&label[..]);
        if entry.kind != Kind::Directory {
            match unlinkat(&directory, *name, UnlinkatFlags::NoRemoveDir) {
                Ok(()) | Err(Errno::ENOENT) => {}
                Err(errno) => return Err(failed(errno)),
            }
        }
        match entry.kind {
            Kind::Directory => {
                match mkdirat(&directory, *name, Mode::from_bits_truncate(0o700)) {
                    Ok(()) | Err(Errno::EEXIST) => {}
                    Err(errno) => return Err(failed(errno)),
                }
                // Not a link to one.
                open_beneath(&directory, *name, OFlag::O_RDONLY | OFlag::O_DIRECTORY, 0).map_err(&failed)?;
                directories.push((path_of(above, name), entry));
                continue;
            }
            Kind::File => {
                let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL;
                let file = open_beneath(&directory, *name, flags, 0o600).map_err(&failed)?;
                write_sparse(&mut archive, entry.size, &mut File::from(file))?;
            }
            Kind::Link => symlinkat(entry.link.as_slice(), &directory, *name).map_err(&failed)?,
            Kind::HardLink => {
                let target = parts(&entry.link)?;
                let Some((target, above)) = target.split_last() else {
                    return Err(failed(Errno::EINVAL));
                };
                let from = parent(&root, above)?;
                linkat(&from, *target, &directory, *name, AtFlags::empty()).map_err(&failed)?;
                continue;
            }
            Kind::Pipe => {
                mknodat(&directory, *name, SFlag::S_IFIFO, Mode::from_bits_truncate(0o600), 0)
                    .map_err(&failed)?;
            }
        }
        set_attributes(&directory, name, &entry)?;
    }
    for (path, entry) in directories.iter().rev() {
        let path: Vec<&[u8]> = path.iter().map(Vec::as_slice).collect();
        if let Some((name, above)) = path.split_last() {
            set_attributes(&parent(&root, above)?, name, entry)?;
        }
    }
    Ok(())
}

/// Not a descriptor for each: a copied tree may have more directories than this process may open.
fn path_of(above: &[&[u8]], name: &[u8]) -> Vec<Vec<u8>> {
    above.iter().chain([&name]).map(|part| part.to_vec()).collect()
}

fn set_attributes(directory: &OwnedFd, name: &[u8], entry: &Entry) -> io::Result<()> {
    let failed = named(&entry.name[..]);
    if geteuid().is_root() {
        let (uid, gid) = (Uid::from_raw(entry.uid), Gid::from_raw(entry.gid));
        fchownat(directory, name, Some(uid), Some(gid), AtFlags::AT_SYMLINK_NOFOLLOW).map_err(&failed)?;
    }
    if entry.kind != Kind::Link {
        // What is there is no link: it was made or opened as what it is, in a directory that nobody is trusted with;
        // at worst the mode of a file of this container is changed by this container.
        let mode = Mode::from_bits_truncate(entry.mode & 0o7777);
        fchmodat(directory, name, mode, FchmodatFlags::FollowSymlink).map_err(&failed)?;
    }
    let time = TimeSpec::new(entry.modified.0, i64::from(entry.modified.1));
    utimensat(directory, name, &time, &time, UtimensatFlags::NoFollowSymlink).map_err(&failed)
}

/// What the archive leaves out, and runs of zeros in what it has, become holes.
fn write_sparse(archive: &mut Reader<File>, size: u64, file: &mut File) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    let segments = archive.segments().to_vec();
    for (offset, length) in segments {
        file.seek(SeekFrom::Start(offset))?;
        let mut left = length;
        while left > 0 {
            let count = usize::try_from(left).unwrap_or(usize::MAX).min(BUFFER);
            archive.read_exact(&mut buffer[..count])?;
            for block in buffer[..count].chunks(BLOCK) {
                if block.iter().all(|byte| *byte == 0) {
                    file.seek(SeekFrom::Current(block.len() as i64))?;
                } else {
                    file.write_all(block)?;
                }
            }
            left -= count as u64;
        }
    }
    file.set_len(size)
}

/// Where a file has data, by what its file system says; all of it when that says nothing.
fn data_of(file: &File, size: u64) -> Vec<(u64, u64)> {
    let mut segments = Vec::new();
    let mut at: u64 = 0;
    while at < size {
        let seek = |from: u64, whence| lseek(file, from as i64, whence).map(|found| found as u64);
        let begin = match seek(at, Whence::SeekData) {
            Ok(begin) => begin,
            Err(Errno::ENXIO) => break,
            Err(_) => return vec![(0, size)],
        };
        let Ok(end) = seek(begin, Whence::SeekHole) else { return vec![(0, size)] };
        let end = end.min(size);
        if begin >= end {
            break;
        }
        segments.push((begin, end - begin));
        if segments.len() > MAX_SEGMENTS {
            return vec![(0, size)];
        }
        at = end;
    }
    segments
}

struct Pack {
    archive: Writer<BufWriter<File>>,
    /// Whether files with holes may be written as such, which not every reader of archives understands.
    holes: bool,
    /// The first name of each file that has several, by device and number.
    files: HashMap<(u64, u64), Vec<u8>>,
}

/// A directory's entries are named from it on, anything else by its own name.
fn create(source: &[u8], mut pack: Pack) -> io::Result<()> {
    let end = source.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
    let source = &source[..end];
    let slash = source.iter().rposition(|byte| *byte == b'/');
    let (above, name) = slash.map_or((&b""[..], source), |at| (&source[..at], &source[at + 1..]));
    let above = if above.is_empty() { b"/" } else { above };
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let directory = open(above, flags, Mode::empty()).map_err(named(above))?;
    let name = if name.is_empty() { b"." } else { name };
    let found = fstatat(&directory, name, AtFlags::AT_SYMLINK_NOFOLLOW).map_err(named(source))?;
    let is_directory = found.st_mode & SFlag::S_IFMT.bits() == SFlag::S_IFDIR.bits();
    add(&mut pack, &directory, name, if is_directory { b"." } else { name })?;
    pack.archive.finish()
}

fn add(pack: &mut Pack, directory: &OwnedFd, name: &[u8], path: &[u8]) -> io::Result<()> {
    let failed = named(path);
    let found = fstatat(directory, name, AtFlags::AT_SYMLINK_NOFOLLOW).map_err(&failed)?;
    let mut entry = Entry {
        name: path.to_vec(),
        kind: Kind::File,
        mode: found.st_mode & 0o7777,
        uid: found.st_uid,
        gid: found.st_gid,
        size: 0,
        modified: (found.st_mtime, found.st_mtime_nsec as u32),
        link: Vec::new(),
    };
    let no_follow = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    match SFlag::from_bits_truncate(found.st_mode & SFlag::S_IFMT.bits()) {
        SFlag::S_IFDIR => {
            entry.kind = Kind::Directory;
            pack.archive.entry(&entry)?;
            let inner =
                openat(directory, name, no_follow | OFlag::O_DIRECTORY, Mode::empty()).map_err(&failed)?;
            for child in names(&inner)? {
                let below = if path == b"." { child.clone() } else { [path, b"/", &child].concat() };
                add(pack, &inner, &child, &below)?;
            }
            Ok(())
        }
        SFlag::S_IFREG => {
            if found.st_nlink > 1 {
                let first = pack.files.entry((found.st_dev, found.st_ino)).or_insert_with(|| path.to_vec());
                if first.as_slice() != path {
                    entry.kind = Kind::HardLink;
                    entry.link.clone_from(first);
                    return pack.archive.entry(&entry);
                }
            }
            let flags = no_follow | OFlag::O_NONBLOCK;
            let mut file = File::from(openat(directory, name, flags, Mode::empty()).map_err(&failed)?);
            entry.size = file.metadata()?.len();
            let segments = if pack.holes { data_of(&file, entry.size) } else { vec![(0, entry.size)] };
            let whole = segments == [(0, entry.size)] || entry.size == 0;
            if whole {
                pack.archive.entry(&entry)?;
            } else {
                pack.archive.sparse_entry(&entry, &segments)?;
            }
            let broken = |error| io::Error::other(format!("{}: {error}", shown(path)));
            let mut sent = 0;
            for (offset, length) in if whole { vec![(0, entry.size)] } else { segments } {
                file.seek(SeekFrom::Start(offset))?;
                pack.archive.content(&mut file, length).map_err(broken)?;
                sent += length;
            }
            pack.archive.pad(sent)
        }
        SFlag::S_IFLNK => {
            entry.kind = Kind::Link;
            entry.link = readlinkat(directory, name).map_err(&failed)?.into_encoded_bytes();
            pack.archive.entry(&entry)
        }
        SFlag::S_IFIFO => {
            entry.kind = Kind::Pipe;
            pack.archive.entry(&entry)
        }
        // Sockets and device nodes mean nothing elsewhere.
        _ => Ok(()),
    }
}

fn names(directory: &OwnedFd) -> io::Result<Vec<Vec<u8>>> {
    // Not by way of /proc: that of a container that has ended shows nothing.
    let mut listing = Dir::from_fd(directory.try_clone()?)?;
    let mut names = Vec::new();
    for entry in listing.iter() {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if !matches!(name, b"." | b"..") {
            names.push(name.to_vec());
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// Checks what a request asks for, before anything is started.
pub fn check(name: &str, args: usize) -> Result<()> {
    if !is_known(name) {
        return Err(Status::invalid(format!("unknown builtin: {name}")));
    }
    if args != 2 {
        return Err(Status::invalid(format!("{name} takes one argument")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_out_are_refused() {
        assert_eq!(parts(b"./a//b/.").unwrap(), [&b"a"[..], b"b"]);
        assert!(parts(b"/etc/passwd").is_err());
        assert!(parts(b"a/../../b").is_err());
    }

    #[test]
    fn name_that_is_no_text_is_shown_escaped() {
        assert_eq!(shown(b"caf\xc3\xa9 l\xe9\x1b"), "caf\u{e9} l\\xe9\\u{1b}");
    }
}
