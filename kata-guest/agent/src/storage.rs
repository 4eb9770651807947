//! Storages of requests: file systems made ready before a container that uses them.

use crate::container::ids::IdMaps;
use crate::container::mounts::Options;
use crate::container::user;
use crate::disks;
use crate::grpc;
use crate::modules::Modules;
use crate::ttrpc::status::Context;
use crate::ttrpc::{Result, Status};
use crate::watch::{Areas, Watch};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::stat::Mode;
use nix::unistd::{Gid, chown};
use std::collections::HashMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

pub const DRIVERS: [&str; 9] =
    ["blk", "ephemeral", "local", "mmioblk", "nvdimm", "overlayfs", "scsi", "virtio-fs", "watchable-bind"];
const LAYERS: &str = "/run/kata-containers/layers";
const OVERLAY_RW: &str = "io.katacontainers.fs-opt.overlay-rw";
const OVERLAY_DIRECTORY: &str = "io.katacontainers.volume.overlayfs.create_directory=";
/// Our own, for containers with a user namespace: whom the files are given to, as `uid=` and `gid=`.
const SHIFTED: &str = "io.katajava.overlayfs.";
/// Driver option of ours: a kernel module that the host has copied in, to be loaded first.
const MODULE: &str = "io.katajava.module=";
/// Options for hosts and other drivers, which no file system knows.
const FOREIGN: &str = "io.katacontainers.";

#[derive(Default)]
pub struct Storages {
    /// By mount point.
    mounted: HashMap<String, Mounted>,
    layers: u64,
    areas: Areas,
}

struct Mounted {
    users: usize,
    /// An overlay's upper and work directories, which go with it.
    layer: Option<PathBuf>,
    /// What is copied there again whenever it changes.
    watch: Option<Watch>,
}

impl Storages {
    /// Prepares all in their order; on a failure what was prepared before is released again.
    pub fn add_all(&mut self, modules: &Modules, list: &[grpc::Storage]) -> Result<Vec<String>> {
        let mut done = Vec::new();
        for storage in list {
            match self.add(modules, storage) {
                Ok(()) => done.push(storage.mount_point.clone()),
                Err(status) => {
                    self.release(&done);
                    return Err(status);
                }
            }
        }
        Ok(done)
    }

    fn add(&mut self, modules: &Modules, storage: &grpc::Storage) -> Result<()> {
        let point = storage.mount_point.as_str();
        if !DRIVERS.contains(&storage.driver.as_str()) {
            return Err(Status::invalid(format!("unknown storage driver: {}", storage.driver)));
        }
        if !point.starts_with('/') || point.split('/').any(|part| part == "..") {
            return Err(Status::invalid(format!("storage: mount point is not absolute and plain: {point}")));
        }
        if let Some(mounted) = self.mounted.get_mut(point) {
            mounted.users += 1;
            return Ok(());
        }
        let what = format!("storage {} on {point}", storage.driver);
        let failed = |status: Status| Status::new(status.code, format!("{what}: {}", status.message));
        let mut watch = None;
        if storage.driver == "watchable-bind" {
            watch = Some(Watch::begin(&mut self.areas, &storage.source, point).map_err(failed)?);
        } else {
            fs::create_dir_all(point).context(&what)?;
        }
        for path in storage.driver_options.iter().filter_map(|option| option.strip_prefix(MODULE)) {
            crate::modules::insert(path, "").context(format!("{what}: module {path}"))?;
        }
        let layer = storage.options.iter().any(|option| option == OVERLAY_RW).then(|| {
            self.layers += 1;
            Path::new(LAYERS).join(self.layers.to_string())
        });
        let done = match storage.driver.as_str() {
            "local" => local(storage),
            "ephemeral" => ephemeral(modules, storage),
            "overlayfs" => overlay(modules, storage, layer.as_deref()),
            "blk" | "mmioblk" | "nvdimm" | "scsi" => {
                let device = disks::find(storage).ok_or_else(|| {
                    Status::not_found(format!("{what}: no block device {}", storage.source))
                })?;
                generic(modules, storage, &device.to_string_lossy())
            }
            "watchable-bind" => Ok(()),
            _ => generic(modules, storage, &storage.source),
        };
        if let Err(status) = done {
            discard(layer.as_deref());
            return Err(failed(status));
        }
        self.mounted.insert(point.into(), Mounted { users: 1, layer, watch });
        if let Some(Err(status)) =
            storage.fs_group.as_ref().map(|group| change_group(Path::new(point), group))
        {
            self.release(&[point.into()]);
            return Err(status);
        }
        if let Some(mounted) = self.mounted.get_mut(point).filter(|_| storage.shared) {
            // A user that never leaves.
            mounted.users += 1;
        }
        Ok(())
    }

