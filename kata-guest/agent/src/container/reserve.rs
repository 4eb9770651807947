//! What of the guest the containers together may not have, so that the agent answers whatever they do: memory, process
//! numbers, and a place in the queue for the processor.
//!
//! All containers lie in one cgroup. Its `memory.max` is what the guest has, less what the kernel and the agent used
//! before there was a container, less the reserve; its `pids.max` is what the kernel can number, less a few. What a
//! container has the kernel allocate for it (stacks, page tables, pipes) counts as its memory, so a fork bomb meets
//! the same limit.

use crate::boot::CGROUP_ROOT;
use crate::ttrpc::{Code, Status};
use crate::warning;
use nix::errno::Errno;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// All containers are below it.
const GROUP: &str = "containers";

const MIB: u64 = 1 << 20;

/// A sixteenth of the memory, at least and at most so much.
const LEAST: u64 = 4 * MIB;
const MOST: u64 = 64 * MIB;

/// Processes and threads that only the guest itself may have: the agent's children on their way, hooks, the kernel's.
const OWN_PROCESSES: u64 = 256;

/// The kernel frees memory in advance when less than this part is free, so that its drivers find some at once.
const FREE_PART: u64 = 64;

const FREE_FILE: &str = "/proc/sys/vm/min_free_kbytes";

/// Before every process of a container in the queue for the processor.
const NICE: i32 = -10;

static GUEST: AtomicBool = AtomicBool::new(false);
static BASE: OnceLock<u64> = OnceLock::new();

/// What all containers may number together; 0 when that is not known.
static PROCESSES: AtomicU64 = AtomicU64::new(0);

/// The agent is the guest's init: it is never the one to be killed for want of memory, its pages stay in memory, and it
/// runs before others. Its children begin with the same and give it up, see [`give_up`].
pub fn begin() {
    GUEST.store(true, Ordering::Relaxed);
    if let Err(error) = fs::write("/proc/self/oom_score_adj", "-1000") {
        warning!("oom_score_adj: {error}");
    }
    // SAFETY: no memory is passed.
    unsafe {
        libc::setpriority(libc::PRIO_PROCESS, 0, NICE);
        // A kernel without it keeps them as long as there is no want.
        libc::mlockall(libc::MCL_CURRENT | libc::MCL_FUTURE | libc::MCL_ONFAULT);
    }
}

/// Whether the guest is the agent's to divide.
pub fn is_guest() -> bool {
    GUEST.load(Ordering::Relaxed)
}

/// In a child, which is not to be spared. Its score follows, see `process::set_oom_score`.
pub fn give_up() {
    if is_guest() {
        // SAFETY: no memory is passed.
        unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, 0) };
    }
}

/// Where the cgroups of containers are.
pub fn root() -> PathBuf {
    let root = Path::new(CGROUP_ROOT);
    if is_guest() { root.join(GROUP) } else { root.into() }
}

/// The name of that place below the root of all cgroups, if it is a place of its own.
pub fn group() -> Option<&'static str> {
    is_guest().then_some(GROUP)
}

/// Sets the limits of all containers together: before the first one, and when the guest's memory has changed.
pub fn apply() {
    if !is_guest() {
        return;
    }
    let figures = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let (Some(total), Some(available)) = (figure(&figures, "MemTotal:"), figure(&figures, "MemAvailable:"))
    else {
        return warning!("no figures of the memory: none is kept for the agent");
    };
    let base = *BASE.get_or_init(|| total.saturating_sub(available));
    limit("memory.max", memory(total, base));
    if let Some(threads) = number("/proc/sys/kernel/threads-max") {
        let numbers = number("/proc/sys/kernel/pid_max").map_or(threads, |most| most.min(threads));
        PROCESSES.store(processes(numbers), Ordering::Relaxed);
        limit("pids.max", processes(numbers));
    }
    let free = total / 1024 / FREE_PART;
    if number(FREE_FILE).is_some_and(|now| now < free) {
        let _ = fs::write(FREE_FILE, free.to_string());
    }
}

/// Why there is no further process for a container.
pub fn no_process(errno: Errno, container: &str) -> Status {
    let reason = match errno {
        Errno::EAGAIN => "it has as many processes as it may, or the guest has",
        Errno::ENOMEM => "it has used up the memory that it may have, or the guest has",
        _ => return Status::internal(format!("fork for container {container}: {errno:?}")),
    };
    let message = format!("container {container} can have no further process: {reason} ({errno:?})");
    Status::new(Code::ResourceExhausted, message)
}

fn limit(file: &str, value: u64) {
    let path = root().join(file);
    // A kernel without the controller has no such file.
    if path.exists() {
        if let Err(error) = fs::write(&path, value.to_string()) {
            warning!("{}: {error}", path.display());
        }
    }
}

/// How much memory containers may have together. A guest too small for a reserve still lets them have half.
fn memory(total: u64, base: u64) -> u64 {
    let free = total.saturating_sub(base);
    free.saturating_sub((total / 16).clamp(LEAST, MOST)).max(free / 2)
}

fn processes(numbers: u64) -> u64 {
    numbers.saturating_sub(OWN_PROCESSES).max(numbers / 2)
}

/// The limit of one container: where the guest is small, no more than three quarters of what all have, so that the
/// others have some, too. Who wants no limit has none of its own.
pub fn processes_of_one(limit: i64) -> i64 {
    part_of(PROCESSES.load(Ordering::Relaxed), limit)
}

fn part_of(all: u64, limit: i64) -> i64 {
    match i64::try_from(all / 4 * 3) {
        Ok(most) if most > 0 && limit > most => most,
        _ => limit,
    }
}

/// In bytes; the file has kibibytes.
fn figure(figures: &str, name: &str) -> Option<u64> {
    let line = figures.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
}

fn number(path: &str) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_containers_leaves_the_base_and_a_sixteenth() {
        assert_eq!(memory(256 * MIB, 60 * MIB), 180 * MIB);
        assert_eq!(memory(4096 * MIB, 96 * MIB), 3936 * MIB);
        assert_eq!(memory(48 * MIB, 40 * MIB), 4 * MIB);
        assert_eq!(memory(48 * MIB, 44 * MIB), 2 * MIB);
    }

    #[test]
    fn processes_of_containers_leave_some_to_the_guest() {
        assert_eq!(processes(1900), 1644);
        assert_eq!(processes(300), 150);
    }

    #[test]
    fn one_container_has_three_quarters_at_most_unless_it_has_no_limit() {
        assert_eq!(part_of(1600, 4096), 1200);
        assert_eq!(part_of(1600, 32), 32);
        assert_eq!(part_of(1600, -1), -1);
        assert_eq!(part_of(0, 4096), 4096);
    }

    #[test]
    fn figures_are_read_in_bytes() {
        let figures = "MemTotal:         239600 kB\nMemFree:   1 kB\nMemAvailable:     195124 kB\n";
        assert_eq!(figure(figures, "MemAvailable:"), Some(195_124 * 1024));
        assert_eq!(figure(figures, "SwapTotal:"), None);
    }
}
