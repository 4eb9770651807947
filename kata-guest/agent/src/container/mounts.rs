//! Mount entries of a spec: their options, and mounting them below a root that is not trusted.

use super::root::Root;
use crate::grpc;
use crate::sys;
use crate::ttrpc::status::Context;
use crate::ttrpc::{Result, Status};
use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

/// mount(2)'s flag that links on a mount are not followed; the library does not have it.
const MS_NOSYMFOLLOW: MsFlags = MsFlags::from_bits_retain(256);

/// Options of a mount, split into what the kernel takes as flags, as propagation, for all mounts below, and as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    pub flags: MsFlags,
    pub propagation: Vec<MsFlags>,
    pub recursive: Attributes,
    pub data: String,
}

/// What mount_setattr(2) sets and clears.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    set: u64,
    clear: u64,
}

impl Attributes {
    fn add(&mut self, set: u64, clear: u64) {
        self.set = self.set & !clear | set;
        self.clear = self.clear & !set | clear;
    }

    pub fn apply(self, place: &OwnedFd) -> nix::Result<()> {
        if self == Attributes::default() {
            return Ok(());
        }
        sys::set_mount_attributes(place, self.set, self.clear)
    }
}

#[derive(Clone, Debug)]
pub struct MountPlan {
    pub source: String,
    /// The source's place in the container's own root, where it lies in that.
    pub inside: Option<String>,
    pub target: String,
    pub fstype: String,
    pub options: Options,
}

impl Options {
    pub fn parse<S: AsRef<str>>(options: &[S]) -> Options {
        let mut flags = MsFlags::empty();
        let mut propagation = Vec::new();
        let mut recursive = Attributes::default();
        let mut data: Vec<&str> = Vec::new();
        for option in options.iter().map(AsRef::as_ref) {
            if let Some((set, flag)) = flag(option) {
                flags.set(flag, set);
            } else if let Some(kind) = propagation_flag(option) {
                propagation.push(kind);
            } else if let Some((set, clear)) = recursive_attributes(option) {
                recursive.add(set, clear);
            } else if !matches!(
                option,
                "" | "defaults" | "rw" | "async" | "norelatime" | "nolazytime" | "nomand" | "loud"
            ) {
                data.push(option);
            }
        }
        Options { flags, propagation, recursive, data: data.join(",") }
    }

    /// A bind has no text for a file system to read: a word there would be lost, and with it what it was to restrict.
    /// So would be how a file system writes, which is the same for all its mounts.
    pub fn check(&self) -> Result<()> {
        let lost = match self.flags & (MsFlags::MS_SYNCHRONOUS | MsFlags::MS_DIRSYNC) {
            flags if flags.is_empty() => self.data.as_str(),
            MsFlags::MS_DIRSYNC => "dirsync",
            _ => "sync",
        };
        if self.is_bind() && !lost.is_empty() {
            return Err(Status::invalid(format!("a bind mount has no option: {lost}")));
        }
        Ok(())
    }

    /// For a message about a file system that may not know them.
    pub fn words(&self) -> String {
        if self.data.is_empty() { String::new() } else { format!(" with {}", self.data) }
    }

    /// The kernel binds without looking at what else is asked for; that is for `settle`.
    pub fn first_flags(&self) -> MsFlags {
        if self.is_bind() { self.flags & (MsFlags::MS_BIND | MsFlags::MS_REC) } else { self.flags }
    }

    /// Whether there is something that the mount itself does not do.
    fn is_settled(&self) -> bool {
        self.propagation.is_empty()
            && (!self.is_bind() || self.flags == self.first_flags())
            && self.recursive == Attributes::default()
    }

