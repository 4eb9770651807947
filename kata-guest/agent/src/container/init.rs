//! The child that becomes a container's first process, and the one that joins a container that runs.

use super::channel;
use super::devices;
use super::plan::{ContainerPlan, ProcessPlan};
use super::process::{self, Stdio};
use super::root::Root;
use crate::identity;
use crate::sys;
use crate::ttrpc::status::Context;
use crate::ttrpc::{Result, Status};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::stat::Mode;
use nix::unistd::{chdir, pivot_root, sethostname};
use std::convert::Infallible;
use std::fs;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

/// In the new container's first process: builds its world, waits to be released, becomes the program.
pub fn init(
    plan: &ContainerPlan,
    joined: &[(CloneFlags, BorrowedFd)],
    stdio: Option<Stdio>,
    channel: BorrowedFd,
) -> Result<Infallible> {
    process::detach()?;
    if let Some(stdio) = stdio {
        stdio.connect()?;
    }
    let mut keep: Vec<i32> = joined.iter().map(|(_, fd)| fd.as_raw_fd()).collect();
    keep.push(channel.as_raw_fd());
    sys::close_all_but(&keep);
    process::set_oom_score(&plan.process)?;
    for (flag, fd) in joined {
        setns(fd, *flag).context("join namespace")?;
    }
    if plan.unshared.contains(CloneFlags::CLONE_NEWCGROUP) {
        // Here and not at the fork: its root is the cgroup the process is in, and at the fork that is the agent's.
        unshare(CloneFlags::CLONE_NEWCGROUP).context("cgroup namespace")?;
    }
    if !plan.hostname.is_empty() && plan.unshared.contains(CloneFlags::CLONE_NEWUTS) {
        sethostname(&plan.hostname).context("hostname")?;
    }
    build_root(plan)?;
    for (path, value) in &plan.sysctls {
        fs::write(path, value).context(path)?;
    }
    protect_paths(plan)?;
    let mut master = None;
    if let Some(size) = plan.process.terminal {
        let terminal = process::make_terminal(size)?;
        let number = sys::terminal_number(&terminal).context("terminal")?;
        bind_console(number)?;
        master = Some(terminal);
    }
    if plan.root_readonly {
        let flags = MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
        mount(None::<&str>, "/", None::<&str>, flags, None::<&str>).context("read-only root")?;
    }
    process::look_up(&plan.process)?;
    channel::send_ready(channel, master.as_ref().map_or(-1, AsRawFd::as_raw_fd)).context("report")?;
    if !channel::wait_for_release(channel) {
        sys::exit_child(0);
    }
    drop(master);
    process::become_program(&plan.process, true)
}

/// In a child that was already born into the container's pid namespace and cgroup.
pub fn join(
    plan: &ProcessPlan,
    init: BorrowedFd,
    namespaces: CloneFlags,
    stdio: Option<Stdio>,
    channel: BorrowedFd,
) -> Result<Infallible> {
    process::detach()?;
    if let Some(stdio) = stdio {
        stdio.connect()?;
    }
    process::set_oom_score(plan)?;
    setns(init, namespaces).context("join container")?;
    sys::close_all_but(&[channel.as_raw_fd()]);
    if let Some(size) = plan.terminal {
        let master = process::make_terminal(size)?;
        channel::send_ready(channel, master.as_raw_fd()).context("report")?;
        if !channel::wait_for_release(channel) {
            sys::exit_child(0);
        }
    }
    process::become_program(plan, false)
}

