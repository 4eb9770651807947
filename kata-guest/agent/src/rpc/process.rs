//! Processes: started in containers, signalled, waited for.

use super::{EMPTY, LATER, Outcome};
use crate::agent::Agent;
use crate::container::capabilities::Capabilities;
use crate::container::plan::ProcessPlan;
use crate::container::process::Stdio;
use crate::container::{channel, init, reserve};
use crate::grpc;
use crate::sandbox::{Process, Stage};
use crate::sys::{self, Forked};
use crate::ttrpc::connection::CallId;
use crate::ttrpc::status::Context;
use crate::ttrpc::{Code, Status};
use nix::errno::Errno;
use std::os::fd::{AsFd, AsRawFd};

/// Records of processes one container may have, ended ones that nobody asked about included.
const MAX_PROCESSES: usize = 4096;

/// Processes of one container that are set up at the same time. Each is a copy of the agent until its program runs: a
/// thousand at once would fill a small guest's memory and be no sooner done.
const MAX_STARTING: usize = 16;

/// How many more of a container's executions may be set up now.
pub fn free_starts(agent: &Agent, container: &str) -> usize {
    let starting = |process: &&Process| process.stage == Stage::Starting && process.container == container;
    MAX_STARTING.saturating_sub(agent.sandbox.processes.values().filter(starting).count())
}

pub fn exec(
    agent: &mut Agent,
    call: CallId,
    request: &grpc::ExecProcessRequest,
    extras: &grpc::ProcessExtras,
) -> Outcome {
    let spec = request.process.as_ref().ok_or_else(|| Status::invalid("exec: no process"))?;
    let container = agent.sandbox.container(&request.container_id)?;
    if request.exec_id.is_empty() || request.exec_id.len() > 255 {
        return Err(Status::invalid("exec id: empty or too long"));
    }
    if container.processes.contains_key(&request.exec_id) {
        return Err(Status::new(Code::AlreadyExists, format!("process {} exists", request.exec_id)));
    }
    if container.processes.len() >= MAX_PROCESSES {
        return Err(Status::new(Code::ResourceExhausted, "too many processes in the container"));
    }
    let owner = agent.sandbox.processes.get(&container.init);
    // Files can be copied before the first process is let go: its world is built.
    let ready =
        |stage: Stage| stage == Stage::Running || (stage == Stage::Created && !extras.builtin.is_empty());
    let living = owner.filter(|init| init.status.is_none() && ready(init.stage));
    // So can they when it has ended: its world is held until the container is removed.
    let ended = owner.is_some_and(|init| init.status.is_some())
        && !extras.builtin.is_empty()
        && !container.world.is_empty();
    if living.is_none() && !ended {
        let message = format!("container {} is not running", request.container_id);
        return Err(Status::new(Code::FailedPrecondition, message));
    }
    if container.paused || container.removing {
        let state = if container.paused { "paused" } else { "being removed" };
        let message = format!("container {} is {state}", request.container_id);
        return Err(Status::new(Code::FailedPrecondition, message));
    }
    let plan = plan(spec, request.string_user.as_ref(), extras, &container.defaults)?;
    let namespaces = container.namespaces;
    let init_fd = living.map(|init| init.pidfd.try_clone()).transpose().context("pidfd")?;
    let world: Vec<_> = match init_fd {
        Some(_) => Vec::new(),
        None => {
            let copies = container.world.iter().map(|(flag, fd)| fd.try_clone().map(|fd| (*flag, fd)));
            copies.collect::<Result<_, _>>().context("namespaces")?
        }
    };
    let cgroup = container.cgroup.fd.try_clone().context("cgroup")?;
    let terminal = plan.terminal.is_some();
    let (streams, ends) = agent.streams_for(terminal)?;
    let (ours, theirs) = sys::message_pair().context("channel")?;
    let stdio = ends.as_ref().map(|ends| Stdio {
        stdin: ends.stdin.as_raw_fd(),
        stdout: ends.stdout.as_raw_fd(),
        stderr: ends.stderr.as_raw_fd(),
    });
    let forked = agent.fork_into(init_fd.as_ref().map(AsFd::as_fd), 0, cgroup.as_fd());
    let Forked::Parent { pid, pidfd } =
        forked.map_err(|errno| reserve::no_process(errno, &request.container_id))?
    else {
        channel::run_child(&theirs, || match &init_fd {
            Some(init) => init::join(&plan, init.as_fd(), namespaces, stdio, theirs.as_fd()),
            None => init::join_ended(&plan, &world, stdio, theirs.as_fd()),
        });
    };
    let process = agent.adopt(Process {
        container: request.container_id.clone(),
        exec_id: request.exec_id.clone(),
        pid,
        inner_pid: sys::inner_pid(&pidfd),
        pidfd,
        stage: Stage::Starting,
        setup: None,
        starter: Some(call),
        streams,
        waiters: Vec::new(),
        status: None,
        signal: 0,
        waited: false,
        has_terminal: terminal,
    })?;
    let container = agent.sandbox.container_mut(&request.container_id)?;
    container.processes.insert(request.exec_id.clone(), process);
    agent.listen_to(process, ours)?;
    LATER
}

