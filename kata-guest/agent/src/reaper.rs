//! Children: forked, listened to until their program runs, reaped when they end.
//!
//! One thread forks and reaps, so a child that ends at once is registered before its end is looked for.

use crate::agent::Agent;
use crate::container::channel::{self, Message};
use crate::container::devices;
use crate::grpc;
use crate::poller::Source;
use crate::sandbox::{Process, Stage};
use crate::stdio::Streams;
use crate::sys::{self, Forked};
use crate::ttrpc::status::Context;
use crate::ttrpc::{Result, Status};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sched::{CloneFlags, setns};
use nix::sys::epoll::EpollFlags;
use prost::Message as _;
use std::fs::File;
use std::os::fd::{BorrowedFd, OwnedFd};

impl Agent {
    /// Forks, into another's pid namespace where one is given (a namespace or a process's descriptor).
    ///
    /// The agent itself steps over for the moment of the fork: only children are born into the namespace it is set
    /// to, and the child is still the agent's own to wait for.
    pub fn fork_into(
        &mut self,
        pid_namespace: Option<BorrowedFd>,
        flags: i32,
        cgroup: BorrowedFd,
    ) -> nix::Result<Forked> {
        let Some(namespace) = pid_namespace else { return sys::fork(flags, Some(cgroup)) };
        // The way back is opened before the first step: what is forked later must not land in a container.
        let own = match self.own_pid_namespace.take() {
            Some(own) => own,
            None => File::open("/proc/self/ns/pid")
                .map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))?,
        };
        setns(namespace, CloneFlags::CLONE_NEWPID)?;
        let forked = sys::fork(flags, Some(cgroup));
        if !matches!(forked, Ok(Forked::Child)) {
            setns(&own, CloneFlags::CLONE_NEWPID)?;
        }
        self.own_pid_namespace = Some(own);
        forked
    }

    /// Registers a child under the number its streams were made for.
    pub fn adopt(&mut self, process: Process) -> Result<u64> {
        let id = self.sandbox.next_process;
        self.sandbox.by_pid.insert(process.pid, id);
        self.sandbox.processes.insert(id, process);
        Ok(id)
    }

    /// Waits for what a child says before its program runs.
    pub fn listen_to(&mut self, id: u64, channel: OwnedFd) -> Result<()> {
        fcntl(&channel, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).context("channel")?;
        let token = self.poller.add(&channel, Source::Setup(id), EpollFlags::EPOLLIN).context("channel")?;
        if let Some(process) = self.sandbox.processes.get_mut(&id) {
            process.setup = Some((channel, token));
        }
        Ok(())
    }

    /// A child spoke, or its channel closed.
    pub fn setup_event(&mut self, id: u64) {
        while let Some(process) = self.sandbox.processes.get_mut(&id) {
            let Some((fd, _)) = &process.setup else { return };
            let Some(message) = channel::receive(fd) else { return };
            match message {
                Message::Ready(master) => {
                    let result = self.child_is_ready(id, master);
                    if let Err(status) = result {
                        self.start_failed(id, status);
                    }
                }
                Message::Built => self.run_create_hooks(id),
                Message::Failed(status) => self.start_failed(id, status),
                Message::Closed => self.program_runs(id),
            }
        }
    }

    fn child_is_ready(&mut self, id: u64, master: i32) -> Result<()> {
        let Some(process) = self.sandbox.processes.get_mut(&id) else { return Ok(()) };
        if master >= 0 && process.has_terminal {
            let master = sys::pidfd_getfd(&process.pidfd, master).context("terminal")?;
            process.streams = Streams::terminal(&mut self.poller, id, master)?;
        }
        if process.stage == Stage::Creating {
            process.stage = Stage::Created;
            devices::unstage(&process.container);
            let (pid, name) = (process.pid, process.container.clone());
            self.sandbox.container_mut(&name)?.hold_world(pid)?;
            let Some(process) = self.sandbox.processes.get_mut(&id) else { return Ok(()) };
            if let Some(call) = process.starter.take() {
                self.reply(call, Ok(Vec::new()));
            }
        } else if let Some((fd, _)) = &process.setup {
            channel::release(fd).context("release")?;
        }
        Ok(())
    }

    fn program_runs(&mut self, id: u64) {
        let Some(process) = self.sandbox.processes.get_mut(&id) else { return };
        let starter = process.starter.take();
        if let Some((fd, token)) = process.setup.take() {
            self.poller.remove(&fd, token);
        }
        if process.stage == Stage::Creating {
            process.starter = starter;
            let message = "the container's first process ended while it was being set up";
            return self.start_failed(id, Status::internal(message));
        }
        if process.stage == Stage::Starting {
            process.stage = Stage::Running;
        }
        self.run_start_hooks(id, starter);
        self.feed_readers(id, 0);
    }

    /// The child gives up: whoever asked for it is told, and nothing of it stays.
    pub fn start_failed(&mut self, id: u64, status: Status) {
        let Some(process) = self.sandbox.processes.get_mut(&id) else { return };
        let starter = process.starter.take();
        let was_creating = process.stage == Stage::Creating;
        process.stage = Stage::Failed;
        if let Some((fd, token)) = process.setup.take() {
            self.poller.remove(&fd, token);
        }
        let _ = sys::pidfd_send_signal(&process.pidfd, libc::SIGKILL);
        let (container, exec_id) = (process.container.clone(), process.exec_id.clone());
        if was_creating {
            // The container goes when its process has been reaped.
            process.starter = starter;
            self.failures.insert(id, status);
            return;
        }
        if let Ok(owner) = self.sandbox.container_mut(&container) {
            if owner.init != id {
                owner.processes.remove(&exec_id);
                self.abandon(id);
            }
        }
        if let Some(call) = starter {
            self.reply(call, Err(status));
        }
    }

    /// Lets go of a process's streams; its record stays until it is reaped.
    fn abandon(&mut self, id: u64) {
        let Some(process) = self.sandbox.processes.get_mut(&id) else { return };
        let calls = process.streams.close(&mut self.poller);
        if process.status.is_some() {
            self.sandbox.processes.remove(&id);
        }
        for call in calls {
            self.reply(call, Err(Status::not_found("the process was never started")));
        }
    }

    /// Collects every child that has ended, known or not: orphans of containers end up here too.
    pub fn reap(&mut self) {
        loop {
            let mut status = 0;
            // SAFETY: status outlives the call.
            let pid = unsafe { libc::waitpid(-1, &mut status, libc::WNOHANG) };
            if pid <= 0 {
                return;
            }
            let (code, signal) = if libc::WIFSIGNALED(status) {
                (128 + libc::WTERMSIG(status), libc::WTERMSIG(status) as u32)
            } else {
                (libc::WEXITSTATUS(status), 0)
            };
            if let Some(id) = self.sandbox.by_pid.remove(&pid) {
                // What the child said last comes before the news of its end.
                self.setup_event(id);
                self.ended(id, code, signal);
            }
        }
    }

    fn ended(&mut self, id: u64, code: i32, signal: u32) {
        let Some(process) = self.sandbox.processes.get_mut(&id) else { return };
        process.status = Some(code);
        process.signal = signal;
        if process.stage == Stage::Failed {
            let container = process.container.clone();
            let starter = process.starter.take();
            match self.failures.remove(&id) {
                // Before the reply: the id is free again when the caller hears of the failure.
                Some(status) => {
                    self.forget_container(&container, starter, Err(status));
                    return;
                }
                None => {
                    let is_init = self.sandbox.container(&container).is_ok_and(|owner| owner.init == id);
                    if !is_init {
                        self.sandbox.processes.remove(&id);
                        return;
                    }
                }
            }
        }
        self.begin_grace(id);
        let Some(process) = self.sandbox.processes.get_mut(&id) else { return };
        let waiters = std::mem::take(&mut process.waiters);
        process.waited |= !waiters.is_empty();
        for call in waiters {
            self.reply(call, Ok(end_of(code, signal)));
        }
        self.forget_if_done(id);
    }

    /// Drops the record of an exec once its status was told and both its streams were read to their end.
    pub fn forget_if_done(&mut self, id: u64) {
        let Some(process) = self.sandbox.processes.get(&id) else { return };
        let drained = process.streams.outputs[0].drained
            && (process.has_terminal || process.streams.outputs[1].drained);
        if !(process.waited && process.status.is_some() && drained) {
            return;
        }
        let (container, exec_id) = (process.container.clone(), process.exec_id.clone());
        if let Ok(owner) = self.sandbox.container_mut(&container) {
            if owner.init != id {
                owner.processes.remove(&exec_id);
                self.forget_process(id);
            }
        }
    }

    /// Removes a process that has ended; reads and waits still open are answered.
    pub fn forget_process(&mut self, id: u64) {
        let Some(mut process) = self.sandbox.processes.remove(&id) else { return };
        if let Some((fd, token)) = process.setup.take() {
            self.poller.remove(&fd, token);
        }
        for call in process.streams.close(&mut self.poller).into_iter().chain(process.waiters) {
            self.reply(call, Err(Status::not_found("the process was removed")));
        }
    }
}

/// The protocol's reply to a wait, with our word on who ended the process.
pub fn end_of(status: i32, signal: u32) -> Vec<u8> {
    let mut reply = grpc::WaitProcessResponse { status }.encode_to_vec();
    reply.extend(grpc::ProcessEnd { signal: Some(signal) }.encode_to_vec());
    reply
}

impl Process {
    pub fn has_ended(&self) -> bool {
        self.status.is_some()
    }
}