    /// At the end of the sandbox: also what is shared.
    pub fn release_all(&mut self) {
        let mut points: Vec<String> = self.mounted.keys().cloned().collect();
        points.sort_unstable();
        self.mounted.values_mut().for_each(|mounted| mounted.users = 1);
        self.release(&points);
    }

    pub fn release(&mut self, points: &[String]) {
        for point in points.iter().rev() {
            let Some(mounted) = self.mounted.get_mut(point) else { continue };
            mounted.users -= 1;
            if mounted.users == 0 {
                let Some(mounted) = self.mounted.remove(point) else { continue };
                if let Some(watch) = mounted.watch {
                    watch.end(&mut self.areas);
                    continue;
                }
                // A local directory is no mount: EINVAL.
                match umount2(point.as_str(), MntFlags::MNT_DETACH | MntFlags::UMOUNT_NOFOLLOW) {
                    Ok(()) | Err(Errno::EINVAL | Errno::ENOENT) => {}
                    Err(errno) => crate::warning!("unmount {point}: {errno:?}"),
                }
                let _ = fs::remove_dir(point);
                discard(mounted.layer.as_deref());
            }
        }
    }

    pub fn watches(&mut self) -> impl Iterator<Item = &mut Watch> {
        self.mounted.values_mut().filter_map(|mounted| mounted.watch.as_mut())
    }
}

fn discard(layer: Option<&Path>) {
    if let Some(layer) = layer {
        let _ = fs::remove_dir_all(layer);
    }
}

fn kernel_options(storage: &grpc::Storage) -> Options {
    let mine = |option: &&String| !option.starts_with(FOREIGN) && !option.starts_with("X-kata.");
    Options::parse(&storage.options.iter().filter(mine).collect::<Vec<_>>())
}

fn attach(modules: &Modules, source: &str, fstype: &str, point: &str, options: &Options) -> Result<()> {
    options.check()?;
    if !options.is_bind() {
        modules.load_filesystem(fstype).context(format!("module of {fstype}"))?;
    }
    let what = || format!("mount {fstype} {source}{}", options.words());
    let text = (!options.data.is_empty()).then_some(options.data.as_str());
    mount(Some(source), point, Some(fstype), options.first_flags(), text).context(what())?;
    let settled = open(point, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty())
        .and_then(|place| options.settle(&place))
        .context(what());
    if settled.is_err() {
        let _ = umount2(point, MntFlags::MNT_DETACH);
    }
    settled
}

fn generic(modules: &Modules, storage: &grpc::Storage, source: &str) -> Result<()> {
    if storage.fstype.is_empty() {
        return Err(Status::invalid("no file system type"));
    }
    let options = kernel_options(storage);
    if options.is_bind() && Path::new(source).is_file() {
        fs::remove_dir(&storage.mount_point).context("mount point")?;
        fs::write(&storage.mount_point, "").context("mount point")?;
    }
    attach(modules, source, &storage.fstype, &storage.mount_point, &options)
}

fn group_option(storage: &grpc::Storage) -> Result<Option<u32>> {
    let value = storage.options.iter().find_map(|option| option.strip_prefix("fsgid="));
    let parse = |text: &str| text.parse().map_err(|_| Status::invalid(format!("fsgid: {text}")));
    value.map(|text| parse(text).and_then(|gid| user::owner("fsgid", gid))).transpose()
}

fn local(storage: &grpc::Storage) -> Result<()> {
    let known = |option: &&String| {
        option.is_empty() || ["mode=", "fsgid=", FOREIGN].iter().any(|known| option.starts_with(known))
    };
    if let Some(word) = storage.options.iter().find(|option| !known(option)) {
        return Err(Status::invalid(format!("a directory of the guest has no option: {word}")));
    }
    if let Some(mode) = storage.options.iter().find_map(|option| option.strip_prefix("mode=")) {
        let mode = u32::from_str_radix(mode, 8).map_err(|_| Status::invalid(format!("mode: {mode}")))?;
        fs::set_permissions(&storage.mount_point, Permissions::from_mode(mode & 0o7777)).context("mode")?;
    }
    give_to_group(&storage.mount_point, group_option(storage)?)
}

