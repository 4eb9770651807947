//! The child that becomes a container's first process, and the one that joins a container that runs.

use super::channel;
use super::devices;
use super::hooks::{self, Hooks};
use super::mounts::flags_of;
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
use nix::unistd::{chdir, fchdir, pivot_root, sethostname};
use std::convert::Infallible;
use std::fs;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;

/// In the new container's first process: builds its world, waits to be released, becomes the program.
pub fn init(
    plan: &ContainerPlan,
    joined: &[(CloneFlags, BorrowedFd)],
    stdio: Option<Stdio>,
    channel: BorrowedFd,
) -> Result<Infallible> {
    process::detach()?;
    if plan.ids.is_some() {
        // Until the agent has written who is who, this process is nobody.
        if !channel::wait_for_release(channel) {
            sys::exit_child(0);
        }
        process::become_inner_root()?;
    }
    if let Some(stdio) = stdio {
        stdio.connect()?;
    }
    let mut keep: Vec<i32> = joined.iter().map(|(_, fd)| fd.as_raw_fd()).collect();
    keep.push(channel.as_raw_fd());
    sys::close_all_but(&keep);
    if plan.ids.is_none() {
        process::set_oom_score(&plan.process)?;
    }
    for (flag, fd) in joined {
        setns(fd, *flag).context("join namespace")?;
    }
    if plan.unshared.contains(CloneFlags::CLONE_NEWCGROUP) {
        // Here and not at the fork: its root is the cgroup the process is in, and at the fork that is the agent's.
        unshare(CloneFlags::CLONE_NEWCGROUP).context("cgroup namespace")?;
    }
    if plan.unshared.contains(CloneFlags::CLONE_NEWNET) {
        // As every runtime does it; a kernel without network has none to switch on.
        let _ = crate::boot::loopback_up();
    }
    if !plan.hostname.is_empty() && plan.unshared.contains(CloneFlags::CLONE_NEWUTS) {
        sethostname(&plan.hostname).context("hostname")?;
    }
    build_root(plan, channel)?;
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
    process::become_program(&plan.process, Some(&plan.hooks))
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
    if namespaces.contains(CloneFlags::CLONE_NEWUSER) {
        // Inside, limits can only be lowered.
        process::set_rlimits(plan)?;
        setns(init, namespaces).context("join container")?;
        process::become_inner_root()?;
    } else {
        setns(init, namespaces).context("join container")?;
    }
    sys::close_all_but(&[channel.as_raw_fd()]);
    if let Some(size) = plan.terminal {
        let master = process::make_terminal(size)?;
        channel::send_ready(channel, master.as_raw_fd()).context("report")?;
        if !channel::wait_for_release(channel) {
            sys::exit_child(0);
        }
    }
    process::become_program(plan, None)
}

/// In a child of the agent's own pid namespace: only the files of a container whose processes have ended.
pub fn join_ended(
    plan: &ProcessPlan,
    world: &[(CloneFlags, OwnedFd)],
    stdio: Option<Stdio>,
    channel: BorrowedFd,
) -> Result<Infallible> {
    process::detach()?;
    if let Some(stdio) = stdio {
        stdio.connect()?;
    }
    process::set_oom_score(plan)?;
    for (flag, fd) in world {
        setns(fd, *flag).context("join container")?;
    }
    if world.iter().any(|(flag, _)| *flag == CloneFlags::CLONE_NEWUSER) {
        process::become_inner_root()?;
    }
    sys::close_all_but(&[channel.as_raw_fd()]);
    process::become_program(plan, None)
}

fn build_root(plan: &ContainerPlan, channel: BorrowedFd) -> Result<()> {
    let apart = MsFlags::MS_SLAVE | MsFlags::MS_REC;
    if plan.propagation.contains(MsFlags::MS_SHARED) {
        // What the guest shares stays shared, which lets mounts out of the container; but not the mount that the root
        // lies on, as neither root may be shared when they are exchanged.
        make_parent_private(&plan.root)?;
    } else {
        // Nothing done here may reach the agent's mounts.
        mount(None::<&str>, "/", None::<&str>, apart, None::<&str>).context("propagation")?;
    }
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
    run_create_hooks(&plan.hooks, channel)?;
    chdir(&plan.root).context("root")?;
    let old = open("/", OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())
        .context("old root")?;
    // The old root ends up on top of the new one and is taken off: no directory for it is needed.
    pivot_root(".", ".").context("pivot_root")?;
    fchdir(&old).context("old root")?;
    // Its end is none of the guest's business.
    mount(None::<&str>, ".", None::<&str>, apart, None::<&str>).context("old root")?;
    umount2(".", MntFlags::MNT_DETACH).context("old root")?;
    drop(old);
    chdir("/").context("/")?;
    if plan.propagation != apart {
        mount(None::<&str>, "/", None::<&str>, plan.propagation, None::<&str>).context("root propagation")?;
    }
    Ok(())
}

/// The mount a directory lies on: the first of its parents that can be changed as a mount.
fn make_parent_private(directory: &Path) -> Result<()> {
    for parent in directory.ancestors() {
        match mount(None::<&str>, parent, None::<&str>, MsFlags::MS_PRIVATE, None::<&str>) {
            Err(Errno::EINVAL) => {}
            done => return done.context(format!("propagation of {}", parent.display())),
        }
    }
    Ok(())
}

/// The agent's hooks, which see the finished mounts through this process, then those of the container's side, whose
/// paths still mean what they mean to the guest.
fn run_create_hooks(hooks: &Hooks, channel: BorrowedFd) -> Result<()> {
    if !hooks.create_runtime.is_empty() {
        channel::send_built(channel).context("report")?;
        if !channel::wait_for_release(channel) {
            sys::exit_child(0);
        }
    }
    hooks::run(&hooks.create_container, &hooks.about.state("creating", Some(sys::own_pid())))
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
            bind(path, flags_of(path) | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY)?;
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
