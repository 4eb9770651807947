//! The agent's one loop. Everything that can take time is a state of the agent and an edge from the kernel, never a
//! thread: a pending read or wait costs a few bytes, and a fork finds no lock held.

use crate::agent::{Agent, ParkedKind};
use crate::container::reserve;
use crate::poller::Source;
use crate::timers::Timer;
use crate::ttrpc::connection::Connection;
use crate::ttrpc::{Code, Status};
use crate::{info, rpc, uevent, warning};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long a last reply may take to leave before the machine is switched off.
const FAREWELL: Duration = Duration::from_secs(2);

impl Agent {
    /// Serves until the sandbox is destroyed.
    pub fn run(&mut self) {
        let mut ready = Vec::new();
        while !self.is_over() {
            let unread = std::mem::take(&mut self.unread);
            let until = if unread.is_empty() { self.timers.next() } else { Some(Instant::now()) };
            self.poller.wait(until, &mut ready);
            for source in &ready {
                self.handle(*source);
            }
            for connection in unread {
                self.serve(connection);
            }
            self.start_waiting();
            for timer in self.timers.due(Instant::now()) {
                self.expire(timer);
            }
            self.flush_connections();
        }
        self.leave();
    }

    /// After the last reply: nothing that was started stays, and what was mounted is written out.
    fn leave(&mut self) {
        for container in self.sandbox.containers.values() {
            if let Err(status) = container.cgroup.kill() {
                warning!("{}", status.message);
            }
        }
        let until = Instant::now() + FAREWELL;
        let mut ready = Vec::new();
        loop {
            self.reap();
            if self.sandbox.by_pid.is_empty() || Instant::now() >= until {
                break;
            }
            self.poller.wait(Some(until), &mut ready);
            self.signals.take();
        }
        for id in self.sandbox.containers.keys().cloned().collect::<Vec<_>>() {
            self.forget_container(&id, None, Ok(Vec::new()));
        }
        self.finish_hooks();
        self.sandbox.storages.release_all();
    }

    fn is_over(&self) -> bool {
        self.ended.is_some_and(|at| {
            Instant::now() >= at + FAREWELL || self.connections.values().all(Connection::is_flushed)
        })
    }

    fn handle(&mut self, source: Source) {
        match source {
            Source::Signals => self.signalled(),
            Source::Uevents => self.devices_changed(),
            Source::Oom => self.check_oom(),
            Source::Listener => self.accept(),
            Source::Connection(id) => {
                if let Some(connection) = self.connections.get_mut(&id) {
                    connection.readable();
                }
                self.serve(id);
            }
            Source::Setup(process) => self.setup_event(process),
            Source::Hooks(run) => self.hooks_event(run),
            Source::Stdin(process) => self.feed_stdin(process),
            Source::Stdout(process) => self.feed_readers(process, 0),
            Source::Stderr(process) => self.feed_readers(process, 1),
            Source::Watches => self.watches_event(),
            Source::Cgroup(_) => self.retry_parked(false),
        }
    }

    fn signalled(&mut self) {
        let pending = self.signals.take();
        if pending.child {
            self.reap();
            self.retry_parked(false);
        }
        if pending.terminate {
            self.ended = Some(Instant::now());
        }
    }

    fn devices_changed(&mut self) {
        if let Some(fd) = &self.uevents {
            let mut grown = false;
            uevent::drain(fd, |action, path| {
                // Whoever plugged a processor or memory in wants it used; there is nobody else here to say so.
                if action == "add" && uevent::is_to_be_switched_on(path) {
                    let _ = std::fs::write(format!("/sys{path}/online"), "1");
                    grown = true;
                }
            });
            if grown {
                reserve::apply();
            }
        }
        self.retry_parked(true);
    }

    fn expire(&mut self, timer: Timer) {
        match timer {
            Timer::Calls(id) => {
                if let Some(connection) = self.connections.get_mut(&id) {
                    for stream in connection.expired(Instant::now()) {
                        let late = Status::new(Code::DeadlineExceeded, "the call took too long");
                        connection.reply(stream, Err(late));
                    }
                    if let Some(at) = connection.next_alarm() {
                        self.timers.add(at, Timer::Calls(id));
                    }
                }
            }
            Timer::StreamGrace(process) => {
                self.feed_readers(process, 0);
                self.feed_readers(process, 1);
            }
            Timer::Parked => self.expire_parked(),
            Timer::HostGrace => self.check_host(),
            Timer::Watches => self.look_at_sources(),
            Timer::Lifetime => {
                info!("the lifetime of {} s is over: powering off", self.config.lifetime.as_secs());
                self.ended = Some(Instant::now());
            }
        }
    }

    fn start_waiting(&mut self) {
        for container in self.waiting.keys().cloned().collect::<Vec<_>>() {
            let mut free = rpc::process::free_starts(self, &container);
            while free > 0 {
                let Some((call, request)) = self.waiting.get_mut(&container).and_then(VecDeque::pop_front)
                else {
                    self.waiting.remove(&container);
                    break;
                };
                if self.is_open(call) {
                    rpc::dispatch(self, call, request, None);
                    free -= 1;
                }
            }
        }
    }

    /// Gives parked requests another chance; those that wait for devices only when `devices` says so.
    fn retry_parked(&mut self, devices: bool) {
        for parked in std::mem::take(&mut self.parked) {
            if !self.is_open(parked.call) {
                continue;
            }
            match parked.kind {
                ParkedKind::Devices(ref request) if devices => {
                    rpc::dispatch(self, parked.call, request.clone(), parked.until);
                }
                ParkedKind::Devices(_) => self.parked.push(parked),
                ParkedKind::Remove { .. } | ParkedKind::Freezer { .. } => match self.try_cgroup(&parked) {
                    None => self.parked.push(parked),
                    Some(Ok(None)) => {}
                    Some(Ok(Some(payload))) => self.reply(parked.call, Ok(payload)),
                    Some(Err(status)) => self.reply(parked.call, Err(status)),
                },
            }
        }
    }

    fn expire_parked(&mut self) {
        let now = Instant::now();
        for parked in std::mem::take(&mut self.parked) {
            if parked.until.is_some_and(|until| until <= now) {
                let what = match &parked.kind {
                    ParkedKind::Devices(_) => "the device did not appear",
                    ParkedKind::Remove { .. } => "ETIME: the container's processes did not end",
                    ParkedKind::Freezer { .. } => "the container did not change state",
                };
                self.reply(parked.call, Err(Status::internal(what)));
            } else {
                self.parked.push(parked);
            }
        }
    }
}
