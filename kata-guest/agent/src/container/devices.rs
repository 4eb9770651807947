//! Device nodes a container finds in /dev.

use super::ids::IdMaps;
use super::mounts::path_of;
use super::root::Root;
use super::user;
use crate::grpc;
use crate::ttrpc::status::Context;
use crate::ttrpc::{Result, Status};
use nix::errno::Errno;
use nix::fcntl::AtFlags;
use nix::mount::{MsFlags, mount};
use nix::sys::stat::{FchmodatFlags, Mode, SFlag, fchmodat, fstatat, makedev, mknod, mknodat};
use nix::unistd::{Gid, Uid, chown, fchownat};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

#[derive(Clone, Debug)]
pub struct DevicePlan {
    pub path: String,
    pub kind: SFlag,
    pub major: u64,
    pub minor: u64,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    /// A node of the guest that is bound in its place, where none can be made.
    pub source: Option<String>,
}

/// Nodes made for containers that cannot make them; on devtmpfs, which has no `nodev`.
const STAGE: &str = "/dev/.kata";

/// What the kernel has room for. Of a larger number mknod(2) drops bits: 4097 is 1, another device.
const MOST_MAJOR: u64 = 0xfff;
const MOST_MINOR: u64 = 0xf_ffff;

const DEFAULTS: [(&str, u64, u64); 6] = [
    ("/dev/null", 1, 3),
    ("/dev/zero", 1, 5),
    ("/dev/full", 1, 7),
    ("/dev/random", 1, 8),
    ("/dev/urandom", 1, 9),
    ("/dev/tty", 5, 0),
];

const LINKS: [(&str, &str); 5] = [
    ("/proc/self/fd", "/dev/fd"),
    ("/proc/self/fd/0", "/dev/stdin"),
    ("/proc/self/fd/1", "/dev/stdout"),
    ("/proc/self/fd/2", "/dev/stderr"),
    ("pts/ptmx", "/dev/ptmx"),
];

/// The usual nodes and those of the spec; the spec's win.
pub fn plan(spec: &[grpc::LinuxDevice]) -> Result<Vec<DevicePlan>> {
    let listed = spec.iter().map(from_spec).collect::<Result<Vec<_>>>()?;
    let character = |(path, major, minor): (&str, u64, u64)| DevicePlan {
        path: path.into(),
        kind: SFlag::S_IFCHR,
        major,
        minor,
        mode: 0o666,
        uid: 0,
        gid: 0,
        source: None,
    };
    let defaults = DEFAULTS.into_iter().map(character);
    let mut all: Vec<DevicePlan> =
        defaults.filter(|default| listed.iter().all(|device| device.path != default.path)).collect();
    all.extend(listed);
    Ok(all)
}

fn from_spec(device: &grpc::LinuxDevice) -> Result<DevicePlan> {
    let path = &device.path;
    if !path.starts_with('/') || path.split('/').any(|part| part == "..") {
        return Err(Status::invalid(format!("device: path is not absolute and plain: {path}")));
    }
    let kind = match device.r#type.as_str() {
        "c" | "u" => SFlag::S_IFCHR,
        "b" => SFlag::S_IFBLK,
        "p" => SFlag::S_IFIFO,
        other => return Err(Status::invalid(format!("device {path}: unknown type: {other}"))),
    };
    let number = |what: &str, value: i64, most: u64| {
        u64::try_from(value).ok().filter(|value| *value <= most).ok_or_else(|| {
            Status::invalid(format!("device {path}: {what} number {value}: not between 0 and {most}"))
        })
    };
    Ok(DevicePlan {
        path: path.clone(),
        kind,
        major: number("major", device.major, MOST_MAJOR)?,
        minor: number("minor", device.minor, MOST_MINOR)?,
        mode: if device.file_mode == 0 { 0o666 } else { device.file_mode & 0o7777 },
        uid: user::owner(&format!("device {path}: uid"), device.uid)?,
        gid: user::owner(&format!("device {path}: gid"), device.gid)?,
        source: None,
    })
}

