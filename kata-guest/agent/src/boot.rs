//! From `Run /init` to a system in which containers can run.

use crate::config::Config;
use crate::modules::{LIST, Modules};
use crate::{console, error, warning};
use nix::mount::{MsFlags, mount};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};
use nix::unistd::{chdir, chroot};
use std::fs;
use std::os::fd::AsRawFd;

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
pub const CGROUP_ROOT: &str = "/sys/fs/cgroup";

/// Everything PID 1 does before it serves.
pub fn boot() -> (Config, Modules) {
    lift_root();
    let none = MsFlags::empty();
    let strict = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC | MsFlags::MS_NODEV;
    attach("proc", "/proc", strict, "");
    attach("devtmpfs", "/dev", MsFlags::MS_NOSUID, "mode=0755");
    console::use_kernel_log();
    let line = fs::read_to_string("/proc/cmdline").unwrap_or_default();
    let (config, malformed) = Config::from_command_line(&line);
    console::set_level(config.log_level);
    for word in malformed {
        warning!("malformed parameter: {word}");
    }
    attach("sysfs", "/sys", strict, "");
    let modules = Modules::parse(&fs::read_to_string(LIST).unwrap_or_default());
    modules.load_boot();
    attach("devpts", "/dev/pts", MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC, "mode=0620,gid=5,ptmxmode=0666");
    attach("tmpfs", "/dev/shm", MsFlags::MS_NOSUID | MsFlags::MS_NODEV, "mode=1777");
    attach("tmpfs", "/run", MsFlags::MS_NOSUID | MsFlags::MS_NODEV, "mode=0755");
    // With nsdelegate a container cannot lift its own limits, not even with a writable cgroup file system. It can only
    // be given by the first mount; a kernel that does not know it mounts without.
    let options = "nsdelegate,memory_recursiveprot";
    if mount(Some("cgroup2"), CGROUP_ROOT, Some("cgroup2"), strict, Some(options)).is_err() {
        attach("cgroup2", CGROUP_ROOT, strict, "");
    }
    let _ = fs::create_dir_all("/tmp");
    let _ =
        mount(None::<&str>, "/", None::<&str>, none | MsFlags::MS_PRIVATE | MsFlags::MS_REC, None::<&str>);
    // SAFETY: there is one thread, so nobody reads the environment meanwhile.
    unsafe { std::env::set_var("PATH", PATH) };
    let hostname = config.hostname.clone().unwrap_or_else(|| "kata".into());
    if let Err(errno) = nix::unistd::sethostname(&hostname) {
        warning!("hostname {hostname}: {errno:?}");
    }
    if let Err(errno) = loopback_up() {
        warning!("lo: {errno:?}");
    }
    (config, modules)
}

/// Makes `/` a mount that has a parent. The kernel starts init on the initial root file system itself, which
/// pivot_root refuses to leave; a bind mount of it moved on top can be pivoted away from, and containers can then
/// be given a root without chroot's ways out.
fn lift_root() {
    let steps = || -> nix::Result<()> {
        let _ = fs::create_dir("/run");
        mount(Some("/"), "/run", None::<&str>, MsFlags::MS_BIND, None::<&str>)?;
        chdir("/run")?;
        mount(Some("."), "/", None::<&str>, MsFlags::MS_MOVE, None::<&str>)?;
        chroot(".")?;
        chdir("/")
    };
    if let Err(errno) = steps() {
        error!("root file system: {errno:?}");
    }
}

fn attach(fstype: &str, target: &str, flags: MsFlags, data: &str) {
    let make = || mount(Some(fstype), target, Some(fstype), flags, Some(data));
    let done = make().or_else(|errno| match errno {
        nix::errno::Errno::ENOENT => {
            let _ = fs::create_dir_all(target);
            make()
        }
        other => Err(other),
    });
    match done {
        Ok(()) | Err(nix::errno::Errno::EBUSY) => {}
        Err(errno) => error!("mount {fstype} on {target}: {errno:?}"),
    }
}

pub fn loopback_up() -> nix::Result<()> {
    let fd = socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)?;
    // SAFETY: an all-zero ifreq is a valid value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    request.ifr_name[0] = b'l' as libc::c_char;
    request.ifr_name[1] = b'o' as libc::c_char;
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    // SAFETY: SIOCSIFFLAGS reads the ifreq it is given, which outlives the call.
    let result = unsafe { libc::ioctl(fd.as_raw_fd(), libc::SIOCSIFFLAGS as _, &request) };
    nix::errno::Errno::result(result).map(drop)
}
