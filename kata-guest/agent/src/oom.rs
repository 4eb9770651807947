//! News of containers that ran out of memory.

use crate::agent::Agent;
use crate::grpc;
use crate::poller::Source;
use crate::sandbox::Container;
use crate::ttrpc::Result;
use crate::ttrpc::connection::CallId;
use nix::sys::epoll::EpollFlags;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use prost::Message;

impl Agent {
    /// The kernel announces a change of memory.events as a modification of the file.
    pub fn watch_oom(&mut self, id: &str, container: &Container) {
        if self.sandbox.oom.inotify.is_none() {
            let Ok(inotify) = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK) else { return };
            let _ = self.poller.add(&inotify, Source::Oom, EpollFlags::EPOLLIN);
            self.sandbox.oom.inotify = Some(inotify);
        }
        if let Some(inotify) = &self.sandbox.oom.inotify {
            let file = container.cgroup.file("memory.events");
            if inotify.add_watch(&file, AddWatchFlags::IN_MODIFY).is_err() {
                crate::debug!("container {id}: no memory controller, no news of it");
            }
        }
    }

    /// The watch goes with the file; what was not fetched yet goes with the container.
    pub fn unwatch_oom(&mut self, id: &str) {
        self.sandbox.oom.pending.retain(|pending| pending != id);
    }

    pub fn check_oom(&mut self) {
        if let Some(inotify) = &self.sandbox.oom.inotify {
            while inotify.read_events().is_ok_and(|events| !events.is_empty()) {}
        }
        for (id, container) in &mut self.sandbox.containers {
            let events = container.cgroup.read("memory.events");
            let kills =
                events.lines().find_map(|line| line.strip_prefix("oom_kill ")?.parse().ok()).unwrap_or(0);
            if kills > container.oom_kills {
                container.oom_kills = kills;
                // Once is enough, however often it happens before somebody asks.
                if !self.sandbox.oom.pending.contains(id) {
                    self.sandbox.oom.pending.push_back(id.clone());
                }
            }
        }
        self.tell_oom();
    }

    pub fn wait_for_oom(&mut self, call: CallId) -> Result<()> {
        self.sandbox.oom.waiting.push_back(call);
        self.tell_oom();
        Ok(())
    }

    fn tell_oom(&mut self) {
        while let (Some(id), Some(&call)) =
            (self.sandbox.oom.pending.front(), self.sandbox.oom.waiting.front())
        {
            if self.is_open(call) {
                let event = grpc::OomEvent { container_id: id.clone() };
                self.sandbox.oom.pending.pop_front();
                self.reply(call, Ok(event.encode_to_vec()));
            }
            self.sandbox.oom.waiting.pop_front();
        }
    }
}
