//! The guest as a machine: clock, entropy, CPUs, memory, files, figures.

use super::sandbox::SHARED_DIRECTORY;
use super::{EMPTY, Outcome};
use crate::agent::Agent;
use crate::container::{reserve, user};
use crate::grpc;
use crate::sys;
use crate::ttrpc::status::Context;
use crate::ttrpc::{Result, Status};
use nix::fcntl::{AtFlags, OFlag, open};
use nix::sys::stat::{Mode, SFlag, fchmod, mkdirat};
use nix::unistd::{Gid, Uid, UnlinkatFlags, fchown, fchownat, symlinkat, unlinkat};
use prost::Message;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;

const BLOCK_SIZE: &str = "/sys/devices/system/memory/block_size_bytes";
const CPUS: &str = "/sys/devices/system/cpu";
const PROBE: &str = "/sys/devices/system/memory/probe";

pub fn guest_details(agent: &Agent, request: &grpc::GuestDetailsRequest) -> Outcome {
    let mut details = grpc::GuestDetailsResponse {
        agent_details: Some(grpc::AgentDetails {
            version: env!("CARGO_PKG_VERSION").into(),
            init_daemon: agent.is_init,
            storage_handlers: crate::storage::DRIVERS.map(String::from).to_vec(),
            supports_seccomp: true,
            ..Default::default()
        }),
        ..Default::default()
    };
    if request.mem_block_size {
        let size = fs::read_to_string(BLOCK_SIZE).unwrap_or_default();
        details.mem_block_size_bytes = u64::from_str_radix(size.trim(), 16).unwrap_or(0);
    }
    if request.mem_hotplug_probe {
        details.support_mem_hotplug_probe = fs::exists(PROBE).unwrap_or(false);
    }
    Ok(Some(details.encode_to_vec()))
}

pub fn set_time(request: &grpc::SetGuestDateTimeRequest) -> Outcome {
    sys::set_time(request.sec, request.usec).context("settimeofday")?;
    EMPTY
}

/// Fresh entropy; for a machine that is a copy of another one also everything by which machines are told apart.
pub fn reseed(
    agent: &mut Agent,
    request: &grpc::ReseedRandomDevRequest,
    renewal: &grpc::RenewalExtras,
) -> Outcome {
    if request.data.is_empty() || request.data.len() > 4096 {
        return Err(Status::invalid("entropy: none, or more than 4096 bytes"));
    }
    let clock = u64::try_from(renewal.clock_nanoseconds).unwrap_or(0);
    if renewal.renew && clock > 0 {
        // First of all: every instruction before it makes the host's time older.
        let (seconds, rest) = (clock / 1_000_000_000, clock % 1_000_000_000);
        sys::set_time(seconds as i64, (rest / 1000) as i64).context("settimeofday")?;
    }
    let random = File::options().write(true).open("/dev/random").context("/dev/random")?;
    sys::reseed(&random, &request.data).context("reseed")?;
    if renewal.renew {
        if agent.is_init && !renewal.hostname.is_empty() {
            nix::unistd::sethostname(&renewal.hostname).context(format!("hostname {}", renewal.hostname))?;
        }
        for file in &renewal.files {
            rewrite(file)?;
        }
        if !renewal.sandbox_id.is_empty() {
            agent.sandbox.id = renewal.sandbox_id.clone();
        }
        if agent.is_init {
            agent.identity.renew(&renewal.identity).context("identity")?;
            if renewal.link_addresses {
                super::network::renew_addresses(agent)?;
            }
        }
    }
    EMPTY
}

/// Whether everything that was plugged in has arrived. Memory blocks come online by their own events.
pub fn is_plugged(request: &grpc::OnlineCpuMemRequest, extras: &grpc::HardwareExtras) -> bool {
    let cpus = processors().map_or(0, |all| all.len());
    let online = |directory: &String| {
        fs::read_to_string(format!("{directory}/state")).is_ok_and(|state| state.trim() == "online")
    };
    let blocks = || {
        let size = fs::read_to_string(BLOCK_SIZE).unwrap_or_default();
        let size = u64::from_str_radix(size.trim(), 16).unwrap_or(u64::MAX).max(1);
        let online = numbered("/sys/devices/system/memory", "memory")
            .map_or(0, |all| all.iter().filter(|block| online(block)).count());
        online as u64 >= (u64::from(extras.memory_mebibytes) << 20).div_ceil(size)
    };
    let there = cpus >= request.nb_cpus as usize
        && (extras.memory_mebibytes == 0 || blocks())
        && (extras.interfaces == 0 || crate::network::cards().count() >= extras.interfaces as usize);
    if there && extras.memory_mebibytes != 0 {
        reserve::apply();
    }
    there
}

