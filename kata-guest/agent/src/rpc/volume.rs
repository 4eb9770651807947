//! Volumes and swap.

use super::sandbox::SHARED_DIRECTORY;
use super::{EMPTY, Outcome};
use crate::grpc::{self, volume_usage::Unit};
use crate::sys::{self, Forked};
use crate::ttrpc::status::Context;
use crate::ttrpc::{Code, Result, Status};
use nix::errno::Errno;
use nix::mount::{MntFlags, umount2};
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::statvfs::statvfs;
use prost::Message;
use std::ffi::CString;
use std::fs;
use std::os::fd::AsFd;

/// A shared directory whose server is gone answers nothing, to whom ever: the agent looks at it from a child, and
/// this long in milliseconds.
const PATIENCE: u16 = 2000;

pub fn stats(request: &grpc::VolumeStatsRequest) -> Outcome {
    let path = request.volume_guest_path.as_str();
    if !path.starts_with('/') {
        return Err(Status::invalid(format!("volume: not an absolute path: {path}")));
    }
    let [block, blocks, blocks_free, blocks_available, files, files_free, files_available] =
        look(&format!("volume {path}"), || {
            let found = statvfs(path)?;
            Ok([
                found.fragment_size() as u64,
                found.blocks(),
                found.blocks_free(),
                found.blocks_available(),
                found.files(),
                found.files_free(),
                found.files_available(),
            ])
        })?;
    let usage = |unit: Unit, factor: u64, total: u64, free: u64, available: u64| grpc::VolumeUsage {
        available: available * factor,
        total: total * factor,
        used: total.saturating_sub(free) * factor,
        unit: unit as i32,
    };
    let bytes = usage(Unit::Bytes, block, blocks, blocks_free, blocks_available);
    let inodes = usage(Unit::Inodes, 1, files, files_free, files_available);
    let volume_condition = Some(grpc::VolumeCondition::default());
    let response = grpc::VolumeStatsResponse { usage: vec![bytes, inodes], volume_condition };
    Ok(Some(response.encode_to_vec()))
}

/// Does in a child what may never return, and hands out what it found.
fn look<const N: usize>(what: &str, deed: impl FnOnce() -> nix::Result<[u64; N]>) -> Result<[u64; N]> {
    let (ours, theirs) = sys::message_pair().context(what)?;
    let Forked::Parent { .. } = sys::fork(0, None).context(what)? else {
        let (errno, found) = match deed() {
            Ok(found) => (0, found),
            Err(errno) => (errno as u64, [0; N]),
        };
        for number in [errno].into_iter().chain(found) {
            let _ = nix::unistd::write(&theirs, &number.to_ne_bytes());
        }
        sys::exit_child(0);
    };
    drop(theirs);
    let mut waited = [PollFd::new(ours.as_fd(), PollFlags::POLLIN)];
    if poll(&mut waited, PATIENCE).context(what)? == 0 {
        return Err(Status::new(Code::DeadlineExceeded, format!("{what}: its file system does not answer")));
    }
    let next = || {
        let mut number = [0; 8];
        match nix::unistd::read(&ours, &mut number).context(what)? {
            8 => Ok(u64::from_ne_bytes(number)),
            _ => Err(Status::internal(format!("{what}: whoever looked at it was killed"))),
        }
    };
    match next()? as i32 {
        0 => {}
        libc::ENOENT | libc::ENOTDIR => return Err(Status::not_found(format!("{what}: not there"))),
        errno => return Err(Errno::from_raw(errno)).context(what),
    }
    let mut found = [0; N];
    for number in &mut found {
        *number = next()?;
    }
    Ok(found)
}

/// Takes away what is mounted below the shared directory and cannot be reached any more.
pub fn remove_stale_mounts() -> Outcome {
    let mounts = fs::read("/proc/self/mountinfo").context("mountinfo")?;
    // The innermost first. A name that is no text is none that a runtime has given.
    let mut points = shared_points(&String::from_utf8_lossy(&mounts));
    points.reverse();
    look("shared mounts", || {
        for point in &points {
            // To look is often enough: the kernel detaches what lies on a name that is gone.
            let looked = nix::sys::stat::lstat(point.as_str());
            if matches!(looked, Err(Errno::ENOENT | Errno::ESTALE | Errno::ENOTCONN)) {
                match umount2(point.as_str(), MntFlags::MNT_DETACH | MntFlags::UMOUNT_NOFOLLOW) {
                    Ok(()) | Err(Errno::EINVAL | Errno::ENOENT) => {}
                    Err(errno) => return Err(errno),
                }
            }
        }
        Ok([])
    })?;
    EMPTY
}

