//! User namespaces: which numbers of users and groups inside stand for which of the guest.

use super::mounts::{MountPlan, Options};
use crate::grpc;
use crate::ttrpc::status::Context;
use crate::ttrpc::{Result, Status};
use nix::mount::MsFlags;
use nix::sched::CloneFlags;
use nix::unistd::{Gid, Uid};
use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown};
use std::path::Path;

/// More the kernel does not take.
const MAX_RANGES: usize = 340;

/// A range of numbers: the first inside, the first outside, how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub inside: u32,
    pub outside: u32,
    pub size: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdMaps {
    pub uids: Vec<Range>,
    pub gids: Vec<Range>,
}

impl IdMaps {
    pub fn from_spec(linux: &grpc::Linux, unshared: CloneFlags) -> Result<Option<IdMaps>> {
        let range = |mapping: &grpc::LinuxIdMapping| Range {
            inside: mapping.container_id,
            outside: mapping.host_id,
            size: mapping.size,
        };
        let maps = IdMaps {
            uids: linux.uid_mappings.iter().map(range).collect(),
            gids: linux.gid_mappings.iter().map(range).collect(),
        };
        let mapped = !(maps.uids.is_empty() && maps.gids.is_empty());
        match (unshared.contains(CloneFlags::CLONE_NEWUSER), mapped) {
            (false, false) => return Ok(None),
            (false, true) => return Err(Status::invalid("id mappings without a user namespace")),
            _ => {}
        }
        check("uid", &maps.uids)?;
        check("gid", &maps.gids)?;
        Ok(Some(maps))
    }

    /// From a storage's driver options: `KEYuid=INSIDE:OUTSIDE:SIZE` and `KEYgid=...`, any number of them.
    pub fn from_options(options: &[String], key: &str) -> Result<Option<IdMaps>> {
        let ranges = |kind: &str| {
            let prefix = format!("{key}{kind}=");
            let found = options.iter().filter_map(|option| option.strip_prefix(&prefix));
            found.map(Range::parse).collect::<Result<Vec<_>>>()
        };
        let maps = IdMaps { uids: ranges("uid")?, gids: ranges("gid")? };
        Ok((!maps.uids.is_empty() || !maps.gids.is_empty()).then_some(maps))
    }

    /// Of a child that waits for it.
    pub fn write(&self, pid: i32) -> Result<()> {
        for (file, ranges) in [("uid_map", &self.uids), ("gid_map", &self.gids)] {
            let line = |range: &Range| format!("{} {} {}\n", range.inside, range.outside, range.size);
            let text: String = ranges.iter().map(line).collect();
            // In one piece: the kernel takes a map once.
            fs::write(format!("/proc/{pid}/{file}"), text).context(file)?;
        }
        Ok(())
    }

    pub fn uid(&self, inside: u32) -> Option<Uid> {
        outside(&self.uids, inside).map(Uid::from_raw)
    }

    pub fn gid(&self, inside: u32) -> Option<Gid> {
        outside(&self.gids, inside).map(Gid::from_raw)
    }

    /// The kernel lets nobody mount a sysfs who does not own the network it shows: the guest's is bound then, with the
    /// cgroups on it, which need something in between to be covered by others. And a group that does not exist inside
    /// cannot own terminals.
    pub fn adapt(&self, mounts: &mut Vec<MountPlan>, unshared: CloneFlags) {
        let shared = !unshared.contains(CloneFlags::CLONE_NEWNET);
        for mount in mounts.iter_mut() {
            if mount.fstype == "sysfs" && shared {
                mount.source = "/sys".into();
                mount.options.flags |= MsFlags::MS_BIND | MsFlags::MS_REC;
            }
            if mount.fstype == "devpts" {
                let known = |option: &&str| {
                    let group = option.strip_prefix("gid=").and_then(|gid| gid.parse().ok());
                    group.is_none_or(|gid| self.gid(gid).is_some())
                };
                mount.options.data =
                    mount.options.data.split(',').filter(known).collect::<Vec<_>>().join(",");
            }
        }
        if let Some(at) = mounts.iter().position(|mount| mount.fstype == "cgroup2").filter(|_| shared) {
            let between = MountPlan {
                source: "tmpfs".into(),
                inside: None,
                fstype: "tmpfs".into(),
                options: Options::parse(&["nosuid", "nodev", "noexec", "ro"]),
                ..mounts[at].clone()
            };
            mounts.insert(at, between);
        }
    }

    /// Gives a tree that belongs to numbers inside to those outside that stand for them.
    pub fn shift(&self, root: &Path) -> std::io::Result<()> {
        self.shift_one(root, &mut HashSet::new())
    }

