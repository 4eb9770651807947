//! The last steps of a child, the same for a container's init and for an exec: from root's rights in the container to
//! the program that was asked for.

use super::hooks::{self, Hooks};
use super::plan::ProcessPlan;
use super::reserve;
use super::unfit;
use super::user::User;
use crate::sys;
use crate::ttrpc::status::Context;
use crate::ttrpc::{Result, Status};
use nix::errno::Errno;
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, signal, sigprocmask};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{
    AccessFlags, Gid, Uid, access, chdir, execve, gethostname, setgroups, setresgid, setresuid, setsid,
};
use std::collections::HashSet;
use std::convert::Infallible;
use std::ffi::{CStr, CString, OsStr};
use std::fs;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// The agent itself may open far more; containers get the usual limit.
const DEFAULT_NOFILE: (u64, u64) = (1024, 1 << 19);

/// Standard descriptors for a child, in the agent's numbering.
#[derive(Clone, Copy, Debug)]
pub struct Stdio {
    pub stdin: RawFd,
    pub stdout: RawFd,
    pub stderr: RawFd,
}

impl Stdio {
    pub fn connect(&self) -> Result<()> {
        for (from, to) in [(self.stdin, 0), (self.stdout, 1), (self.stderr, 2)] {
            // SAFETY: the child owns all its descriptors; 0 to 2 are replaced on purpose.
            Errno::result(unsafe { libc::dup2(from, to) }).context("stdio")?;
        }
        Ok(())
    }
}

/// First in every child: a session of its own and no inherited signal setting.
pub fn detach() -> Result<()> {
    setsid().context("setsid")?;
    // SAFETY: default dispositions only.
    unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) }.context("signal")?;
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None).context("sigprocmask")?;
    umask(Mode::empty());
    reserve::give_up();
    Ok(())
}

/// Makes a terminal in the container's own devpts and takes it as stdio. The returned master is for the agent, which
/// fetches it while the child waits.
pub fn make_terminal(size: (u16, u16)) -> Result<OwnedFd> {
    let flags = nix::fcntl::OFlag::O_RDWR | nix::fcntl::OFlag::O_NOCTTY | nix::fcntl::OFlag::O_CLOEXEC;
    let master =
        nix::fcntl::open("/dev/pts/ptmx", flags, Mode::empty()).context("terminal: /dev/pts/ptmx")?;
    let peer = sys::terminal_peer(&master).context("terminal")?;
    if size != (0, 0) {
        sys::set_window_size(peer.as_raw_fd(), size.0, size.1).context("terminal size")?;
    }
    sys::set_controlling_terminal(peer.as_raw_fd()).context("controlling terminal")?;
    let fd = peer.as_raw_fd();
    Stdio { stdin: fd, stdout: fd, stderr: fd }.connect()?;
    Ok(master)
}

/// Written before the mounts change, as long as /proc is the agent's. Who has no score of its own gets 0 and not the
/// agent's: it is to be killed before the agent. With root's rights in the guest, so that it cannot go back.
pub fn set_oom_score(plan: &ProcessPlan) -> Result<()> {
    write_oom_score("/proc/self/oom_score_adj", plan.oom_score)
}

/// For a program of the guest's own: a hook in the guest has the agent's score, one in a container that of the
/// container, which stays.
pub fn spare_no_more() -> Result<()> {
    let file = "/proc/self/oom_score_adj";
    match fs::read_to_string(file) {
        Ok(score) if reserve::is_guest() && score.trim() == "-1000" => write_oom_score(file, None),
        // Its /proc may be another's, or none.
        _ => Ok(()),
    }
}

pub fn write_oom_score(file: &str, score: Option<i32>) -> Result<()> {
    match (fs::write(file, score.unwrap_or(0).to_string()), score) {
        // An agent that is no guest's init may have a score that it cannot lower; then it is the child's as well.
        (Err(_), None) if !reserve::is_guest() => Ok(()),
        (written, _) => written.context("oom score"),
    }
}

/// Of the process itself.
pub fn set_rlimits(plan: &ProcessPlan) -> Result<()> {
    set_rlimits_of(0, plan)
}