/// Switches on what was plugged in. What is already on stays on, whatever number is asked for.
pub fn online(request: &grpc::OnlineCpuMemRequest) -> Outcome {
    let all = processors()?;
    let mut online = all.iter().filter(|(_, on)| *on).count() as u32;
    for (directory, _) in all.iter().filter(|(_, on)| !on) {
        if online < request.nb_cpus || request.nb_cpus == 0 {
            fs::write(format!("{directory}/online"), "1").context(format!("{directory}/online"))?;
            online += 1;
        }
    }
    if online < request.nb_cpus {
        return Err(Status::internal(format!("{} CPUs wanted, {online} are there", request.nb_cpus)));
    }
    if !request.cpu_only {
        for directory in numbered("/sys/devices/system/memory", "memory")? {
            if fs::read_to_string(format!("{directory}/state")).unwrap_or_default().trim() == "offline" {
                fs::write(format!("{directory}/online"), "1").context(format!("{directory}/online"))?;
            }
        }
        reserve::apply();
    }
    EMPTY
}

/// Tells a kernel that cannot see it itself where memory was plugged in.
pub fn probe_memory(request: &grpc::MemHotplugByProbeRequest) -> Outcome {
    for address in &request.mem_hotplug_probe_addr {
        fs::write(PROBE, format!("{address:#x}")).context(format!("{PROBE} {address:#x}"))?;
    }
    EMPTY
}

/// The processors that can be used, and whether they are. One that is just being plugged in has its directory before
/// the file by which it is switched on, and does not count yet; the first one often has no such file ever.
fn processors() -> Result<Vec<(String, bool)>> {
    let list = fs::read_to_string(format!("{CPUS}/online")).context(format!("{CPUS}/online"))?;
    let all = numbered(CPUS, "cpu")?.into_iter().map(|directory| {
        let number = directory.rsplit("cpu").next().and_then(|number| number.parse().ok());
        let on = number.is_some_and(|number| is_listed(&list, number));
        (directory, on)
    });
    Ok(all
        .filter(|(directory, on)| *on || fs::exists(format!("{directory}/online")).unwrap_or(false))
        .collect())
}

/// Whether a number is in a list as the kernel writes it: `0-3,5`.
fn is_listed(list: &str, number: u32) -> bool {
    list.trim().split(',').any(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        matches!((first.parse(), last.parse()), (Ok(first), Ok(last)) if (first..=last).contains(&number))
    })
}

fn numbered(directory: &str, prefix: &str) -> Result<Vec<String>> {
    let names = fs::read_dir(directory).context(directory)?.flatten().filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let number: u32 = name.strip_prefix(prefix)?.parse().ok()?;
        Some((number, format!("{directory}/{name}")))
    });
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    Ok(names.into_iter().map(|(_, name)| name).collect())
}

/// In place: a file that is mounted somewhere stays that file.
fn rewrite(file: &grpc::RenewedFile) -> Result<()> {
    let (parents, name) = shared(&file.path)?;
    let flags = OFlag::O_CREAT | OFlag::O_WRONLY | OFlag::O_TRUNC;
    let opened = sys::open_beneath(&directories(parents, 0o755)?, name, flags, 0o644).context(&file.path)?;
    File::from(opened).write_all_at(&file.data, 0).context(&file.path)
}

/// A path below the shared directory: its directories there, and its name.
fn shared(path: &str) -> Result<(&str, &str)> {
    let inside = path.strip_prefix(SHARED_DIRECTORY).and_then(|rest| rest.strip_prefix('/'));
    let bad = |part: &str| matches!(part, "" | "." | "..");
    let inside = inside.filter(|path| !path.split('/').any(bad));
    let inside =
        inside.ok_or_else(|| Status::invalid(format!("path is not below {SHARED_DIRECTORY}: {path}")))?;
    Ok(inside.rsplit_once('/').unwrap_or(("", inside)))
}

