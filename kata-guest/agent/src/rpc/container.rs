//! Containers: made, started, changed, removed.

use super::diagnostics;
use super::sandbox::RUN_DIRECTORY;
use super::{EMPTY, LATER, Outcome};
use crate::agent::{Agent, Parked, ParkedKind};
use crate::container::cgroup::Cgroup;
use crate::container::hooks::Hooks;
use crate::container::plan::ContainerPlan;
use crate::container::process::Stdio;
use crate::container::{channel, devices, init, process, reserve};
use crate::grpc;
use crate::hook_runs::{After, Point};
use crate::poller::Source;
use crate::sandbox::{Container, Process, Stage, check_id};
use crate::stdio::Streams;
use crate::sys::{self, Forked};
use crate::ttrpc::connection::CallId;
use crate::ttrpc::status::Context;
use crate::ttrpc::{Code, Result, Status};
use nix::sched::CloneFlags;
use nix::sys::epoll::EpollFlags;
use prost::Message;
use std::collections::HashMap;
use std::os::fd::{AsFd, AsRawFd};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// The freezer works at once or not at all.
const FREEZER_LIMIT: Duration = Duration::from_secs(10);

pub fn create(
    agent: &mut Agent,
    call: CallId,
    request: &grpc::CreateContainerRequest,
    extras: &grpc::ProcessExtras,
) -> Outcome {
    let id = &request.container_id;
    check_id("container", id)?;
    if agent.sandbox.containers.contains_key(id) {
        return Err(Status::new(Code::AlreadyExists, format!("container {id} exists")));
    }
    if let Some(device) = request.devices.first() {
        return Err(Status::invalid(format!("device type is not supported: {}", device.r#type)));
    }
    let plan = ContainerPlan::from_request(request, extras)?;
    let storages = agent.sandbox.storages.add_all(&agent.modules, &request.storages)?;
    agent.watch_sources();
    if let Err(status) = launch(agent, call, request, plan, &storages) {
        agent.sandbox.storages.release(&storages);
        return Err(status);
    }
    LATER
}

fn launch(
    agent: &mut Agent,
    call: CallId,
    request: &grpc::CreateContainerRequest,
    mut plan: ContainerPlan,
    storages: &[String],
) -> Result<()> {
    let id = &request.container_id;
    if !plan.root.is_dir() {
        return Err(Status::invalid(format!("root is no directory: {}", plan.root.display())));
    }
    if request.sandbox_pidns {
        join_first_pid_namespace(agent, &mut plan);
    }
    resolve_containers(agent, &mut plan)?;
    let joined = init::open_joined(&plan)?;
    let nested = |other: &Container| other.cgroup.overlaps(&plan.cgroup);
    if let Some((owner, _)) = agent.sandbox.containers.iter().find(|(_, other)| nested(other)) {
        let message = format!("cgroup {} belongs to container {owner}", plan.cgroup);
        return Err(Status::new(Code::AlreadyExists, message));
    }
    if let Some(ids) = &plan.ids {
        devices::stage(&mut plan.devices, id, ids).inspect_err(|_| devices::unstage(id))?;
    }
    let cgroup = Cgroup::create(&plan.cgroup)?;
    if let Err(errno) = plan.device_filter.attach(cgroup.fd.as_fd()) {
        // A kernel without CGROUP_BPF: capabilities and the nodes in /dev are what limits the container then.
        crate::warning!("container {id}: devices are not filtered: {errno:?}");
    }
    let spec = request.oci.as_ref().and_then(|spec| spec.linux.as_ref());
    let limits =
        spec.and_then(|linux| linux.resources.as_ref()).map_or(Ok(()), |limits| cgroup.apply(limits));
    let process = limits.and_then(|()| fork_init(agent, call, id, &plan, &joined, &cgroup));
    let process = match process {
        Ok(process) => process,
        Err(status) => {
            devices::unstage(id);
            let _ = cgroup.remove();
            return Err(status);
        }
    };
    let own = CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWCGROUP
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWUSER;
    let joined = joined.iter().fold(CloneFlags::empty(), |all, (flag, _)| all | *flag);
    let container = Container {
        init: process,
        processes: HashMap::from([(id.clone(), process)]),
        cgroup,
        namespaces: (plan.unshared | joined) & own,
        world: Vec::new(),
        defaults: plan.process,
        started: false,
        paused: false,
        removing: false,
        oom_kills: 0,
        storages: storages.to_vec(),
        hooks: plan.hooks,
        termination_log: request.oci.as_ref().and_then(diagnostics::termination_log),
        events: None,
    };
    agent.watch_oom(id, &container);
    agent.sandbox.containers.insert(id.clone(), container);
    Ok(())
}

/// A namespace's path may be `container:ID`: the one of that container, which the host has no path for.
fn resolve_containers(agent: &Agent, plan: &mut ContainerPlan) -> Result<()> {
    for (flag, path) in &mut plan.joined {
        let Some(id) = path.strip_prefix("container:") else { continue };
        let init = agent.sandbox.container(id)?.init;
        let process = agent.sandbox.processes.get(&init).filter(|process| process.status.is_none());
        let pid = process.map(|process| process.pid);
        let pid = pid.ok_or_else(|| Status::invalid(format!("namespace: container {id} has ended")))?;
        let name = match *flag {
            CloneFlags::CLONE_NEWPID => "pid",
            CloneFlags::CLONE_NEWNET => "net",
            CloneFlags::CLONE_NEWIPC => "ipc",
            CloneFlags::CLONE_NEWUTS => "uts",
            _ => return Err(Status::invalid(format!("namespace cannot be joined: {path}"))),
        };
        *path = format!("/proc/{pid}/ns/{name}");
    }
    Ok(())
}

/// Puts the container into the pid namespace of the oldest one that lives. One whose process was reaped has lost its
/// number, which may be anybody's by now.
fn join_first_pid_namespace(agent: &Agent, plan: &mut ContainerPlan) {
    let inits = agent.sandbox.containers.values().map(|container| container.init);
    let alive = inits.filter_map(|init| Some((init, agent.sandbox.processes.get(&init)?)));
    let oldest = alive.filter(|(_, process)| process.status.is_none()).min_by_key(|(init, _)| *init);
    if let Some((_, process)) = oldest {
        plan.unshared -= CloneFlags::CLONE_NEWPID;
        plan.joined.retain(|(flag, _)| *flag != CloneFlags::CLONE_NEWPID);
        plan.joined.push((CloneFlags::CLONE_NEWPID, format!("/proc/{}/ns/pid", process.pid)));
    }
}

fn fork_init(
    agent: &mut Agent,
    call: CallId,
    id: &str,
    plan: &ContainerPlan,
    joined: &[(CloneFlags, std::os::fd::OwnedFd)],
    cgroup: &Cgroup,
) -> Result<u64> {
    let (streams, ends) = agent.streams_for(plan.process.terminal.is_some())?;
    let number = agent.sandbox.next_process;
    let (ours, theirs) = sys::message_pair().context("channel")?;
    let stdio = ends.as_ref().map(|ends| Stdio {
        stdin: ends.stdin.as_raw_fd(),
        stdout: ends.stdout.as_raw_fd(),
        stderr: ends.stderr.as_raw_fd(),
    });
    // The cgroup namespace is made by the child, the pid namespace is the parent's business.
    let pid_namespace =
        joined.iter().find(|(flag, _)| *flag == CloneFlags::CLONE_NEWPID).map(|(_, fd)| fd.as_fd());
    let others = joined.iter().filter(|(flag, _)| *flag != CloneFlags::CLONE_NEWPID);
    let flags = plan.unshared - CloneFlags::CLONE_NEWCGROUP;
    let forked = agent.fork_into(pid_namespace, flags.bits(), cgroup.fd.as_fd());
    let forked = forked.map_err(|errno| reserve::no_process(errno, id))?;
    let Forked::Parent { pid, pidfd } = forked else {
        let others: Vec<_> = others.map(|(flag, fd)| (*flag, fd.as_fd())).collect();
        channel::run_child(&theirs, || init::init(plan, &others, stdio, theirs.as_fd()));
    };
    if let Some(ids) = &plan.ids {
        let told = ids.write(pid).and_then(|()| process::prepare(pid, &plan.process));
        if let Err(status) = told.and_then(|()| channel::release(&ours).context("release")) {
            let _ = sys::pidfd_send_signal(&pidfd, libc::SIGKILL);
            let _ = nix::sys::wait::waitpid(nix::unistd::Pid::from_raw(pid), None);
            return Err(status);
        }
    }
    agent
        .adopt(Process {
            container: id.into(),
            exec_id: id.into(),
            pid,
            inner_pid: sys::inner_pid(&pidfd),
            pidfd,
            stage: Stage::Creating,
            setup: None,
            starter: Some(call),
            streams,
            waiters: Vec::new(),
            status: None,
            signal: 0,
            waited: false,
            has_terminal: plan.process.terminal.is_some(),
        })
        .and_then(|process| agent.listen_to(process, ours).map(|()| number.max(process)))
}

pub fn start(agent: &mut Agent, call: CallId, request: &grpc::StartContainerRequest) -> Outcome {
    let container = agent.sandbox.container_mut(&request.container_id)?;
    if container.started {
        let message = format!("container {} was started before", request.container_id);
        return Err(Status::new(Code::FailedPrecondition, message));
    }
    let init = container.init;
    let Some(process) = agent.sandbox.processes.get_mut(&init) else {
        return Err(Status::internal("the container has no process"));
    };
    match (&process.stage, &process.setup) {
        (Stage::Created, Some((channel, _))) => channel::release(channel).context("release")?,
        _ => {
            let message = format!("container {} is not ready to start", request.container_id);
            return Err(Status::new(Code::FailedPrecondition, message));
        }
    }
    process.stage = Stage::Starting;
    process.starter = Some(call);
    agent.sandbox.container_mut(&request.container_id)?.started = true;
    LATER
}

pub fn remove(agent: &mut Agent, call: CallId, request: &grpc::RemoveContainerRequest) -> Outcome {
    let container = agent.sandbox.container_mut(&request.container_id)?;
    container.removing = true;
    container.cgroup.kill()?;
    if container.paused {
        container.cgroup.freeze(false)?;
    }
    let seconds = Duration::from_secs(request.timeout.into());
    let until = (request.timeout > 0).then(|| Instant::now() + seconds);
    let kind = ParkedKind::Remove { container: request.container_id.clone() };
    agent.watch_cgroup(&request.container_id)?;
    let parked = Parked { call, until, kind };
    agent.try_cgroup(&parked).unwrap_or_else(|| {
        agent.park(parked);
        LATER
    })
}

pub fn freeze(agent: &mut Agent, call: CallId, id: &str, frozen: bool) -> Outcome {
    let container = agent.sandbox.container_mut(id)?;
    container.cgroup.freeze(frozen)?;
    container.paused = frozen;
    agent.watch_cgroup(id)?;
    let kind = ParkedKind::Freezer { container: id.into(), frozen };
    let parked = Parked { call, until: Some(Instant::now() + FREEZER_LIMIT), kind };
    agent.try_cgroup(&parked).unwrap_or_else(|| {
        agent.park(parked);
        LATER
    })
}

pub fn update(agent: &mut Agent, request: &grpc::UpdateContainerRequest) -> Outcome {
    let container = agent.sandbox.container(&request.container_id)?;
    if let Some(resources) = &request.resources {
        container.cgroup.apply(resources)?;
    }
    EMPTY
}

pub fn stats(agent: &mut Agent, request: &grpc::StatsContainerRequest) -> Outcome {
    let container = agent.sandbox.container(&request.container_id)?;
    let cgroup_stats = Some(crate::container::stats::collect(&container.cgroup));
    Ok(Some(grpc::StatsContainerResponse { cgroup_stats, network_stats: Vec::new() }.encode_to_vec()))
}

impl Agent {
    pub fn streams_for(&mut self, terminal: bool) -> Result<(Streams, Option<crate::stdio::ChildEnds>)> {
        self.sandbox.next_process += 1;
        if terminal {
            return Ok((Streams::default(), None));
        }
        let (streams, ends) =
            Streams::pipes(&mut self.poller, self.sandbox.next_process, self.config.pipe_size)?;
        Ok((streams, Some(ends)))
    }

    /// Wakes the loop when the cgroup's population or freezer changes.
    fn watch_cgroup(&mut self, id: &str) -> Result<()> {
        let container = self.sandbox.container_mut(id)?;
        if container.events.is_none() {
            let file =
                std::fs::File::open(container.cgroup.file("cgroup.events")).context("cgroup.events")?;
            let token = self
                .poller
                .add(&file, Source::Cgroup(container.init), EpollFlags::EPOLLPRI)
                .context("cgroup.events")?;
            container.events = Some((file.into(), token));
        }
        Ok(())
    }

    /// What becomes of a request about a cgroup, if that can be told now.
    pub fn try_cgroup(&mut self, parked: &Parked) -> Option<Outcome> {
        match &parked.kind {
            ParkedKind::Freezer { container, frozen } => match self.sandbox.container(container) {
                Ok(found) if found.cgroup.event("frozen") != *frozen => None,
                Ok(_) => Some(EMPTY),
                Err(status) => Some(Err(status)),
            },
            ParkedKind::Remove { container } => {
                let found = match self.sandbox.container(container) {
                    Ok(found) => found,
                    Err(status) => return Some(Err(status)),
                };
                if found.cgroup.event("populated") || self.has_unreaped(container) {
                    return None;
                }
                self.forget_container(container, Some(parked.call), Ok(Vec::new()));
                Some(LATER)
            }
            ParkedKind::Devices(_) => None,
        }
    }

    fn has_unreaped(&self, container: &str) -> bool {
        self.sandbox
            .processes
            .values()
            .any(|process| process.container == container && process.status.is_none())
    }

    /// Everything of a container whose processes are gone; then its last hooks, and the answer to whoever asked.
    pub fn forget_container(&mut self, id: &str, call: Option<CallId>, answer: Result<Vec<u8>>) {
        let removed = self.take_apart(id);
        if let Err(problem) = &removed {
            crate::warning!("{}", problem.message);
        }
        let hooks = removed.as_ref().ok().cloned().flatten();
        let answer = answer.and_then(|payload| removed.map(|_| payload));
        let then = After::Removed { call, answer };
        match hooks.filter(|hooks| !hooks.poststop.is_empty()) {
            Some(hooks) => self.run_hooks(&hooks, Point::Poststop, None, then),
            None => self.hooks_ended(then, Ok(())),
        }
    }

    fn take_apart(&mut self, id: &str) -> Result<Option<Rc<Hooks>>> {
        let Some(mut container) = self.sandbox.containers.remove(id) else { return Ok(None) };
        if let Some((events, token)) = container.events.take() {
            self.poller.remove(&events, token);
        }
        for process in container.processes.values() {
            self.forget_process(*process);
        }
        self.unwatch_oom(id);
        self.sandbox.storages.release(&container.storages);
        // Only what the agent made: something mounted there belongs to somebody, and is not to be emptied.
        devices::unstage(id);
        let own = std::path::Path::new(RUN_DIRECTORY).join(id);
        let _ = std::fs::remove_dir_all(own.join("upper"));
        let _ = std::fs::remove_dir_all(own.join("work"));
        let _ = std::fs::remove_dir(own.join("rootfs"));
        let _ = std::fs::remove_dir(own);
        container.cgroup.remove().map(|()| Some(container.hooks))
    }
}
