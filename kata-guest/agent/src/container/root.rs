//! A container's root directory, seen from outside before it becomes the root.

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat2};
use nix::sys::stat::{Mode, SFlag, mkdirat, mknodat};
use nix::unistd::symlinkat;
use std::os::fd::OwnedFd;
use std::path::Path;

pub struct Root {
    fd: OwnedFd,
}

impl Root {
    pub fn open_at(path: &Path) -> nix::Result<Root> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        Ok(Root { fd: open(path, flags, Mode::empty())? })
    }

    /// What a path means inside: links are followed as the container would, and never lead out.
    pub fn open(&self, path: &str) -> nix::Result<OwnedFd> {
        let path = path.trim_start_matches('/');
        let how = OpenHow::new()
            .flags(OFlag::O_PATH | OFlag::O_CLOEXEC)
            .resolve(ResolveFlag::RESOLVE_IN_ROOT | ResolveFlag::RESOLVE_NO_MAGICLINKS);
        openat2(&self.fd, if path.is_empty() { "." } else { path }, how)
    }

    /// The directory of that name, made with its parents where it is missing.
    pub fn directory(&self, path: &str) -> nix::Result<OwnedFd> {
        match self.open(path) {
            Err(Errno::ENOENT) => {}
            other => return other,
        }
        let (parent, name) = self.parent(path)?;
        match mkdirat(&parent, name, Mode::from_bits_truncate(0o755)) {
            Ok(()) | Err(Errno::EEXIST) => self.open(path),
            Err(errno) => Err(errno),
        }
    }

    /// The file of that name, made empty where it is missing.
    pub fn file(&self, path: &str) -> nix::Result<OwnedFd> {
        match self.open(path) {
            Err(Errno::ENOENT) => {}
            other => return other,
        }
        let (parent, name) = self.parent(path)?;
        match mknodat(&parent, name, SFlag::S_IFREG, Mode::from_bits_truncate(0o644), 0) {
            Ok(()) | Err(Errno::EEXIST) => self.open(path),
            Err(errno) => Err(errno),
        }
    }

    pub fn symlink(&self, target: &str, path: &str) -> nix::Result<()> {
        let (parent, name) = self.parent(path)?;
        match symlinkat(target, &parent, name) {
            Ok(()) | Err(Errno::EEXIST) => Ok(()),
            Err(errno) => Err(errno),
        }
    }

    /// The open directory a path lies in (made where missing) and its last name.
    pub fn parent<'a>(&self, path: &'a str) -> nix::Result<(OwnedFd, &'a str)> {
        let path = path.trim_end_matches('/');
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        Ok((self.directory(parent)?, name))
    }
}