/// One piece of a file below the shared directory. Every step of the path is resolved below it, without links.
pub fn copy_file(request: &grpc::CopyFileRequest) -> Outcome {
    let (parents, name) = shared(&request.path)?;
    if request.offset < 0 || request.file_size < 0 {
        return Err(Status::invalid("negative offset or size"));
    }
    // Signed on the wire, unsigned where they count.
    let uid = Some(Uid::from_raw(user::owner(&format!("{}: uid", request.path), request.uid as u32)?));
    let gid = Some(Gid::from_raw(user::owner(&format!("{}: gid", request.path), request.gid as u32)?));
    let directory = directories(parents, request.dir_mode)?;
    let mode = Mode::from_bits_truncate(request.file_mode & 0o7777);
    let what = || format!("copy to {}", request.path);
    // By descriptor, never by name: containers may exchange what the name stands for.
    let finish = |fd: &OwnedFd| {
        fchown(fd, uid, gid).context(what())?;
        fchmod(fd, mode).context(what())
    };
    match request.file_mode & SFlag::S_IFMT.bits() {
        kind if kind == SFlag::S_IFDIR.bits() => {
            match mkdirat(&directory, name, mode) {
                Ok(()) | Err(nix::errno::Errno::EEXIST) => {}
                Err(errno) => return Err(errno).context(what()),
            }
            finish(
                &sys::open_beneath(&directory, name, OFlag::O_DIRECTORY | OFlag::O_RDONLY, 0)
                    .context(what())?,
            )?;
        }
        kind if kind == SFlag::S_IFLNK.bits() => {
            let target = std::str::from_utf8(&request.data)
                .map_err(|_| Status::invalid(format!("{}: link target is not UTF-8", what())))?;
            let _ = unlinkat(&directory, name, UnlinkatFlags::NoRemoveDir);
            symlinkat(target, &directory, name).context(what())?;
            fchownat(&directory, name, uid, gid, AtFlags::AT_SYMLINK_NOFOLLOW).context(what())?;
        }
        _ => {
            // The name of the partial file holds the whole name: files that differ in their suffix do not meet.
            let partial = format!(".{name}.partial");
            let fresh = if request.offset == 0 { OFlag::O_TRUNC } else { OFlag::empty() };
            let flags = OFlag::O_CREAT | OFlag::O_RDWR | fresh;
            let file =
                File::from(sys::open_beneath(&directory, partial.as_str(), flags, 0o600).context(what())?);
            file.write_all_at(&request.data, request.offset as u64).context(what())?;
            if file.metadata().context(what())?.len() >= request.file_size as u64 {
                finish(&file.into())?;
                nix::fcntl::renameat(&directory, partial.as_str(), &directory, name).context(what())?;
            }
        }
    }
    EMPTY
}

fn directories(path: &str, mode: u32) -> Result<OwnedFd> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY;
    let mode = Mode::from_bits_truncate(if mode & 0o7777 == 0 { 0o755 } else { mode & 0o7777 });
    let mut directory =
        open(SHARED_DIRECTORY, flags | OFlag::O_CLOEXEC, Mode::empty()).context(SHARED_DIRECTORY)?;
    for part in path.split('/').filter(|part| !part.is_empty()) {
        match mkdirat(&directory, part, mode) {
            Ok(()) | Err(nix::errno::Errno::EEXIST) => {}
            Err(errno) => return Err(errno).context(format!("directory {part}")),
        }
        directory = sys::open_beneath(&directory, part, flags, 0).context(format!("directory {part}"))?;
    }
    Ok(directory)
}

/// A few figures in Prometheus's text format. Those with labels have the names, labels and units of upstream's agent.
pub fn metrics(agent: &Agent) -> Outcome {
    let mut text = String::new();
    let mut gauge = |name: &str, help: &str, value: u64| {
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n");
    };
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    for (key, name) in [
        ("MemTotal", "kata_guest_meminfo_total_bytes"),
        ("MemAvailable", "kata_guest_meminfo_available_bytes"),
        ("Cached", "kata_guest_meminfo_cached_bytes"),
    ] {
        gauge(name, "From /proc/meminfo.", bytes_of(&memory, key));
    }
    for (key, item) in MEMORY {
        labelled(&mut text, "kata_guest_meminfo", &format!("item=\"{item}\""), bytes_of(&memory, key) as f64);
    }
    guest_load(&mut text, &fs::read_to_string("/proc/loadavg").unwrap_or_default());
    guest_cpu(&mut text, &fs::read_to_string("/proc/stat").unwrap_or_default());
    let mut gauge = |name: &str, help: &str, value: u64| {
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n");
    };
    // Counted page by page. The counters of statm are behind by up to 64 faults, and the agent has hardly more.
    let own = fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    gauge("kata_agent_resident_bytes", "Resident memory of the agent.", bytes_of(&own, "Rss"));
    gauge("kata_agent_anonymous_bytes", "Of that, not pages of its file.", bytes_of(&own, "Anonymous"));
    gauge("kata_agent_uptime_seconds", "Since the agent started.", agent.started.elapsed().as_secs());
    gauge("kata_agent_containers", "Containers that exist.", agent.sandbox.containers.len() as u64);
    gauge("kata_agent_processes", "Processes on record.", agent.sandbox.processes.len() as u64);
    Ok(Some(grpc::Metrics { metrics: text }.encode_to_vec()))
}