    /// What is done to a mount once it is there.
    pub fn settle(&self, place: &OwnedFd) -> nix::Result<()> {
        let path = path_of(place);
        let extra = self.flags - (MsFlags::MS_BIND | MsFlags::MS_REC);
        if self.is_bind() && !extra.is_empty() {
            let flags = extra | MsFlags::MS_BIND | MsFlags::MS_REMOUNT;
            let remount = |flags| mount(None::<&str>, path.as_str(), None::<&str>, flags, None::<&str>);
            remount(flags).or_else(|errno| match errno {
                // In a user namespace: what restricts the source cannot be left out.
                Errno::EPERM => remount(flags | flags_of(&path)),
                other => Err(other),
            })?;
        }
        self.recursive.apply(place)?;
        self.propagation.iter().try_for_each(|propagation| {
            mount(None::<&str>, path.as_str(), None::<&str>, *propagation, None::<&str>)
        })
    }

    pub fn is_bind(&self) -> bool {
        self.flags.contains(MsFlags::MS_BIND)
    }
}

/// Whether the option sets or clears a flag, and which.
fn flag(option: &str) -> Option<(bool, MsFlags)> {
    Some(match option {
        "ro" => (true, MsFlags::MS_RDONLY),
        "rw" => (false, MsFlags::MS_RDONLY),
        "nosuid" => (true, MsFlags::MS_NOSUID),
        "suid" => (false, MsFlags::MS_NOSUID),
        "nodev" => (true, MsFlags::MS_NODEV),
        "dev" => (false, MsFlags::MS_NODEV),
        "noexec" => (true, MsFlags::MS_NOEXEC),
        "exec" => (false, MsFlags::MS_NOEXEC),
        "sync" => (true, MsFlags::MS_SYNCHRONOUS),
        "dirsync" => (true, MsFlags::MS_DIRSYNC),
        "noatime" => (true, MsFlags::MS_NOATIME),
        "atime" => (false, MsFlags::MS_NOATIME),
        "nodiratime" => (true, MsFlags::MS_NODIRATIME),
        "diratime" => (false, MsFlags::MS_NODIRATIME),
        "relatime" => (true, MsFlags::MS_RELATIME),
        "strictatime" => (true, MsFlags::MS_STRICTATIME),
        "nostrictatime" => (false, MsFlags::MS_STRICTATIME),
        "bind" => (true, MsFlags::MS_BIND),
        "rbind" => (true, MsFlags::MS_BIND | MsFlags::MS_REC),
        "silent" => (true, MsFlags::MS_SILENT),
        "nosymfollow" => (true, MS_NOSYMFOLLOW),
        "symfollow" => (false, MS_NOSYMFOLLOW),
        _ => return None,
    })
}

/// What an option sets and clears for a mount and all below it.
fn recursive_attributes(option: &str) -> Option<(u64, u64)> {
    // Of mount_setattr(2). The ways to keep times of access exclude each other; one is set by clearing all.
    const RDONLY: u64 = 0x1;
    const NOSUID: u64 = 0x2;
    const NODEV: u64 = 0x4;
    const NOEXEC: u64 = 0x8;
    const ATIME: u64 = 0x70;
    const NOATIME: u64 = 0x10;
    const STRICTATIME: u64 = 0x20;
    const NODIRATIME: u64 = 0x80;
    const NOSYMFOLLOW: u64 = 0x20_0000;
    Some(match option {
        "rro" => (RDONLY, 0),
        "rrw" => (0, RDONLY),
        "rnosuid" => (NOSUID, 0),
        "rsuid" => (0, NOSUID),
        "rnodev" => (NODEV, 0),
        "rdev" => (0, NODEV),
        "rnoexec" => (NOEXEC, 0),
        "rexec" => (0, NOEXEC),
        "rnodiratime" => (NODIRATIME, 0),
        "rdiratime" => (0, NODIRATIME),
        "rnoatime" => (NOATIME, ATIME),
        "rstrictatime" => (STRICTATIME, ATIME),
        "ratime" | "rrelatime" | "rnorelatime" | "rnostrictatime" => (0, ATIME),
        "rnosymfollow" => (NOSYMFOLLOW, 0),
        "rsymfollow" => (0, NOSYMFOLLOW),
        _ => return None,
    })
}

