//! Programs that a spec wants run at points of a container's life, as the OCI runtime specification has them.
//!
//! Those of the guest's side run in a child of the agent (`agent::hook_runs`), those of the container's side in the
//! container's first process before it becomes its program. Both wait for them here, one after the other.

use super::process;
use crate::grpc;
use crate::sys;
use crate::ttrpc::status::Context;
use crate::ttrpc::{Code, Result, Status};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::unistd::{execve, pipe2, read};
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::{Seek, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Upstream's agent waits as long.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
/// Of what a hook that failed said.
const SAID: usize = 1024;
const OCI_VERSION: &str = "1.2.0";

#[derive(Clone, Debug)]
pub struct Hook {
    /// What it is called when it fails.
    kind: &'static str,
    args: Vec<CString>,
    env: Vec<CString>,
    path: CString,
    timeout: Duration,
}

#[derive(Clone, Debug, Default)]
pub struct Hooks {
    /// `prestart`, then `createRuntime`.
    pub create_runtime: Vec<Hook>,
    pub create_container: Vec<Hook>,
    pub start_container: Vec<Hook>,
    pub poststart: Vec<Hook>,
    pub poststop: Vec<Hook>,
    pub about: Rc<About>,
}

/// What hooks are told besides the state.
#[derive(Clone, Debug, Default)]
pub struct About {
    pub id: String,
    pub root: String,
    pub annotations: Vec<(String, String)>,
}

impl Hooks {
    pub fn from_request(request: &grpc::CreateContainerRequest) -> Result<Hooks> {
        let spec = request.oci.clone().unwrap_or_default();
        let list = |name: &str, hooks: &[grpc::Hook]| {
            hooks.iter().map(|hook| Hook::from_spec(name, hook)).collect::<Result<Vec<_>>>()
        };
        let hooks = spec.hooks.unwrap_or_default();
        let mut create_runtime = list("prestart", &hooks.prestart)?;
        create_runtime.extend(list("createRuntime", &hooks.create_runtime)?);
        let mut annotations: Vec<_> = spec.annotations.into_iter().collect();
        annotations.sort_unstable();
        let about =
            About { id: request.container_id.clone(), root: spec.root.unwrap_or_default().path, annotations };
        Ok(Hooks {
            create_runtime,
            create_container: list("createContainer", &hooks.create_container)?,
            start_container: list("startContainer", &hooks.start_container)?,
            poststart: list("poststart", &hooks.poststart)?,
            poststop: list("poststop", &hooks.poststop)?,
            about: Rc::new(about),
        })
    }
}

impl Hook {
    /// A program of the guest's own.
    pub fn program(path: &str, timeout: Duration) -> Result<Hook> {
        let hook = grpc::Hook { path: path.into(), ..Default::default() };
        Hook::from_spec("program", &hook).map(|hook| Hook { kind: "program", timeout, ..hook })
    }

    fn from_spec(name: &str, hook: &grpc::Hook) -> Result<Hook> {
        let c_strings = |list: &[String]| {
            let all = list.iter().map(|text| CString::new(text.as_str()));
            all.collect::<std::result::Result<Vec<_>, _>>()
                .map_err(|_| Status::invalid(format!("hook {name}: a NUL byte")))
        };
        if !hook.path.starts_with('/') {
            return Err(Status::invalid(format!("hook {name}: path is not absolute: {}", hook.path)));
        }
        let timeout = match u64::try_from(hook.timeout) {
            Ok(0) => DEFAULT_TIMEOUT,
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => return Err(Status::invalid(format!("hook {name}: timeout: {}", hook.timeout))),
        };
        let path = c_strings(std::slice::from_ref(&hook.path))?.remove(0);
        let mut args = c_strings(&hook.args)?;
        if args.is_empty() {
            args.push(path.clone());
        }
        Ok(Hook { kind: "hook", args, env: c_strings(&hook.env)?, path, timeout })
    }
}

impl About {
    /// The state as the specification writes it. There is no bundle in a guest: the directory above the root is named
    /// as such, and the root itself beside it. A stopped container has no pid.
    pub fn state(&self, status: &str, pid: Option<i32>) -> String {
        let bundle = self
            .root
            .rsplit_once('/')
            .map_or("/", |(bundle, _)| if bundle.is_empty() { "/" } else { bundle });
        let mut state =
            format!("{{\"ociVersion\":\"{OCI_VERSION}\",\"id\":{},\"status\":\"{status}\"", quoted(&self.id));
        if let Some(pid) = pid {
            state.push_str(&format!(",\"pid\":{pid}"));
        }
        state.push_str(&format!(",\"bundle\":{},\"root\":{}", quoted(bundle), quoted(&self.root)));
        let entries: Vec<_> = self
            .annotations
            .iter()
            .map(|(key, value)| format!("{}:{}", quoted(key), quoted(value)))
            .collect();
        state.push_str(&format!(",\"annotations\":{{{}}}}}", entries.join(",")));
        state
    }
}

/// A string in JSON.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if u32::from(c) < 0x20 => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Runs hooks in their order; the first failure is the end of it.
pub fn run(hooks: &[Hook], state: &str) -> Result<()> {
    hooks.iter().try_for_each(|hook| run_one(hook, state.as_bytes(), None))
}

/// Runs all hooks, whatever becomes of the others; the first failure is told.
pub fn run_all(hooks: &[Hook], state: &str) -> Result<()> {
    hooks.iter().map(|hook| run_one(hook, state.as_bytes(), None)).fold(Ok(()), Result::and)
}

/// Runs one program with that input; what it says on standard output goes to a file, if there is one.
pub fn run_one(hook: &Hook, input: &[u8], output: Option<&File>) -> Result<()> {
    let what = || format!("{} {}", hook.kind, hook.path.to_string_lossy());
    let mut stdin = File::from(memfd_create(c"state", MFdFlags::MFD_CLOEXEC).context(what())?);
    stdin.write_all(input).and_then(|()| stdin.rewind()).context(what())?;
    let (ours, theirs) = pipe2(OFlag::O_CLOEXEC).context(what())?;
    let until = Instant::now() + hook.timeout;
    // Not clone3: a filter of the container may be in force, which the C library's fork gets past.
    // SAFETY: there is one thread.
    let pid = Errno::result(unsafe { libc::fork() }).context(what())?;
    if pid == 0 {
        become_hook(hook, stdin.as_raw_fd(), output.map(AsRawFd::as_raw_fd), theirs.as_raw_fd());
    }
    drop(theirs);
    fcntl(&ours, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).context(what())?;
    let mut said = Vec::new();
    let ended = wait(pid, &ours, &mut said, until);
    listen(&ours, &mut said);
    let said = String::from_utf8_lossy(&said[said.len().saturating_sub(SAID)..]).trim().to_string();
    let how = match ended {
        None => format!("took longer than {} s", hook.timeout.as_secs()),
        Some(status) if libc::WIFSIGNALED(status) => format!("signal {}", libc::WTERMSIG(status)),
        Some(status) if libc::WEXITSTATUS(status) != 0 => {
            format!("exit status {}", libc::WEXITSTATUS(status))
        }
        Some(_) => return Ok(()),
    };
    Err(Status::new(Code::FailedPrecondition, format!("{}: {how}: {said}", what())))
}

fn become_hook(hook: &Hook, stdin: RawFd, stdout: Option<RawFd>, stderr: RawFd) -> ! {
    let stdio = process::Stdio { stdin, stdout: stdout.unwrap_or(stderr), stderr };
    // A group of its own, to be killed as one.
    let alone = process::detach().and_then(|()| stdio.connect());
    if alone.and_then(|()| process::spare_no_more()).is_ok() {
        nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o022));
        sys::close_all_but(&[]);
        let args: Vec<&CStr> = hook.args.iter().map(CString::as_c_str).collect();
        let env: Vec<&CStr> = hook.env.iter().map(CString::as_c_str).collect();
        let Err(errno) = execve(&hook.path, &args, &env);
        // Past the standard library, which a test listens to.
        let _ = nix::unistd::write(std::io::stderr(), format!("exec: {errno:?}").as_bytes());
    }
    sys::exit_child(127)
}