fn build_root(plan: &ContainerPlan) -> Result<()> {
    // Nothing done here may reach the agent's mounts; and neither root may be shared when they are exchanged.
    let apart = MsFlags::MS_SLAVE | MsFlags::MS_REC;
    mount(None::<&str>, "/", None::<&str>, apart, None::<&str>).context("propagation")?;
    let bind = MsFlags::MS_BIND | MsFlags::MS_REC;
    mount(Some(&plan.root), &plan.root, None::<&str>, bind, None::<&str>)
        .context(format!("root {}", plan.root.display()))?;
    let root = Root::open_at(&plan.root).context(format!("root {}", plan.root.display()))?;
    for mount in &plan.mounts {
        mount.mount(&root)?;
    }
    identity::bind(&root, plan.mounts.iter().any(|m| m.target == "/proc" && m.fstype == "proc"));
    let dev_is_bind =
        plan.mounts.iter().any(|m| m.target.trim_end_matches('/') == "/dev" && m.options.is_bind());
    if !dev_is_bind {
        devices::create(&root, &plan.devices)?;
    }
    chdir(&plan.root).context("root")?;
    // The old root ends up on top of the new one and is taken off: no directory for it is needed.
    pivot_root(".", ".").context("pivot_root")?;
    umount2(".", MntFlags::MNT_DETACH).context("old root")?;
    chdir("/").context("/")?;
    if plan.propagation != apart {
        mount(None::<&str>, "/", None::<&str>, plan.propagation, None::<&str>).context("root propagation")?;
    }
    Ok(())
}

/// After the change of root: paths, and the links in them, now mean what they mean to the container.
fn protect_paths(plan: &ContainerPlan) -> Result<()> {
    let bind = |path: &str, flags: MsFlags| {
        let flags = flags | MsFlags::MS_BIND;
        match mount(Some(path), path, None::<&str>, flags, None::<&str>) {
            Err(Errno::ENOENT | Errno::ENOTDIR) => Ok(false),
            other => other.map(|()| true).context(format!("read-only path {path}")),
        }
    };
    for path in &plan.readonly {
        if bind(path, MsFlags::MS_REC)? {
            bind(path, mount_flags(path) | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY)?;
        }
    }
    for path in &plan.masked {
        let done = match fs::metadata(path) {
            Ok(found) if found.is_dir() => {
                let flags = MsFlags::MS_RDONLY | MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
                mount(Some("tmpfs"), path.as_str(), Some("tmpfs"), flags, Some("nr_inodes=1,mode=000"))
            }
            Ok(_) => mount(Some("/dev/null"), path.as_str(), None::<&str>, MsFlags::MS_BIND, None::<&str>),
            Err(_) => continue,
        };
        done.context(format!("masked path {path}"))?;
    }
    Ok(())
}

/// A remount must repeat the flags the mount has, or it would drop them.
fn mount_flags(path: &str) -> MsFlags {
    use nix::sys::statvfs::{FsFlags, statvfs};
    let Ok(found) = statvfs(path) else { return MsFlags::empty() };
    let pairs = [
        (FsFlags::ST_NOSUID, MsFlags::MS_NOSUID),
        (FsFlags::ST_NODEV, MsFlags::MS_NODEV),
        (FsFlags::ST_NOEXEC, MsFlags::MS_NOEXEC),
    ];
    let set = pairs.into_iter().filter(|(seen, _)| found.flags().contains(*seen));
    set.fold(MsFlags::empty(), |flags, (_, flag)| flags | flag)
}

fn bind_console(number: u32) -> Result<()> {
    let flags = OFlag::O_CREAT | OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK;
    open("/dev/console", flags | OFlag::O_NOCTTY, Mode::from_bits_truncate(0o600)).context("/dev/console")?;
    let terminal = format!("/dev/pts/{number}");
    mount(Some(terminal.as_str()), "/dev/console", None::<&str>, MsFlags::MS_BIND, None::<&str>)
        .context("/dev/console")
}

/// Opens the namespaces a plan joins, while the agent's paths still mean something.
pub fn open_joined(plan: &ContainerPlan) -> Result<Vec<(CloneFlags, OwnedFd)>> {
    let open_one = |(flag, path): &(CloneFlags, String)| {
        open(path.as_str(), OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty())
            .map(|fd| (*flag, fd))
            .map_err(|errno| Status::invalid(format!("namespace {path}: {errno:?}")))
    };
    plan.joined.iter().map(open_one).collect()
}
