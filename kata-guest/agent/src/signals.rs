//! Signals as a descriptor.

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use std::os::fd::AsFd;
use std::os::fd::BorrowedFd;

pub struct Signals {
    fd: SignalFd,
}

#[derive(Default)]
pub struct Pending {
    pub child: bool,
    pub terminate: bool,
}

impl Signals {
    /// As PID 1 the agent ignores requests to end; as a plain process it follows them.
    pub fn new(follow_termination: bool) -> nix::Result<Signals> {
        let mut set = SigSet::empty();
        set.add(Signal::SIGCHLD);
        if follow_termination {
            set.add(Signal::SIGTERM);
            set.add(Signal::SIGINT);
        }
        set.thread_block()?;
        Ok(Signals { fd: SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)? })
    }

    pub fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    pub fn take(&mut self) -> Pending {
        let mut pending = Pending::default();
        while let Ok(Some(info)) = self.fd.read_signal() {
            if info.ssi_signo == Signal::SIGCHLD as u32 {
                pending.child = true;
            } else {
                pending.terminate = true;
            }
        }
        pending
    }
}