/// Waits for the child; None when its time was over, and it was killed with its group.
fn wait(pid: i32, output: &OwnedFd, said: &mut Vec<u8>, until: Instant) -> Option<i32> {
    // Without a pidfd, which a filter may not know: its output, or a moment, is the occasion to look.
    let mut pause: u16 = 1;
    let mut open = true;
    loop {
        let mut status = 0;
        // SAFETY: status outlives the call.
        let found = unsafe { libc::waitpid(pid, &mut status, libc::WNOHANG) };
        if found == pid {
            return Some(status);
        }
        if Instant::now() >= until {
            for target in [-pid, pid] {
                // SAFETY: numbers only. Not reaped, so process and group are still its own.
                unsafe { libc::kill(target, libc::SIGKILL) };
            }
            // SAFETY: as above.
            unsafe { libc::waitpid(pid, &mut status, 0) };
            return None;
        }
        let mut waited = [PollFd::new(output.as_fd(), PollFlags::POLLIN)];
        let _ = poll(&mut waited[..usize::from(open)], pause);
        pause = (pause * 2).min(20);
        open = open && listen(output, said);
    }
}

/// Takes what there is; false at the end.
fn listen(output: &OwnedFd, said: &mut Vec<u8>) -> bool {
    let mut buffer = [0; SAID];
    loop {
        match read(output, &mut buffer) {
            Ok(0) => return false,
            Ok(count) => {
                said.extend_from_slice(&buffer[..count]);
                let surplus = said.len().saturating_sub(SAID);
                said.drain(..surplus);
            }
            Err(Errno::EINTR) => {}
            Err(errno) => return errno == Errno::EAGAIN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(message: &str) -> Status {
        Status::new(Code::FailedPrecondition, message)
    }

    fn shell(script: &str, timeout: i64) -> Hook {
        let args = ["sh", "-c", script].map(String::from).to_vec();
        let hook = grpc::Hook { path: "/bin/sh".into(), args, env: vec!["A=b".into()], timeout };
        Hook::from_spec("test", &hook).unwrap()
    }

    #[test]
    fn state_is_json_whatever_the_names_are() {
        let about = About {
            id: "c1".into(),
            root: "/run/c1/rootfs".into(),
            annotations: vec![("a\"b".into(), "c\\d\n".into())],
        };
        assert_eq!(
            about.state("creating", Some(7)),
            "{\"ociVersion\":\"1.2.0\",\"id\":\"c1\",\"status\":\"creating\",\"pid\":7,\"bundle\":\"/run/c1\",\
             \"root\":\"/run/c1/rootfs\",\"annotations\":{\"a\\\"b\":\"c\\\\d\\u000a\"}}"
        );
        assert!(!about.state("stopped", None).contains("pid"));
    }

    #[test]
    fn hook_reads_the_state_and_has_the_environment_it_was_given() {
        let state = "x".repeat(200_000);
        assert!(run(&[shell("[ $(wc -c) = 200000 ] && [ $A = b ]", 0)], &state).is_ok());
        // One that does not read it is as good.
        assert!(run(&[shell("exit 0", 0)], &state).is_ok());
    }

    #[test]
    fn failure_is_told_with_the_hooks_own_words_and_ends_the_row() {
        let file = std::env::temp_dir().join(format!("kata-hook-{}", std::process::id()));
        let touch = shell(&format!("touch {}", file.display()), 0);
        let failing = shell("echo oh dear >&2; exit 3", 0);
        let failure = run(&[failing.clone(), touch.clone()], "{}").unwrap_err();
        assert_eq!(failure, failed("hook /bin/sh: exit status 3: oh dear"));
        assert!(!file.exists());
        assert_eq!(run_all(&[failing, touch], "{}").unwrap_err(), failure);
        std::fs::remove_file(&file).unwrap();
    }

    #[test]
    fn hook_that_takes_too_long_is_killed_with_what_it_started() {
        let failure = run(&[shell("echo slow; sleep 1000 & wait", 1)], "{}").unwrap_err();
        assert_eq!(failure, failed("hook /bin/sh: took longer than 1 s: slow"));
    }

    #[test]
    fn hook_that_is_not_there_says_so() {
        let hook = grpc::Hook { path: "/no/such/hook".into(), ..Default::default() };
        let hook = Hook::from_spec("test", &hook).unwrap();
        let failure = run(&[hook], "{}").unwrap_err();
        assert_eq!(failure, failed("hook /no/such/hook: exit status 127: exec: ENOENT"));
        let relative = grpc::Hook { path: "hook".into(), ..Default::default() };
        assert!(Hook::from_spec("test", &relative).is_err());
    }
}
