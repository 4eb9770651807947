//! What the agent knows, which its one loop (`event_loop.rs`) changes.

use crate::config::Config;
use crate::hook_runs::HookRuns;
use crate::modules::Modules;
use crate::poller::{Poller, Source};
use crate::sandbox::Sandbox;
use crate::signals::Signals;
use crate::timers::{Timer, Timers};
use crate::ttrpc::connection::{CallId, Connection};
use crate::ttrpc::status::Context;
use crate::ttrpc::{Result, Status};
use crate::{sys, uevent};
use nix::sys::epoll::EpollFlags;
use std::collections::{HashMap, VecDeque};
use std::os::fd::OwnedFd;
use std::time::Instant;

/// The most one read takes from anywhere: small enough that others get their turn.
const SCRATCH: usize = 128 << 10;

pub struct Agent {
    pub config: Config,
    pub modules: Modules,
    pub poller: Poller,
    pub timers: Timers,
    pub connections: HashMap<u64, Connection>,
    pub next_connection: u64,
    /// Connections whose turn ended before all was read.
    pub unread: Vec<u64>,
    pub listener: Option<OwnedFd>,
    /// The connection that is the serial port, if one is served.
    pub serial: Option<u64>,
    pub host_seen: Instant,
    pub host_present: bool,
    pub sandbox: Sandbox,
    /// Requests that wait for something other than a process: tried again when the world changes.
    pub parked: Vec<Parked>,
    /// By container, executions that wait until fewer others are being set up.
    pub waiting: HashMap<String, VecDeque<(CallId, crate::ttrpc::Request)>>,
    pub is_init: bool,
    pub ended: Option<Instant>,
    pub started: Instant,
    pub scratch: Vec<u8>,
    pub uevents: Option<OwnedFd>,
    /// Why containers could not be made, until their processes are reaped.
    pub failures: HashMap<u64, Status>,
    /// Machine id and boot id, as containers see them.
    pub identity: crate::identity::Identity,
    pub own_pid_namespace: Option<std::fs::File>,
    pub hook_runs: HookRuns,
    pub watch_run: WatchRun,
    pub signals: Signals,
}

/// The look at watched sources: whether one is due, and the child that takes it.
#[derive(Default)]
pub struct WatchRun {
    pub armed: bool,
    pub child: Option<(OwnedFd, u64)>,
}

/// A request that is not finished: what it waits for, and how long.
pub struct Parked {
    pub call: CallId,
    pub until: Option<Instant>,
    pub kind: ParkedKind,
}

pub enum ParkedKind {
    /// The whole request, once more from the start: it waits for devices to appear.
    Devices(crate::ttrpc::Request),
    /// The container's cgroup has to become empty.
    Remove { container: String },
    /// It has to report this state of the freezer.
    Freezer { container: String, frozen: bool },
}

impl Agent {
    pub fn new(config: Config, modules: Modules, is_init: bool) -> Result<Agent> {
        // Children inherit it until they execute: nobody in a container may look into one that is on its way there,
        // and still holds a copy of the agent's memory.
        sys::prctl(libc::PR_SET_DUMPABLE, 0).context("dumpable")?;
        let mut poller = Poller::new().context("epoll")?;
        let signals = Signals::new(!is_init).context("signals")?;
        poller.add(signals.fd(), Source::Signals, EpollFlags::EPOLLIN).context("signals")?;
        let mut timers = Timers::default();
        if !config.lifetime.is_zero() {
            timers.add(Instant::now() + config.lifetime, Timer::Lifetime);
        }
        let uevents = if is_init { uevent::open().ok() } else { None };
        if let Some(fd) = &uevents {
            poller.add(fd, Source::Uevents, EpollFlags::EPOLLIN).context("uevents")?;
        }
        Ok(Agent {
            config,
            modules,
            poller,
            timers,
            connections: HashMap::new(),
            next_connection: 0,
            unread: Vec::new(),
            listener: None,
            serial: None,
            host_seen: Instant::now(),
            host_present: false,
            sandbox: Sandbox::default(),
            parked: Vec::new(),
            waiting: HashMap::new(),
            is_init,
            ended: None,
            started: Instant::now(),
            scratch: vec![0; SCRATCH],
            uevents,
            failures: HashMap::new(),
            own_pid_namespace: None,
            hook_runs: HookRuns::default(),
            watch_run: WatchRun::default(),
            identity: crate::identity::Identity::default(),
            signals,
        })
    }

    /// Answers a call, unless its connection or its time is over.
    pub fn reply(&mut self, call: CallId, result: Result<Vec<u8>>) {
        if let Some(connection) = self.connections.get_mut(&call.connection) {
            connection.reply(call.stream, result);
        }
    }

    pub fn is_open(&self, call: CallId) -> bool {
        self.connections.get(&call.connection).is_some_and(|connection| connection.has_call(call.stream))
    }

    pub fn park(&mut self, parked: Parked) {
        if let Some(until) = parked.until {
            self.timers.add(until, Timer::Parked);
        }
        self.parked.push(parked);
    }
}