pub fn propagation_flag(option: &str) -> Option<MsFlags> {
    Some(match option {
        "private" => MsFlags::MS_PRIVATE,
        "rprivate" => MsFlags::MS_PRIVATE | MsFlags::MS_REC,
        "shared" => MsFlags::MS_SHARED,
        "rshared" => MsFlags::MS_SHARED | MsFlags::MS_REC,
        "slave" => MsFlags::MS_SLAVE,
        "rslave" => MsFlags::MS_SLAVE | MsFlags::MS_REC,
        "unbindable" => MsFlags::MS_UNBINDABLE,
        "runbindable" => MsFlags::MS_UNBINDABLE | MsFlags::MS_REC,
        _ => return None,
    })
}

impl MountPlan {
    pub fn from_spec(mount: &grpc::Mount) -> Result<MountPlan> {
        let target = &mount.destination;
        if !target.starts_with('/') || target.split('/').any(|part| part == "..") {
            return Err(Status::invalid(format!("mount: destination is not absolute and plain: {target}")));
        }
        let options = Options::parse(&mount.options);
        let named = |status: Status| Status::invalid(format!("mount {target}: {}", status.message));
        options.check().map_err(named)?;
        if !options.is_bind() && (mount.r#type.is_empty() || mount.r#type == "bind") {
            return Err(Status::invalid(format!("mount {target}: neither a type nor bind")));
        }
        if options.is_bind() && !mount.source.starts_with('/') {
            return Err(Status::invalid(format!(
                "mount {target}: bind source is not absolute: {}",
                mount.source
            )));
        }
        let fstype = match mount.r#type.as_str() {
            "cgroup" => "cgroup2".to_string(),
            other => other.to_string(),
        };
        let source = if mount.source.is_empty() { fstype.clone() } else { mount.source.clone() };
        Ok(MountPlan { source, inside: None, target: target.clone(), fstype, options })
    }

    /// A bind whose source lies in the container's root is looked for inside it: a link in the image would lead the
    /// agent elsewhere.
    pub fn look_inside(&mut self, root: &str) {
        let below = self.source.strip_prefix(root.trim_end_matches('/')).filter(|rest| rest.starts_with('/'));
        self.inside = below.filter(|_| self.options.is_bind()).map(str::to_string);
    }

    /// Mounts below the root. Every step of the target is resolved inside it: a link in the image leads nowhere else.
    pub fn mount(&self, root: &Root) -> Result<()> {
        let what = || format!("mount {} on {}{}", self.source, self.target, self.options.words());
        let held = self.inside.as_deref().map(|path| root.directory(path)).transpose().context(what())?;
        let source = held.as_ref().map_or_else(|| self.source.clone(), path_of);
        let place = if self.options.is_bind() && !Path::new(&source).is_dir() {
            root.file(&self.target)
        } else {
            root.directory(&self.target)
        }
        .context(what())?;
        let bind = self.options.is_bind();
        let data = (!bind && !self.options.data.is_empty()).then_some(self.options.data.as_str());
        let fstype = (!bind).then_some(self.fstype.as_str());
        let first = self.options.first_flags();
        mount(Some(source.as_str()), path_of(&place).as_str(), fstype, first, data).context(what())?;
        if self.options.is_settled() {
            return Ok(());
        }
        // The old descriptor still shows what is underneath.
        root.open(&self.target).and_then(|place| self.options.settle(&place)).context(what())
    }
}

/// A remount must repeat the flags the mount has, or it would drop them.
pub fn flags_of(path: &str) -> MsFlags {
    use nix::sys::statvfs::{FsFlags, statvfs};
    let Ok(found) = statvfs(path) else { return MsFlags::empty() };
    let pairs = [
        (FsFlags::ST_RDONLY, MsFlags::MS_RDONLY),
        (FsFlags::ST_NOSUID, MsFlags::MS_NOSUID),
        (FsFlags::ST_NODEV, MsFlags::MS_NODEV),
        (FsFlags::ST_NOEXEC, MsFlags::MS_NOEXEC),
    ];
    let set = pairs.into_iter().filter(|(seen, _)| found.flags().contains(*seen));
    set.fold(MsFlags::empty(), |flags, (_, flag)| flags | flag)
}