/// Prepares nodes for a container whose user namespace may not make any: the guest's own where that is the same, else
/// one made for the purpose, which `unstage` takes away once it is bound.
pub fn stage(devices: &mut [DevicePlan], id: &str, ids: &IdMaps) -> Result<()> {
    let directory = Path::new(STAGE).join(id);
    for (index, device) in devices.iter_mut().enumerate().filter(|(_, device)| device.kind != SFlag::S_IFIFO)
    {
        let number = makedev(device.major, device.minor);
        let is_guests = |found: &fs::Metadata| found.rdev() == number && found.mode() & 0o7777 == device.mode;
        if device.uid == 0
            && device.gid == 0
            && fs::symlink_metadata(&device.path).is_ok_and(|f| is_guests(&f))
        {
            device.source = Some(device.path.clone());
            continue;
        }
        let what = || format!("device {}", device.path);
        fs::create_dir_all(&directory).context(what())?;
        let node = directory.join(index.to_string());
        let mode = Mode::from_bits_truncate(device.mode);
        mknod(&node, device.kind, mode, number).context(what())?;
        fs::set_permissions(&node, fs::Permissions::from_mode(device.mode)).context(what())?;
        chown(&node, ids.uid(device.uid), ids.gid(device.gid)).context(what())?;
        device.source = Some(node.to_string_lossy().into_owned());
    }
    Ok(())
}

pub fn unstage(id: &str) {
    let _ = fs::remove_dir_all(Path::new(STAGE).join(id));
}

pub fn create(root: &Root, devices: &[DevicePlan]) -> Result<()> {
    for device in devices {
        make(root, device).context(format!("device {}", device.path))?;
    }
    for (target, path) in LINKS {
        root.symlink(target, path).context(format!("link {path}"))?;
    }
    Ok(())
}

fn make(root: &Root, device: &DevicePlan) -> nix::Result<()> {
    if let Some(source) = &device.source {
        let place = root.file(&device.path)?;
        let path = path_of(&place);
        return mount(Some(source.as_str()), path.as_str(), None::<&str>, MsFlags::MS_BIND, None::<&str>);
    }
    let (parent, name) = root.parent(&device.path)?;
    let mode = Mode::from_bits_truncate(device.mode);
    match mknodat(&parent, name, device.kind, mode, makedev(device.major, device.minor)) {
        Ok(()) => {}
        // The image may have it, but only the same one.
        Err(Errno::EEXIST) => {
            let found = fstatat(&parent, name, AtFlags::AT_SYMLINK_NOFOLLOW)?;
            let same = found.st_mode & SFlag::S_IFMT.bits() == device.kind.bits()
                && (device.kind == SFlag::S_IFIFO || found.st_rdev == makedev(device.major, device.minor));
            return if same { Ok(()) } else { Err(Errno::EEXIST) };
        }
        Err(errno) => return Err(errno),
    }
    // The umask is zero during set-up: the mode is as asked.
    if device.uid != 0 || device.gid != 0 {
        let flags = AtFlags::AT_SYMLINK_NOFOLLOW;
        fchownat(&parent, name, Some(Uid::from_raw(device.uid)), Some(Gid::from_raw(device.gid)), flags)?;
        fchmodat(&parent, name, mode, FchmodatFlags::FollowSymlink)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(major: i64, minor: i64, uid: u32, gid: u32) -> grpc::LinuxDevice {
        grpc::LinuxDevice {
            path: "/dev/x".into(),
            r#type: "c".into(),
            major,
            minor,
            uid,
            gid,
            ..Default::default()
        }
    }

    #[test]
    fn node_in_the_place_of_another_one_is_not_taken_for_it() {
        let directory = std::env::temp_dir().join(format!("kata-devices-{}", std::process::id()));
        fs::create_dir(&directory).unwrap();
        let root = Root::open_at(&directory).unwrap();
        let pipe = grpc::LinuxDevice { path: "/p".into(), r#type: "p".into(), ..Default::default() };
        let made = from_spec(&pipe).unwrap();
        let first = make(&root, &made);
        let again = make(&root, &made);
        fs::write(directory.join("f"), "").unwrap();
        let other = make(&root, &DevicePlan { path: "/f".into(), ..made });
        fs::remove_dir_all(&directory).unwrap();
        assert_eq!((first, again, other), (Ok(()), Ok(()), Err(Errno::EEXIST)));
    }

    #[test]
    fn numbers_that_would_become_others_are_refused_by_name() {
        assert!(from_spec(&device(4095, 1_048_575, u32::MAX - 1, 7)).is_ok());
        for (bad, named) in [
            (device(4097, 3, 0, 0), "major number 4097"),
            (device(1, 1_048_576, 0, 0), "minor number 1048576"),
            (device(-1, 3, 0, 0), "major number -1"),
            (device(1, 3, u32::MAX, 0), "uid 4294967295"),
            (device(1, 3, 0, u32::MAX), "gid 4294967295"),
        ] {
            let refused = from_spec(&bad).unwrap_err();
            assert!(refused.message.contains("/dev/x") && refused.message.contains(named), "{named}");
        }
    }
}