fn ephemeral(modules: &Modules, storage: &grpc::Storage) -> Result<()> {
    let mut options = kernel_options(storage);
    options.data = options.data.split(',').filter(|o| !o.starts_with("fsgid=")).collect::<Vec<_>>().join(",");
    let fstype = if storage.fstype.is_empty() { "tmpfs" } else { &storage.fstype };
    attach(modules, &storage.source, fstype, &storage.mount_point, &options)?;
    give_to_group(&storage.mount_point, group_option(storage)?)
}

fn give_to_group(point: &str, group: Option<u32>) -> Result<()> {
    let Some(group) = group else { return Ok(()) };
    chown(point, None, Some(Gid::from_raw(group))).context("fsgid")?;
    let mode = fs::metadata(point).context("fsgid")?.mode();
    fs::set_permissions(point, Permissions::from_mode(mode | 0o2070)).context("fsgid")
}

/// Lower directories as given; with the read-write option an upper one that lives as long as the mount, which a
/// container that is started again shares with the one before it.
fn overlay(modules: &Modules, storage: &grpc::Storage, layer: Option<&Path>) -> Result<()> {
    for directory in storage.driver_options.iter().filter_map(|option| option.strip_prefix(OVERLAY_DIRECTORY))
    {
        fs::create_dir_all(directory).context(format!("directory {directory}"))?;
    }
    let mut options = kernel_options(storage);
    if let Some(own) = layer {
        let (upper, work) = (own.join("upper"), own.join("work"));
        fs::create_dir_all(&upper).context("upper directory")?;
        fs::create_dir_all(&work).context("work directory")?;
        let more = format!("upperdir={},workdir={}", upper.display(), work.display());
        options.data = if options.data.is_empty() { more } else { format!("{},{more}", options.data) };
    }
    let ids = IdMaps::from_options(&storage.driver_options, SHIFTED)?;
    if ids.is_some() {
        // Another owner is then a new entry of the upper directory, and not a copy of the file.
        options.data.push_str(",metacopy=on");
    }
    attach(modules, "overlay", "overlay", &storage.mount_point, &options)?;
    match ids.map(|ids| ids.shift(Path::new(&storage.mount_point))) {
        Some(Err(error)) => {
            let _ = umount2(storage.mount_point.as_str(), MntFlags::MNT_DETACH);
            Err(error).context("owners")
        }
        _ => Ok(()),
    }
}

fn change_group(point: &Path, group: &grpc::FsGroup) -> Result<()> {
    user::owner("group of the files:", group.group_id)?;
    let root_matches = fs::metadata(point).is_ok_and(|found| found.gid() == group.group_id);
    if group.group_change_policy == crate::types::FsGroupChangePolicy::OnRootMismatch as i32 && root_matches {
        return Ok(());
    }
    fn walk(path: &Path, gid: u32) -> std::io::Result<()> {
        std::os::unix::fs::lchown(path, None, Some(gid))?;
        let found = fs::symlink_metadata(path)?;
        if found.is_dir() {
            fs::set_permissions(path, Permissions::from_mode(found.mode() | 0o2070))?;
            for entry in fs::read_dir(path)? {
                walk(&entry?.path(), gid)?;
            }
        } else if found.is_file() {
            fs::set_permissions(path, Permissions::from_mode(found.mode() | 0o060))?;
        }
        Ok(())
    }
    walk(point, group.group_id).context(format!("group of {}", point.display()))
}

/// Makes a mount read-only later on, or changes its size: what UpdateEphemeralMounts asks for.
pub fn remount(storage: &grpc::Storage) -> Result<()> {
    let options = kernel_options(storage);
    let text = (!options.data.is_empty()).then_some(options.data.as_str());
    mount(None::<&str>, storage.mount_point.as_str(), None::<&str>, options.flags | MsFlags::MS_REMOUNT, text)
        .context(format!("remount {}", storage.mount_point))
}