fn shared_points(mountinfo: &str) -> Vec<String> {
    let points = mountinfo.lines().filter_map(|line| line.split(' ').nth(4)).map(unescaped);
    let below =
        |point: &String| point.strip_prefix(SHARED_DIRECTORY).is_some_and(|rest| rest.starts_with('/'));
    points.filter(below).collect()
}

/// The kernel writes blanks and the like in octal: `\040`.
fn unescaped(text: &str) -> String {
    let mut parts = text.split('\\');
    let mut plain = parts.next().unwrap_or_default().to_string();
    for part in parts {
        match part.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                plain.push(byte as char);
                plain.push_str(&part[3..]);
            }
            None => {
                plain.push('\\');
                plain.push_str(part);
            }
        }
    }
    plain
}

/// The way to a disk, as storages write it.
pub fn slots(request: &grpc::AddSwapRequest) -> String {
    request.pci_path.iter().map(|slot| format!("{slot:02x}")).collect::<Vec<_>>().join("/")
}

pub fn add_swap(request: &grpc::AddSwapRequest) -> Outcome {
    let path = slots(request);
    let device = crate::disks::block_device(&path);
    let device = device.ok_or_else(|| Status::not_found(format!("swap: no block device {path}")))?;
    swap_on(&device.to_string_lossy())
}

pub fn add_swap_path(request: &grpc::AddSwapPathRequest) -> Outcome {
    if !request.path.starts_with('/') {
        return Err(Status::invalid(format!("swap: not an absolute path: {}", request.path)));
    }
    swap_on(&request.path)
}

fn swap_on(path: &str) -> Outcome {
    let text = CString::new(path).map_err(|_| Status::invalid("swap: the path has a zero in it"))?;
    match sys::swap_on(&text) {
        Err(Errno::ENOENT) => Err(Status::not_found(format!("swap: no such file: {path}"))),
        done => done.context(format!("swapon {path}")).and(EMPTY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats_of(path: &str) -> Result<grpc::VolumeStatsResponse> {
        let request = grpc::VolumeStatsRequest { volume_guest_path: path.into() };
        stats(&request).map(|reply| super::super::decode(&reply.unwrap()).unwrap())
    }

    #[test]
    fn volume_is_told_in_bytes_and_inodes() {
        let usage = stats_of("/").unwrap().usage;
        assert_eq!(usage.iter().map(|usage| usage.unit).collect::<Vec<_>>(), [1, 2]);
        assert!(usage[0].total > 0 && usage[0].used <= usage[0].total);
    }

    #[test]
    fn volume_that_is_not_there_is_not_found() {
        assert_eq!(stats_of("/no/such/volume").unwrap_err().code, Code::NotFound);
        assert_eq!(stats_of("volume").unwrap_err().code, Code::InvalidArgument);
    }

    #[test]
    fn swap_has_a_path_that_exists() {
        let add = |path: &str| add_swap_path(&grpc::AddSwapPathRequest { path: path.into() });
        assert_eq!(add("/no/such/swap").unwrap_err().code, Code::NotFound);
        assert_eq!(add("swap").unwrap_err().code, Code::InvalidArgument);
        assert_eq!(slots(&grpc::AddSwapRequest { pci_path: vec![2, 0x1f] }), "02/1f");
    }

    #[test]
    fn shared_mounts_are_those_below_the_directory() {
        let line = |point: &str| format!("30 1 0:26 / {point} rw - tmpfs tmpfs rw\n");
        let text = [SHARED_DIRECTORY, &format!("{SHARED_DIRECTORY}/a\\040b"), "/other"].map(line).concat();
        assert_eq!(shared_points(&text), [format!("{SHARED_DIRECTORY}/a b")]);
    }
}