pub fn set_rlimits_of(pid: i32, plan: &ProcessPlan) -> Result<()> {
    if !plan.rlimits.iter().any(|(resource, ..)| *resource == libc::RLIMIT_NOFILE) {
        sys::prlimit(pid, libc::RLIMIT_NOFILE, DEFAULT_NOFILE.0, DEFAULT_NOFILE.1).context("rlimit")?;
    }
    for (resource, soft, hard) in &plan.rlimits {
        sys::prlimit(pid, *resource, *soft, *hard).context(format!("rlimit {resource}"))?;
    }
    Ok(())
}

/// From outside, for a child in a user namespace of its own, which may not do this itself.
pub fn prepare(pid: i32, plan: &ProcessPlan) -> Result<()> {
    write_oom_score(&format!("/proc/{pid}/oom_score_adj"), plan.oom_score)?;
    set_rlimits_of(pid, plan)
}

/// After a user namespace was entered, where all rights are there, but nobody yet to have them.
pub fn become_inner_root() -> Result<()> {
    setgroups(&[]).context("groups")?;
    let done = setresgid(Gid::from_raw(0), Gid::from_raw(0), Gid::from_raw(0))
        .and_then(|()| setresuid(Uid::from_raw(0), Uid::from_raw(0), Uid::from_raw(0)));
    match done {
        // Number 0 is not mapped: then it stays nobody until it becomes whom the spec names.
        Err(Errno::EINVAL) => Ok(()),
        other => other.context("root of the user namespace"),
    }
}

/// Whether the command can be found, before a container's init reports that it is ready.
pub fn look_up(plan: &ProcessPlan) -> Result<()> {
    let name = plan.args[0].to_string_lossy();
    let mut denied = None;
    let mut reason = None;
    for candidate in candidates(plan) {
        // Relative to where the program will start; the directory may not exist before it does.
        let path = Path::new(&plan.cwd).join(OsStr::from_bytes(candidate.as_bytes()));
        match access(&path, AccessFlags::X_OK) {
            Ok(()) => {
                if fs::metadata(&path).is_ok_and(|found| found.is_file()) {
                    return Ok(());
                }
                denied = Some(Errno::EACCES);
            }
            Err(Errno::ENOENT | Errno::ENOTDIR) => {}
            Err(errno) => {
                denied = Some(errno);
                let path = CString::new(path.as_os_str().as_bytes()).ok();
                reason = reason.or_else(|| unfit::reason(&path?, errno));
            }
        }
    }
    Err(not_executed(denied.unwrap_or(Errno::ENOENT), &name, reason))
}

/// Becomes the program. Needs the container's root and namespaces in place. A container's first process comes with the
/// hooks that run right before it, with its rights, and makes its working directory.
pub fn become_program(plan: &ProcessPlan, first: Option<&Hooks>) -> Result<Infallible> {
    set_rlimits(plan)?;
    let user = plan.user.resolve()?;
    if first.is_some() {
        // The umask is zero here.
        let _ = fs::DirBuilder::new().recursive(true).mode(0o755).create(&plan.cwd);
    }
    chdir(plan.cwd.as_str()).map_err(|errno| Status::invalid(format!("cwd {}: {errno:?}", plan.cwd)))?;
    umask(Mode::from_bits_truncate(plan.umask));
    let env = environment(plan, &user);
    drop_privileges(plan, &user)?;
    if let Some(builtin) = &plan.builtin {
        // What has a mode of its own gets it; directories above it are like others, whatever the container's umask.
        umask(Mode::from_bits_truncate(0o022));
        // The channel too: its end is what tells the agent that the work has begun.
        sys::close_all_but(&[]);
        let path = plan.args[1].to_string_lossy();
        sys::exit_child(match builtin.as_str() {
            super::listeners::NAME => super::listeners::run(),
            name => super::archive::run(name, &path),
        });
    }
    if let Some(hooks) = first {
        hooks::run(&hooks.start_container, &hooks.about.state("created", Some(sys::own_pid())))?;
    }
    execute(plan, &env)
}

