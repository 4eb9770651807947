//! epoll, edge triggered: every descriptor is registered once and tried until it would block.
//!
//! Edges matter for the agent's port: a virtio port reports "hung up" for as long as no host is there, which a level
//! triggered wait would spin on. An edge comes when the host returns.

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use std::collections::HashMap;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// What a descriptor belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Signals,
    Uevents,
    Oom,
    Listener,
    Connection(u64),
    /// The channel to a child that is being set up.
    Setup(u64),
    /// The channel to a child that runs hooks.
    Hooks(u64),
    Stdin(u64),
    Stdout(u64),
    Stderr(u64),
    /// The channel to the child that looks at the sources of storages.
    Watches,
    /// A container's cgroup.events.
    Cgroup(u64),
}

pub struct Poller {
    epoll: Epoll,
    sources: HashMap<u64, Source>,
    next: u64,
}

impl Poller {
    pub fn new() -> nix::Result<Poller> {
        Ok(Poller { epoll: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?, sources: HashMap::new(), next: 0 })
    }

    /// Tokens are never used twice: an event that was fetched before its descriptor was closed finds no source.
    pub fn add(&mut self, fd: impl AsFd, source: Source, flags: EpollFlags) -> nix::Result<u64> {
        self.next += 1;
        self.epoll.add(fd, EpollEvent::new(flags | EpollFlags::EPOLLET, self.next))?;
        self.sources.insert(self.next, source);
        Ok(self.next)
    }

    /// To be called before the descriptor is closed.
    pub fn remove(&mut self, fd: impl AsFd, token: u64) {
        self.sources.remove(&token);
        let _ = self.epoll.delete(fd);
    }

    /// The same descriptor under a new name.
    pub fn rename(&mut self, from: Source, to: Source) {
        if let Some(source) = self.sources.values_mut().find(|source| **source == from) {
            *source = to;
        }
    }

    pub fn wait(&mut self, until: Option<Instant>, ready: &mut Vec<Source>) {
        ready.clear();
        let mut events = [EpollEvent::empty(); 64];
        let timeout = match until {
            None => EpollTimeout::NONE,
            Some(at) => {
                // Rounded up: waking a fraction too early would mean waking twice.
                let left = at.saturating_duration_since(Instant::now()) + Duration::from_micros(999);
                EpollTimeout::try_from(left).unwrap_or(EpollTimeout::MAX)
            }
        };
        match self.epoll.wait(&mut events, timeout) {
            Ok(count) => {
                for event in &events[..count] {
                    if let Some(source) = self.sources.get(&event.data()) {
                        ready.push(*source);
                    }
                }
            }
            Err(Errno::EINTR) => {}
            Err(errno) => panic!("epoll_wait: {errno:?}"),
        }
    }
}
