//! Storages of the driver `watchable-bind`: a directory or file on a share, where no change can be noticed, is copied to
//! a file system of the guest's own, where inotify works, and copied again whenever it changes.

use crate::ttrpc::status::Context;
use crate::ttrpc::{Result, Status};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File, FileTimes, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown, symlink};
use std::path::{Path, PathBuf};

/// More than this is not copied but bound, and changes go unnoticed.
const MAX_ENTRIES: usize = 16;
const MAX_BYTES: u64 = 1 << 20;
/// Below a directory of this name lie the copies of all containers, in one file system.
const AREA: &str = "watchable";

/// File systems for copies, with the number of those who use them.
#[derive(Default)]
pub struct Areas(HashMap<PathBuf, usize>);

impl Areas {
    fn enter(&mut self, point: &Path) -> Result<PathBuf> {
        let area = point.ancestors().find(|path| path.ends_with(AREA)).unwrap_or(point).to_path_buf();
        let users = self.0.entry(area.clone()).or_default();
        if *users == 0 {
            let _ = fs::create_dir_all(&area);
            let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
            let made = mount(Some("tmpfs"), &area, Some("tmpfs"), flags, Some("mode=0755"));
            // Shared, so that a source that grows too large can be bound in containers that run.
            let shared = made
                .and_then(|()| mount(None::<&str>, &area, None::<&str>, MsFlags::MS_SHARED, None::<&str>));
            if let Err(errno) = shared {
                self.0.remove(&area);
                return Err(errno).context(format!("tmpfs on {}", area.display()));
            }
        }
        *self.0.entry(area.clone()).or_default() += 1;
        Ok(area)
    }

    fn leave(&mut self, area: &Path) {
        let Some(users) = self.0.get_mut(area) else { return };
        *users -= 1;
        if *users == 0 {
            self.0.remove(area);
            let _ = umount2(area, MntFlags::MNT_DETACH | MntFlags::UMOUNT_NOFOLLOW);
        }
    }
}

pub struct Watch {
    pub source: PathBuf,
    pub point: PathBuf,
    area: PathBuf,
    /// The source itself is there, and nothing is copied any more.
    pub bound: bool,
}

impl Watch {
    pub fn begin(areas: &mut Areas, source: &str, point: &str) -> Result<Watch> {
        if !source.starts_with('/') {
            return Err(Status::invalid(format!("source is not absolute: {source}")));
        }
        let (source, point) = (PathBuf::from(source), PathBuf::from(point));
        let area = areas.enter(&point)?;
        let mut watch = Watch { source, point, area, bound: false };
        let begun = copy_changes(&watch.source, &watch.point).context(watch.source.display());
        match begun.and_then(|fits| if fits { Ok(()) } else { watch.bind() }) {
            Ok(()) => Ok(watch),
            Err(status) => {
                watch.end(areas);
                Err(status)
            }
        }
    }

    pub fn bind(&mut self) -> Result<()> {
        if self.source.is_dir() {
            fs::create_dir_all(&self.point).context(self.point.display())?;
        } else if !self.point.exists() {
            File::create(&self.point).context(self.point.display())?;
        }
        let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
        mount(Some(&self.source), &self.point, None::<&str>, flags, None::<&str>)
            .context(format!("bind {}", self.source.display()))?;
        self.bound = true;
        Ok(())
    }

    pub fn end(self, areas: &mut Areas) {
        if self.bound {
            let _ = umount2(&self.point, MntFlags::MNT_DETACH | MntFlags::UMOUNT_NOFOLLOW);
        }
        if self.area == self.point {
            areas.leave(&self.area);
            let _ = fs::remove_dir(&self.point);
        } else {
            let _ = remove(&self.point);
            areas.leave(&self.area);
        }
    }
}

/// Makes the target like the source; false when that is too large, and nothing was done.
///
/// New content appears at once and as a whole, under a name that inotify tells, as the links of a volume of Kubernetes
/// expect it: files and directories first, links next, and what is no more goes last.
pub fn copy_changes(source: &Path, target: &Path) -> io::Result<bool> {
    let found = fs::metadata(source)?;
    if !found.is_dir() {
        if found.len() > MAX_BYTES {
            return Ok(false);
        }
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        if !is_copy(&found, target) {
            // A container has bound this very file.
            write(source, target, &found)?;
        }
        return Ok(true);
    }
    let mut entries = Vec::new();
    let mut size = (0, 0);
    if !scan(source, Path::new(""), &mut entries, &mut size)? {
        return Ok(false);
    }
    fs::create_dir_all(target)?;
    own(target, &found)?;
    for (path, found) in &entries {
        let (from, to) = (source.join(path), target.join(path));
        if found.is_dir() {
            if !fs::symlink_metadata(&to).is_ok_and(|there| there.is_dir()) {
                remove(&to)?;
                fs::create_dir(&to)?;
            }
            own(&to, found)?;
        } else if found.is_file() && !is_copy(found, &to) {
            let fresh = beside(&to);
            write(&from, &fresh, found)?;
            replace(&fresh, &to)?;
        }
    }
    for (path, found) in entries.iter().filter(|(_, found)| found.is_symlink()) {
        let (from, to) = (source.join(path), target.join(path));
        let link = fs::read_link(&from)?;
        if fs::read_link(&to).ok().as_ref() != Some(&link) {
            let fresh = beside(&to);
            remove(&fresh)?;
            symlink(link, &fresh)?;
            lchown(&fresh, Some(found.uid()), Some(found.gid()))?;
            replace(&fresh, &to)?;
        }
    }
    let wanted: BTreeSet<&Path> = entries.iter().map(|(path, _)| path.as_path()).collect();
    sweep(target, Path::new(""), &wanted)?;
    Ok(true)
}