/// A path for system calls that take no descriptor.
pub fn path_of(fd: &OwnedFd) -> String {
    format!("/proc/self/fd/{}", fd.as_raw_fd())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_split_and_later_ones_win() {
        let options = Options::parse(&["nosuid", "ro", "rw", "rslave", "mode=755", "size=65536k", "rbind"]);
        assert_eq!(options.flags, MsFlags::MS_NOSUID | MsFlags::MS_BIND | MsFlags::MS_REC);
        assert_eq!(options.propagation, [MsFlags::MS_SLAVE | MsFlags::MS_REC]);
        assert_eq!(options.data, "mode=755,size=65536k");
    }

    #[test]
    fn words_for_all_mounts_below_are_kept_and_later_ones_win() {
        let options = Options::parse(&["rbind", "rro", "rnosuid", "rsuid", "rnoatime", "rstrictatime"]);
        assert_eq!(options.recursive, Attributes { set: 0x21, clear: 0x72 });
        assert_eq!(options.data, "");
        assert_eq!(Options::parse(&["bind", "nosymfollow"]).flags, MsFlags::MS_BIND | MS_NOSYMFOLLOW);
    }

    #[test]
    fn word_that_a_bind_does_not_know_is_refused_by_name() {
        for word in ["bogus", "idmap", "ridmap", "size=1m", "noexec ", "RO", "mand"] {
            let mount = |r#type: &str, option: &str| grpc::Mount {
                destination: "/d".into(),
                source: "/s".into(),
                r#type: r#type.into(),
                options: vec![option.into(), word.into()],
            };
            let refused = MountPlan::from_spec(&mount("bind", "rbind")).unwrap_err();
            assert!(refused.message.contains(word), "{}", refused.message);
            assert_eq!(MountPlan::from_spec(&mount("tmpfs", "ro")).unwrap().options.data, word);
        }
    }

    #[test]
    fn bind_that_should_write_otherwise_than_its_file_system_is_refused() {
        for word in ["sync", "dirsync"] {
            let refused = Options::parse(&["bind", word]).check().unwrap_err();
            assert!(refused.message.ends_with(word), "{}", refused.message);
            assert_eq!(Options::parse(&[word]).check(), Ok(()));
        }
    }

    #[test]
    fn bind_is_made_first_and_restricted_afterwards() {
        let bind = Options::parse(&["rbind", "ro", "nosuid"]);
        assert_eq!(bind.first_flags(), MsFlags::MS_BIND | MsFlags::MS_REC);
        assert!(!bind.is_settled() && Options::parse(&["rbind"]).is_settled());
        assert!(Options::parse(&["ro"]).is_settled() && !Options::parse(&["rslave"]).is_settled());
    }

    #[test]
    fn bind_of_its_own_root_is_looked_for_inside() {
        let mut plan = MountPlan::from_spec(&grpc::Mount {
            destination: "/data".into(),
            source: "/run/c/rootfs/data".into(),
            r#type: "bind".into(),
            options: vec!["rbind".into()],
        })
        .unwrap();
        plan.look_inside("/run/c/rootfs");
        assert_eq!(plan.inside.as_deref(), Some("/data"));
        plan.look_inside("/run/c/root");
        assert_eq!(plan.inside, None);
    }

    #[test]
    fn destination_that_climbs_is_refused() {
        for destination in ["relative", "/a/../b"] {
            let mount =
                grpc::Mount { destination: destination.into(), r#type: "tmpfs".into(), ..Default::default() };
            assert!(MountPlan::from_spec(&mount).is_err(), "{destination}");
        }
    }
}