    fn shift_one(&self, path: &Path, seen: &mut HashSet<u64>) -> std::io::Result<()> {
        let found = fs::symlink_metadata(path)?;
        // A file of several names is shifted once.
        if found.is_dir() || found.nlink() == 1 || seen.insert(found.ino()) {
            let uid = outside(&self.uids, found.uid()).unwrap_or(found.uid());
            let gid = outside(&self.gids, found.gid()).unwrap_or(found.gid());
            lchown(path, Some(uid), Some(gid))?;
            if found.is_file() && found.mode() & 0o6000 != 0 {
                // The kernel takes these bits away with a change of owner.
                fs::set_permissions(path, fs::Permissions::from_mode(found.mode() & 0o7777))?;
            }
        }
        if found.is_dir() {
            for entry in fs::read_dir(path)? {
                self.shift_one(&entry?.path(), seen)?;
            }
        }
        Ok(())
    }
}

impl Range {
    fn parse(text: &str) -> Result<Range> {
        let numbers: Vec<u32> = text.split(':').filter_map(|number| number.parse().ok()).collect();
        match (numbers.as_slice(), text.matches(':').count()) {
            (&[inside, outside, size], 2) => Ok(Range { inside, outside, size }),
            _ => Err(Status::invalid(format!("id mapping: not INSIDE:OUTSIDE:SIZE: {text}"))),
        }
    }
}

fn outside(ranges: &[Range], inside: u32) -> Option<u32> {
    let holds = |range: &&Range| inside.checked_sub(range.inside).is_some_and(|at| at < range.size);
    ranges.iter().find(holds).map(|range| range.outside + (inside - range.inside))
}

fn check(what: &str, ranges: &[Range]) -> Result<()> {
    let bad = |message: &str| Err(Status::invalid(format!("{what} mappings: {message}")));
    if ranges.is_empty() || ranges.len() > MAX_RANGES {
        return bad("a user namespace needs 1 to 340");
    }
    let ends = |first: u32, size: u32| first.checked_add(size).is_some();
    if ranges.iter().any(|r| r.size == 0 || !ends(r.inside, r.size) || !ends(r.outside, r.size)) {
        return bad("a range is empty or beyond the last number");
    }
    let overlap = |a: u32, b: u32, sizes: (u32, u32)| a < b + sizes.1 && b < a + sizes.0;
    for (index, a) in ranges.iter().enumerate() {
        let clashes = |b: &Range| {
            let sizes = (a.size, b.size);
            overlap(a.inside, b.inside, sizes) || overlap(a.outside, b.outside, sizes)
        };
        if ranges[index + 1..].iter().any(clashes) {
            return bad("two ranges overlap");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linux(ranges: &[(u32, u32, u32)]) -> grpc::Linux {
        let mapping = |&(container_id, host_id, size): &(u32, u32, u32)| grpc::LinuxIdMapping {
            container_id,
            host_id,
            size,
        };
        let mappings: Vec<_> = ranges.iter().map(mapping).collect();
        grpc::Linux { uid_mappings: mappings.clone(), gid_mappings: mappings, ..Default::default() }
    }

    #[test]
    fn maps_belong_to_a_user_namespace_and_are_sound() {
        let user = CloneFlags::CLONE_NEWUSER;
        let maps = IdMaps::from_spec(&linux(&[(0, 100_000, 1000), (1000, 5, 1)]), user).unwrap().unwrap();
        assert_eq!(maps.uid(999), Some(Uid::from_raw(100_999)));
        assert_eq!(maps.gid(1000), Some(Gid::from_raw(5)));
        assert_eq!(maps.uid(1001), None);
        assert_eq!(IdMaps::from_spec(&linux(&[]), CloneFlags::empty()).unwrap(), None);
        assert!(IdMaps::from_spec(&linux(&[(0, 1, 1)]), CloneFlags::empty()).is_err());
        for bad in [
            &[][..],
            &[(0, 1, 0)],
            &[(0, u32::MAX, 2)],
            &[(0, 100, 10), (9, 200, 1)],
            &[(0, 9, 2), (5, 10, 1)],
        ] {
            assert!(IdMaps::from_spec(&linux(bad), user).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn options_name_ranges() {
        let options = ["x.uid=0:7:1", "x.gid=0:8:2", "other"].map(String::from);
        let maps = IdMaps::from_options(&options, "x.").unwrap().unwrap();
        assert_eq!(maps.uids, [Range { inside: 0, outside: 7, size: 1 }]);
        assert_eq!(maps.gid(1), Some(Gid::from_raw(9)));
        assert!(IdMaps::from_options(&options, "y.").unwrap().is_none());
        assert!(IdMaps::from_options(&["x.uid=0:7".into()], "x.").is_err());
    }
}
