//! Looking at the sources of watched storages, every two seconds. A share whose server is gone answers nothing, so a
//! child does it, and only when the one before is done.

use crate::agent::Agent;
use crate::container::channel::{self, Message};
use crate::poller::Source;
use crate::sys::{self, Forked};
use crate::timers::Timer;
use crate::ttrpc::status::Context;
use crate::ttrpc::{Code, Result, Status};
use crate::watch::copy_changes;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::epoll::EpollFlags;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

const INTERVAL: Duration = Duration::from_secs(2);

impl Agent {
    /// To be called whenever storages were added.
    pub fn watch_sources(&mut self) {
        if !self.watch_run.armed && self.sandbox.storages.watches().any(|watch| !watch.bound) {
            self.watch_run.armed = true;
            self.timers.add(Instant::now() + INTERVAL, Timer::Watches);
        }
    }

    pub fn look_at_sources(&mut self) {
        self.watch_run.armed = false;
        self.watch_sources();
        if self.watch_run.armed && self.watch_run.child.is_none() {
            match self.fork_copier() {
                Ok(child) => self.watch_run.child = Some(child),
                Err(status) => crate::warning!("watched storages: {}", status.message),
            }
        }
    }

    fn fork_copier(&mut self) -> Result<(OwnedFd, u64)> {
        let (ours, theirs) = sys::message_pair().context("channel")?;
        let Forked::Parent { .. } = sys::fork(0, None).context("fork")? else {
            for watch in self.sandbox.storages.watches().filter(|watch| !watch.bound) {
                match copy_changes(&watch.source, &watch.point) {
                    Ok(true) => {}
                    // The name is the message: this one has become too large.
                    Ok(false) => channel::send_failure(&theirs, &too_large(&watch.point)),
                    Err(error) => {
                        let message = format!("{}: {error}", watch.source.display());
                        channel::send_failure(&theirs, &Status::internal(message));
                    }
                }
            }
            sys::exit_child(0)
        };
        fcntl(&ours, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).context("channel")?;
        let token = self.poller.add(&ours, Source::Watches, EpollFlags::EPOLLIN).context("channel")?;
        Ok((ours, token))
    }

    pub fn watches_event(&mut self) {
        while let Some((fd, token)) = &self.watch_run.child {
            match channel::receive(fd) {
                None => return,
                Some(Message::Failed(status)) if status.code == Code::ResourceExhausted => {
                    let grown = self.sandbox.storages.watches().find(|w| too_large(&w.point) == status);
                    if let Some(Err(problem)) = grown.map(|watch| watch.bind()) {
                        crate::warning!("watched storage: {}", problem.message);
                    }
                }
                Some(Message::Failed(status)) => crate::debug!("watched storage: {}", status.message),
                Some(_) => {
                    self.poller.remove(fd, *token);
                    self.watch_run.child = None;
                }
            }
        }
    }
}

fn too_large(point: &Path) -> Status {
    Status::new(Code::ResourceExhausted, point.to_string_lossy())
}