fn drop_privileges(plan: &ProcessPlan, user: &User) -> Result<()> {
    if let Some(capabilities) = &plan.capabilities {
        capabilities.limit_bounding().context("bounding set")?;
        if user.uid != 0 {
            sys::prctl(libc::PR_SET_KEEPCAPS, 1).context("keep capabilities")?;
        }
    }
    // A filter without no_new_privs needs the rights that go next.
    if !plan.no_new_privileges {
        install_seccomp(plan)?;
    }
    let groups: Vec<Gid> = user.groups.iter().map(|gid| Gid::from_raw(*gid)).collect();
    setgroups(&groups).context("groups")?;
    let gid = Gid::from_raw(user.gid);
    setresgid(gid, gid, gid).map_err(|errno| unmapped(errno, format!("gid {gid}")))?;
    let uid = Uid::from_raw(user.uid);
    setresuid(uid, uid, uid).map_err(|errno| unmapped(errno, format!("uid {uid}")))?;
    if let Some(capabilities) = &plan.capabilities {
        capabilities.apply().context("capabilities")?;
    }
    if plan.no_new_privileges {
        sys::prctl(libc::PR_SET_NO_NEW_PRIVS, 1).context("no_new_privs")?;
        install_seccomp(plan)?;
    }
    Ok(())
}

/// The kernel knows no other reason to find a number invalid.
fn unmapped(errno: Errno, what: String) -> Status {
    match errno {
        Errno::EINVAL => Status::invalid(format!("{what} is not mapped in the user namespace")),
        other => Status::internal(format!("{what}: {other:?}")),
    }
}

fn install_seccomp(plan: &ProcessPlan) -> Result<()> {
    match &plan.seccomp {
        Some(filter) => sys::install_filter(&filter.program, filter.flags).context("seccomp"),
        None => Ok(()),
    }
}

/// As asked for, each name once, and what programs rely on. The host's name is asked for now: a copy of a machine has
/// another one than what it was copied from.
fn environment(plan: &ProcessPlan, user: &User) -> Vec<CString> {
    let mut env: Vec<Vec<u8>> =
        last_of_each(&plan.env).into_iter().map(|one| one.as_bytes().to_vec()).collect();
    let mut add = |name: &[u8], value: &[u8]| {
        if !env.iter().any(|variable| variable.starts_with(name)) {
            env.push([name, value].concat());
        }
    };
    add(b"HOME=", &user.home);
    if let Ok(name) = gethostname() {
        add(b"HOSTNAME=", name.as_bytes());
    }
    env.into_iter().filter_map(|variable| CString::new(variable).ok()).collect()
}

/// A list may have a name twice, and which one counts then would be up to the program.
fn last_of_each(env: &[String]) -> Vec<&str> {
    let mut seen = HashSet::new();
    let mut kept: Vec<&str> = env.iter().rev().map(String::as_str).collect();
    kept.retain(|variable| seen.insert(variable.split('=').next()));
    kept.reverse();
    kept
}

/// The files the command may mean, in the order of the process's own PATH.
fn candidates(plan: &ProcessPlan) -> Vec<CString> {
    let name = plan.args[0].as_bytes();
    if name.contains(&b'/') {
        return vec![plan.args[0].clone()];
    }
    let path =
        plan.env.iter().rev().find_map(|variable| variable.strip_prefix("PATH=")).unwrap_or(DEFAULT_PATH);
    let join = |directory: &str| {
        let directory = if directory.is_empty() { "." } else { directory };
        CString::new([directory.as_bytes(), b"/", name].concat()).ok()
    };
    path.split(':').filter_map(join).collect()
}

fn execute(plan: &ProcessPlan, env: &[CString]) -> Result<Infallible> {
    let args: Vec<&CStr> = plan.args.iter().map(CString::as_c_str).collect();
    let name = plan.args[0].to_string_lossy();
    let mut failure = Errno::ENOENT;
    let mut reason = None;
    for candidate in candidates(plan) {
        let Err(errno) = execve(&candidate, &args, env);
        match errno {
            Errno::ENOENT | Errno::ENOTDIR => {}
            Errno::EACCES => failure = errno,
            other => return Err(Status::exec(other, &name)),
        }
        reason = reason.or_else(|| unfit::reason(&candidate, errno));
    }
    Err(not_executed(failure, &name, reason))
}

fn not_executed(errno: Errno, name: &str, reason: Option<String>) -> Status {
    match reason {
        Some(reason) => Status::exec(errno, &format!("{name}: {reason}")),
        None => Status::exec(errno, name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_variable_that_is_there_twice_the_last_counts() {
        let env = ["PATH=/a", "A=1", "AB=2", "A=3", "PATH=/b", "E="].map(String::from);
        assert_eq!(last_of_each(&env), ["AB=2", "A=3", "PATH=/b", "E="]);
    }
}
