//! Starting hooks, and what their ends lead to.

use super::*;
use crate::agent::Agent;

impl Agent {
    pub fn run_create_hooks(&mut self, process: u64) {
        if let Some((hooks, pid)) = self.hooks_of(process) {
            self.run_hooks(&hooks, Point::CreateRuntime, Some(pid), After::Built(process));
        }
    }

    /// A program runs: an exec's, or the first one of a container with hooks to follow.
    pub fn run_start_hooks(&mut self, process: u64, starter: Option<CallId>) {
        let after = After::Started { process, starter };
        match self.hooks_of(process).filter(|(hooks, _)| !hooks.poststart.is_empty()) {
            Some((hooks, pid)) => self.run_hooks(&hooks, Point::Poststart, Some(pid), after),
            None => self.hooks_ended(after, Ok(())),
        }
    }

    /// Of the container whose first process this is.
    fn hooks_of(&self, id: u64) -> Option<(Rc<Hooks>, i32)> {
        let process = self.sandbox.processes.get(&id)?;
        let container = self.sandbox.containers.get(&process.container)?;
        (container.init == id).then(|| (container.hooks.clone(), process.pid))
    }

    pub fn run_hooks(&mut self, hooks: &Hooks, point: Point, pid: Option<i32>, after: After) {
        let state = |status| hooks.about.state(status, pid);
        self.run_apart(after, || match point {
            Point::CreateRuntime => hooks::run(&hooks.create_runtime, &state("creating")),
            Point::Poststart => hooks::run(&hooks.poststart, &state("running")),
            Point::Poststop => hooks::run_all(&hooks.poststop, &state("stopped")),
        });
    }

    /// Does in a child what takes its time, and then what was to come after.
    pub fn run_apart(&mut self, after: After, deed: impl FnOnce() -> Result<()>) {
        let forked = sys::message_pair().context("channel").and_then(|(ours, theirs)| {
            let Forked::Parent { .. } = sys::fork(0, None).context("fork")? else {
                channel::run_child(&theirs, || {
                    deed()?;
                    channel::send_ready(&theirs, -1).context("report")?;
                    sys::exit_child(0)
                });
            };
            fcntl(&ours, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).context("channel")?;
            self.hook_runs.next += 1;
            let source = Source::Hooks(self.hook_runs.next);
            let token = self.poller.add(&ours, source, EpollFlags::EPOLLIN).context("channel")?;
            Ok((ours, token))
        });
        match forked {
            Ok((channel, token)) => {
                self.hook_runs.running.insert(self.hook_runs.next, HookRun { channel, token, after });
            }
            Err(status) => self.hooks_ended(after, Err(status)),
        }
    }

    pub fn hooks_event(&mut self, run: u64) {
        let Some(found) = self.hook_runs.running.get(&run) else { return };
        let result = match channel::receive(&found.channel) {
            None => return,
            Some(Message::Ready(_)) => Ok(()),
            Some(Message::Failed(status)) => Err(status),
            Some(Message::Built | Message::Closed) => {
                Err(Status::internal("whoever ran the hooks was killed"))
            }
        };
        if let Some(ended) = self.hook_runs.running.remove(&run) {
            self.poller.remove(&ended.channel, ended.token);
            self.hooks_ended(ended.after, result);
        }
    }

    pub fn hooks_ended(&mut self, after: After, result: Result<()>) {
        match after {
            After::Built(id) => {
                let released = result.and_then(|()| {
                    let waits = |process: &&mut crate::sandbox::Process| process.stage == Stage::Creating;
                    let process = self.sandbox.processes.get_mut(&id).filter(waits);
                    match process.and_then(|process| process.setup.as_ref()) {
                        Some((channel, _)) => channel::release(channel).context("release"),
                        None => Ok(()),
                    }
                });
                if let Err(status) = released {
                    self.start_failed(id, status);
                }
            }
            After::Started { process, starter } => {
                let found = self.sandbox.processes.get(&process);
                let (pid, container) = found.map_or((0, ""), |found| (found.inner_pid, &found.container));
                // The specification wants a container stopped whose hooks fail.
                if result.is_err() {
                    if let Some(Err(status)) =
                        self.sandbox.containers.get(container).map(|failed| failed.cgroup.kill())
                    {
                        crate::warning!("{}", status.message);
                    }
                }
                if let Some(call) = starter {
                    self.reply(call, result.map(|()| grpc::StartedProcess { pid }.encode_to_vec()));
                }
            }
            After::Output { call, output } => {
                let size = output.metadata().map_or(0, |found| found.len());
                let mut data = vec![0; size as usize];
                let read = output.read_exact_at(&mut data, 0).context("output");
                let reply = result.and(read).map(|()| grpc::GetIpTablesResponse { data }.encode_to_vec());
                self.reply(call, reply);
            }
            After::Removed { call, answer } => {
                if let Err(status) = result {
                    crate::warning!("{}", status.message);
                }
                if let Some(call) = call {
                    self.reply(call, answer);
                }
            }
        }
    }

    /// At the end of the sandbox: nobody waits for an answer any more, but hooks have work to do.
    pub fn finish_hooks(&mut self) {
        let until = Instant::now() + LAST_HOOKS;
        let mut ready = Vec::new();
        while !self.hook_runs.running.is_empty() && Instant::now() < until {
            self.poller.wait(Some(until), &mut ready);
            for source in &ready {
                if let Source::Hooks(run) = source {
                    self.hooks_event(*run);
                }
            }
        }
    }
}