/// What a request leaves out comes from the container.
fn plan(
    spec: &grpc::Process,
    user: Option<&grpc::StringUser>,
    extras: &grpc::ProcessExtras,
    defaults: &ProcessPlan,
) -> crate::ttrpc::Result<ProcessPlan> {
    let mut plan = ProcessPlan::from_spec(spec, user)?.with(extras)?;
    let silent = spec.capabilities.as_ref().is_none_or(|sets| *sets == grpc::LinuxCapabilities::default());
    if silent {
        plan.capabilities = defaults.capabilities.map(|inherited| Capabilities { ..inherited });
    }
    if extras.umask.is_none() {
        plan.umask = defaults.umask;
    }
    if plan.rlimits.is_empty() {
        plan.rlimits = defaults.rlimits.clone();
    }
    plan.oom_score = plan.oom_score.or(defaults.oom_score);
    plan.no_new_privileges |= defaults.no_new_privileges;
    plan.seccomp = defaults.seccomp.clone();
    Ok(plan)
}

pub fn signal(
    agent: &mut Agent,
    request: &grpc::SignalProcessRequest,
    extras: &grpc::SignalExtras,
) -> Outcome {
    let signal = i32::try_from(request.signal).ok().filter(|signal| (0..=64).contains(signal));
    let signal = signal.ok_or_else(|| Status::invalid(format!("signal: {}", request.signal)))?;
    let container = agent.sandbox.container(&request.container_id)?;
    if request.exec_id.is_empty() && signal == libc::SIGKILL {
        container.cgroup.kill()?;
        return EMPTY;
    }
    let id = agent.sandbox.find(&request.container_id, &request.exec_id)?;
    let Some(process) = agent.sandbox.processes.get(&id) else { return EMPTY };
    if process.status.is_some() {
        return EMPTY;
    }
    let is_init = agent.sandbox.container(&request.container_id)?.init == id;
    // The first process of a pid namespace does not feel what it does not handle; a polite end must still be one.
    let signal = if is_init && signal == libc::SIGTERM && !handles(process.pid, signal) {
        libc::SIGKILL
    } else {
        signal
    };
    // Not reaped yet, so the group's number, which is the leader's, is still its own.
    let sent = if extras.process_group && process.stage == Stage::Running {
        sys::signal_group(process.pid, signal)
    } else {
        sys::pidfd_send_signal(&process.pidfd, signal)
    };
    match sent {
        Ok(()) | Err(Errno::ESRCH) => EMPTY,
        Err(errno) => Err(Status::internal(format!("signal {signal}: {errno:?}"))),
    }
}

/// Whether a process catches, blocks or ignores a signal.
fn handles(pid: i32, signal: i32) -> bool {
    masks(&std::fs::read(format!("/proc/{pid}/status")).unwrap_or_default()) & (1 << (signal - 1)) != 0
}

/// The signals that are caught, blocked or ignored. The name of a process, which is in the same file, may be any bytes.
fn masks(status: &[u8]) -> u64 {
    let status = String::from_utf8_lossy(status);
    let masks = status.lines().filter_map(|line| {
        let (name, mask) = line.split_once(':')?;
        let wanted = matches!(name, "SigCgt" | "SigBlk" | "SigIgn");
        wanted.then(|| u64::from_str_radix(mask.trim(), 16).unwrap_or(0))
    });
    masks.fold(0, |all, mask| all | mask)
}

pub fn wait(agent: &mut Agent, call: CallId, request: &grpc::WaitProcessRequest) -> Outcome {
    let id = agent.sandbox.find(&request.container_id, &request.exec_id)?;
    if let Some(process) = agent.sandbox.processes.get_mut(&id) {
        if let Some(status) = process.status {
            process.waited = true;
            let end = crate::reaper::end_of(status, process.signal);
            agent.forget_if_done(id);
            return Ok(Some(end));
        }
        process.waiters.push(call);
    }
    LATER
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_of_a_process_are_found_whatever_its_name() {
        let status = b"Name:\tpr\xfcfer\nSigPnd:\t0000000000000100\nSigBlk:\t0000000000000001\n\
            SigIgn:\t0000000000001000\nSigCgt:\t0000000000004000\n";
        assert_eq!(masks(status), 0x5001);
    }
}