/// Everything below a directory, directories before what is in them; false when it is too much.
fn scan(
    root: &Path,
    at: &Path,
    entries: &mut Vec<(PathBuf, Metadata)>,
    size: &mut (usize, u64),
) -> io::Result<bool> {
    for entry in fs::read_dir(root.join(at))? {
        let path = at.join(entry?.file_name());
        let found = match fs::symlink_metadata(root.join(&path)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            other => other?,
        };
        let is_dir = found.is_dir();
        if !is_dir {
            *size = (size.0 + 1, size.1 + found.len());
            if size.0 > MAX_ENTRIES || size.1 > MAX_BYTES {
                return Ok(false);
            }
        }
        entries.push((path.clone(), found));
        if is_dir && !scan(root, &path, entries, size)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn sweep(root: &Path, at: &Path, wanted: &BTreeSet<&Path>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(at))? {
        let path = at.join(entry?.file_name());
        let there = root.join(&path);
        if !wanted.contains(path.as_path()) {
            remove(&there)?;
        } else if fs::symlink_metadata(&there)?.is_dir() {
            sweep(root, &path, wanted)?;
        }
    }
    Ok(())
}

/// A copy has its original's time, size, mode and owner.
fn is_copy(original: &Metadata, target: &Path) -> bool {
    let key = |m: &Metadata| (m.mode(), m.uid(), m.gid(), m.len(), m.mtime(), m.mtime_nsec());
    fs::symlink_metadata(target).is_ok_and(|there| there.is_file() && key(&there) == key(original))
}

fn write(from: &Path, to: &Path, original: &Metadata) -> io::Result<()> {
    let mut file = File::create(to)?;
    io::copy(&mut io::Read::take(File::open(from)?, MAX_BYTES), &mut file)?;
    own(to, original)?;
    file.set_times(FileTimes::new().set_modified(original.modified()?))
}

fn own(path: &Path, original: &Metadata) -> io::Result<()> {
    lchown(path, Some(original.uid()), Some(original.gid()))?;
    fs::set_permissions(path, Permissions::from_mode(original.mode() & 0o7777))
}

fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.kata-new"))
}

fn replace(fresh: &Path, path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path).is_ok_and(|there| there.is_dir()) {
        remove(path)?;
    }
    fs::rename(fresh, path)
}

fn remove(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(there) if there.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(name: &str) -> (PathBuf, PathBuf, PathBuf) {
        let root = std::env::temp_dir().join(format!("kata-watch-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(root.join("source")).unwrap();
        (root.clone(), root.join("source"), root.join("target"))
    }

    fn read(path: PathBuf) -> String {
        fs::read_to_string(path).unwrap_or_default()
    }

    #[test]
    fn volume_of_links_follows_its_source() {
        let (root, source, target) = places("links");
        let version = |name: &str, text: &str| {
            fs::create_dir(source.join(name)).unwrap();
            fs::write(source.join(name).join("config"), text).unwrap();
            symlink(name, source.join(".new")).unwrap();
            fs::rename(source.join(".new"), source.join("..data")).unwrap();
        };
        version("..1", "one");
        symlink("..data/config", source.join("config")).unwrap();
        fs::set_permissions(source.join("..1/config"), Permissions::from_mode(0o640)).unwrap();
        assert!(copy_changes(&source, &target).unwrap());
        assert_eq!(read(target.join("config")), "one");
        assert_eq!(fs::metadata(target.join("config")).unwrap().mode() & 0o777, 0o640);

        version("..2", "two");
        fs::remove_dir_all(source.join("..1")).unwrap();
        assert!(copy_changes(&source, &target).unwrap());
        assert_eq!(read(target.join("config")), "two");
        assert!(!target.join("..1").exists());
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn what_did_not_change_is_left_alone_and_kinds_may_change() {
        let (root, source, target) = places("kinds");
        fs::write(source.join("same"), "x").unwrap();
        fs::write(source.join("was-file"), "x").unwrap();
        fs::create_dir(source.join("was-dir")).unwrap();
        fs::write(source.join("was-dir/in"), "x").unwrap();
        assert!(copy_changes(&source, &target).unwrap());
        let inode = fs::metadata(target.join("same")).unwrap().ino();
        fs::remove_file(source.join("was-file")).unwrap();
        fs::create_dir(source.join("was-file")).unwrap();
        fs::remove_dir_all(source.join("was-dir")).unwrap();
        fs::write(source.join("was-dir"), "y").unwrap();
        assert!(copy_changes(&source, &target).unwrap());
        assert_eq!(fs::metadata(target.join("same")).unwrap().ino(), inode);
        assert!(target.join("was-file").is_dir());
        assert_eq!(read(target.join("was-dir")), "y");
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn single_file_is_written_in_its_place() {
        let (root, source, target) = places("file");
        let source = source.join("f");
        fs::write(&source, "one").unwrap();
        assert!(copy_changes(&source, &target).unwrap());
        let inode = fs::metadata(&target).unwrap().ino();
        fs::write(&source, "longer").unwrap();
        assert!(copy_changes(&source, &target).unwrap());
        assert_eq!(read(target.clone()), "longer");
        assert_eq!(fs::metadata(&target).unwrap().ino(), inode);
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn too_much_is_left_to_a_bind() {
        let (root, source, target) = places("large");
        for number in 0..=MAX_ENTRIES {
            fs::write(source.join(number.to_string()), "x").unwrap();
        }
        assert!(!copy_changes(&source, &target).unwrap());
        fs::remove_file(source.join("0")).unwrap();
        assert!(copy_changes(&source, &target).unwrap());
        fs::write(source.join("1"), vec![0; MAX_BYTES as usize]).unwrap();
        assert!(!copy_changes(&source, &target).unwrap());
        fs::remove_dir_all(root).unwrap();
    }
}
