//! A container's cgroup (version 2): limits, killing, freezing.

use super::reserve;
use crate::boot::CGROUP_ROOT;
use crate::grpc;
use crate::ttrpc::status::Context;
use crate::ttrpc::{Result, Status};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

pub struct Cgroup {
    path: PathBuf,
    /// For the fork straight into it.
    pub fd: OwnedFd,
}

/// Hands every controller on to the children of the root. Done before the first container and not at boot: nobody
/// needs it earlier, and it costs time.
fn delegate(directory: &Path) {
    let Ok(controllers) = fs::read_to_string(directory.join("cgroup.controllers")) else { return };
    let on = fs::read_to_string(directory.join("cgroup.subtree_control")).unwrap_or_default();
    let missing: Vec<String> = controllers
        .split_ascii_whitespace()
        .filter(|name| !on.split_ascii_whitespace().any(|have| have == *name))
        .map(|name| format!("+{name}"))
        .collect();
    if missing.is_empty() {
        return;
    }
    if fs::write(directory.join("cgroup.subtree_control"), missing.join(" ")).is_err() {
        // One controller that cannot be handed on must not keep the others back.
        for name in missing {
            let _ = fs::write(directory.join("cgroup.subtree_control"), name);
        }
    }
}

impl Cgroup {
    pub fn create(path: &str) -> Result<Cgroup> {
        let mut directory = PathBuf::from(CGROUP_ROOT);
        for part in reserve::group().into_iter().chain(path.split('/')) {
            delegate(&directory);
            directory.push(part);
            match fs::create_dir(&directory) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(error).context(format!("cgroup {}", directory.display()));
                }
                _ => {}
            }
        }
        reserve::apply();
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let fd = open(&directory, flags, Mode::empty()).context(format!("cgroup {path}"))?;
        Ok(Cgroup { path: directory, fd })
    }

    /// Whether one of the two lies in the other: to kill or remove one would be to kill or remove both.
    pub fn overlaps(&self, path: &str) -> bool {
        let other = reserve::root().join(path);
        self.path.starts_with(&other) || other.starts_with(&self.path)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap_or_default()
    }

    fn write(&self, name: &str, value: &str) -> Result<()> {
        fs::write(self.file(name), value).context(format!("cgroup {name} = {value}"))
    }

    /// Applies what is set; what is absent stays as it is. A negative limit means no limit.
    pub fn apply(&self, resources: &grpc::LinuxResources) -> Result<()> {
        if let Some(memory) = &resources.memory {
            self.apply_memory(memory)?;
        }
        if let Some(cpu) = &resources.cpu {
            self.apply_cpu(cpu)?;
        }
        if let Some(limit) = resources.pids.as_ref().map(|pids| pids.limit).filter(|limit| *limit != 0) {
            self.write("pids.max", &or_max("pids", reserve::processes_of_one(limit))?)?;
        }
        if let Some(io) = &resources.block_io {
            self.apply_io(io)?;
        }
        for huge in &resources.hugepage_limits {
            if huge.pagesize.contains(['/', '.']) {
                return Err(Status::invalid(format!("page size: {}", huge.pagesize)));
            }
            self.write(&format!("hugetlb.{}.max", huge.pagesize), &huge.limit.to_string())?;
        }
        Ok(())
    }

    fn apply_memory(&self, memory: &grpc::LinuxMemory) -> Result<()> {
        if memory.limit != 0 {
            self.write("memory.max", &or_max("memory", memory.limit)?)?;
        }
        if memory.reservation != 0 {
            let low = or_max("memory reservation", memory.reservation)?;
            self.write("memory.low", if low == "max" { "0" } else { &low })?;
        }
        if memory.swap != 0 {
            let limit = match memory.limit {
                0 => self.read("memory.max").trim().parse().unwrap_or(-1),
                limit => limit,
            };
            let swap = swap_alone(memory.swap, limit)?;
            match fs::write(self.file("memory.swap.max"), &swap) {
                // A kernel without swap has no file, and nothing to limit.
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(error).context(format!("cgroup memory.swap.max = {swap}"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn apply_cpu(&self, cpu: &grpc::LinuxCpu) -> Result<()> {
        if cpu.quota != 0 || cpu.period != 0 {
            let current = self.read("cpu.max");
            let quota = match cpu.quota {
                0 => current.split(' ').next().unwrap_or("max").to_string(),
                quota => or_max("cpu quota", quota)?,
            };
            let period = if cpu.period == 0 { String::new() } else { format!(" {}", cpu.period) };
            self.write("cpu.max", &format!("{quota}{period}"))?;
        }
        if cpu.shares != 0 {
            // 2..262144 onto 1..10000, as every runtime does it.
            let shares = cpu.shares.clamp(2, 262_144);
            self.write("cpu.weight", &(1 + (shares - 2) * 9999 / 262_142).to_string())?;
        }
        if !cpu.cpus.is_empty() {
            self.write("cpuset.cpus", &cpu.cpus)?;
        }
        if !cpu.mems.is_empty() {
            self.write("cpuset.mems", &cpu.mems)?;
        }
        Ok(())
    }

    fn apply_io(&self, io: &grpc::LinuxBlockIo) -> Result<()> {
        if io.weight != 0 {
            let weight = u64::from(io.weight.clamp(10, 1000));
            self.write("io.weight", &(1 + (weight - 10) * 9999 / 990).to_string())?;
        }
        let throttles = [
            (&io.throttle_read_bps_device, "rbps"),
            (&io.throttle_write_bps_device, "wbps"),
            (&io.throttle_read_iops_device, "riops"),
            (&io.throttle_write_iops_device, "wiops"),
        ];
        for (devices, key) in throttles {
            for device in devices {
                let rate = if device.rate == 0 { "max".into() } else { device.rate.to_string() };
                self.write("io.max", &format!("{}:{} {key}={rate}", device.major, device.minor))?;
            }
        }
        Ok(())
    }

    /// SIGKILL for everything inside, including what is being forked.
    pub fn kill(&self) -> Result<()> {
        match fs::write(self.file("cgroup.kill"), "1") {
            // Before Linux 5.14.
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.kill_one_by_one(),
            other => other.context("cgroup.kill"),
        }
    }

    fn kill_one_by_one(&self) -> Result<()> {
        self.freeze(true)?;
        for pid in self.read("cgroup.procs").lines().filter_map(|line| line.parse().ok()) {
            // SAFETY: no memory is passed. Frozen processes do not end, so the number is still theirs.
            unsafe { libc::kill(pid, libc::SIGKILL) };
        }
        self.freeze(false)
    }

    pub fn freeze(&self, frozen: bool) -> Result<()> {
        self.write("cgroup.freeze", if frozen { "1" } else { "0" })
    }

    /// One flag of cgroup.events.
    pub fn event(&self, name: &str) -> bool {
        self.read("cgroup.events").lines().any(|line| line.split_once(' ') == Some((name, "1")))
    }

    pub fn remove(&self) -> Result<()> {
        fn sweep(directory: &Path) -> io::Result<()> {
            for entry in fs::read_dir(directory)? {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    sweep(&entry.path())?;
                }
            }
            fs::remove_dir(directory)
        }
        match sweep(&self.path) {
            Err(error) if error.raw_os_error() != Some(Errno::ENOENT as i32) => {
                Err(error).context(format!("remove cgroup {}", self.path.display()))
            }
            _ => Ok(()),
        }
    }
}

/// -1 says that there is no limit; what else is below zero was meant to say something else.
fn or_max(what: &str, limit: i64) -> Result<String> {
    match limit {
        -1 => Ok("max".into()),
        0.. => Ok(limit.to_string()),
        _ => Err(Status::invalid(format!("limit of {what} {limit}: neither a number nor -1 for none"))),
    }
}

/// The spec counts memory and swap together, version 2 counts swap alone. `limit` is that of the memory, in force
/// already where the request does not change it.
fn swap_alone(both: i64, limit: i64) -> Result<String> {
    match or_max("memory and swap", both)?.as_str() {
        "max" => Ok("max".into()),
        _ if limit < 0 => {
            Err(Status::invalid(format!("memory and swap {both}: there is no limit of the memory alone")))
        }
        _ if both < limit => {
            Err(Status::invalid(format!("memory and swap {both}: less than memory, {limit}")))
        }
        _ => Ok((both - limit).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minus_one_is_no_limit_and_nothing_else_below_zero_is_one() {
        assert_eq!(or_max("pids", -1).unwrap(), "max");
        assert_eq!(or_max("pids", 7).unwrap(), "7");
        assert!(or_max("pids", -2).unwrap_err().message.contains("pids -2"));
    }

    #[test]
    fn swap_is_what_is_left_of_both_after_memory() {
        assert_eq!(swap_alone(96, 64).unwrap(), "32");
        assert_eq!(swap_alone(64, 64).unwrap(), "0");
        assert_eq!(swap_alone(-1, 64).unwrap(), "max");
        assert_eq!(swap_alone(-1, -1).unwrap(), "max");
        assert!(swap_alone(63, 64).unwrap_err().message.contains("less than memory, 64"));
        assert!(swap_alone(64, -1).unwrap_err().message.contains("no limit of the memory"));
        assert!(swap_alone(-7, 64).is_err());
    }
}