const MEMORY: [(&str, &str); 7] = [
    ("MemTotal", "mem_total"),
    ("MemFree", "mem_free"),
    ("MemAvailable", "mem_available"),
    ("Buffers", "buffers"),
    ("Cached", "cached"),
    ("SwapTotal", "swap_total"),
    ("SwapFree", "swap_free"),
];

/// In the order of /proc/stat.
const CPU: [&str; 8] = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"];

/// A value of a family that has several; the first one brings the family's lines along.
fn labelled(text: &mut String, name: &str, labels: &str, value: f64) {
    if !text.contains(&format!("# TYPE {name} ")) {
        let _ = write!(text, "# HELP {name} Of the guest.\n# TYPE {name} gauge\n");
    }
    let _ = writeln!(text, "{name}{{{labels}}} {value}");
}

/// `0.00 0.01 0.05 1/75 1234`: load, then running and all tasks.
fn guest_load(text: &mut String, line: &str) {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    for (item, word) in ["load1", "load5", "load15"].iter().zip(&words) {
        labelled(text, "kata_guest_load", &format!("item=\"{item}\""), word.parse().unwrap_or(0.0));
    }
    let tasks = words.get(3).and_then(|tasks| tasks.split_once('/')).unwrap_or(("0", "0"));
    for (item, number) in [("cur", tasks.0), ("max", tasks.1)] {
        labelled(text, "kata_guest_tasks", &format!("item=\"{item}\""), number.parse().unwrap_or(0.0));
    }
}

/// Of all CPUs together, in milliseconds. The kernel counts hundredths of a second.
fn guest_cpu(text: &mut String, stat: &str) {
    let total = stat.lines().find_map(|line| line.strip_prefix("cpu ")).unwrap_or_default();
    for (item, ticks) in CPU.iter().zip(total.split_ascii_whitespace()) {
        let milliseconds = ticks.parse::<f64>().unwrap_or(0.0) * 10.0;
        labelled(text, "kata_guest_cpu_time", &format!("cpu=\"total\",item=\"{item}\""), milliseconds);
    }
}

/// A line `key:  number kB` of one of the kernel's lists.
fn bytes_of(list: &str, key: &str) -> u64 {
    let line = list.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    let kilobytes: Option<u64> = line.and_then(|rest| rest.split_ascii_whitespace().next()?.parse().ok());
    kilobytes.unwrap_or(0) * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_is_found_in_the_kernels_list() {
        let on = |list: &str| (0..8).filter(|number| is_listed(list, *number)).collect::<Vec<_>>();
        assert_eq!(on("0-2,5,7-7\n"), [0, 1, 2, 5, 7]);
        assert_eq!(on("0\n"), [0]);
        assert_eq!(on("\n"), [0; 0]);
    }

    #[test]
    fn copied_file_has_an_owner_that_there_is() {
        let request =
            grpc::CopyFileRequest { path: format!("{SHARED_DIRECTORY}/c/f"), gid: -1, ..Default::default() };
        assert!(copy_file(&request).unwrap_err().message.contains("gid 4294967295"));
    }

    #[test]
    fn figures_have_one_head_and_the_units_of_upstream() {
        let mut text = String::new();
        guest_load(&mut text, "0.50 0.25 0.05 2/75 1234\n");
        guest_cpu(&mut text, "cpu  3 0 4 500 0 0 0 0 0 0\ncpu0 3 0 4 500 0 0 0 0 0 0\n");
        assert_eq!(text.matches("# TYPE kata_guest_load gauge").count(), 1);
        assert!(text.contains("kata_guest_load{item=\"load5\"} 0.25\n"));
        assert!(text.contains("kata_guest_tasks{item=\"max\"} 75\n"));
        assert!(text.contains("kata_guest_cpu_time{cpu=\"total\",item=\"idle\"} 5000\n"));
    }

    #[test]
    fn kilobytes_of_a_list_are_found_by_their_whole_name() {
        let list = "55-7f ---p [rollup]\nRss:     1548 kB\nPss_Anon:  7 kB\nPss:  1545 kB\n";
        assert_eq!(bytes_of(list, "Rss"), 1548 << 10);
        assert_eq!(bytes_of(list, "Pss"), 1545 << 10);
        assert_eq!(bytes_of(list, "Swap"), 0);
    }
}
