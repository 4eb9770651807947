//! Hooks of the guest's side. A child of the agent runs them, and the loop hears of their end.

mod events;

use crate::container::channel::{self, Message};
use crate::container::hooks::{self, Hooks};
use crate::grpc;
use crate::poller::Source;
use crate::sandbox::Stage;
use crate::sys::{self, Forked};
use crate::ttrpc::connection::CallId;
use crate::ttrpc::status::Context;
use crate::ttrpc::{Result, Status};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::epoll::EpollFlags;
use prost::Message as _;
use std::collections::HashMap;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// How long the end of the sandbox waits for hooks.
const LAST_HOOKS: Duration = Duration::from_secs(10);

#[derive(Default)]
pub struct HookRuns {
    running: HashMap<u64, HookRun>,
    next: u64,
}

struct HookRun {
    channel: OwnedFd,
    token: u64,
    after: After,
}

#[derive(Clone, Copy, Debug)]
pub enum Point {
    CreateRuntime,
    Poststart,
    Poststop,
}

/// What waits for hooks to end.
pub enum After {
    /// A container's first process, to be entered.
    Built(u64),
    /// The answer to StartContainer; the program runs already.
    Started { process: u64, starter: Option<CallId> },
    /// The answer to whoever had the container removed, which it is already.
    Removed { call: Option<CallId>, answer: Result<Vec<u8>> },
    /// The answer to a call that has the output of a program, both of whose replies look alike.
    Output { call: CallId, output: File },
}
