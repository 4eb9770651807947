//! What exists: containers, their processes, their storages.

use crate::container::cgroup::Cgroup;
use crate::container::hooks::Hooks;
use crate::container::plan::ProcessPlan;
use crate::stdio::Streams;
use crate::storage::Storages;
use crate::ttrpc::connection::CallId;
use crate::ttrpc::status::Context;
use crate::ttrpc::{Result, Status};
use nix::sched::CloneFlags;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::os::fd::OwnedFd;
use std::rc::Rc;

#[derive(Default)]
pub struct Sandbox {
    pub id: String,
    /// What the host that made it proves it by.
    pub identity: String,
    pub created: bool,
    pub containers: BTreeMap<String, Container>,
    pub processes: HashMap<u64, Process>,
    pub next_process: u64,
    pub by_pid: HashMap<i32, u64>,
    pub storages: Storages,
    pub oom: OomEvents,
}

#[derive(Default)]
pub struct OomEvents {
    pub inotify: Option<nix::sys::inotify::Inotify>,
    pub pending: VecDeque<String>,
    pub waiting: VecDeque<CallId>,
}

pub struct Container {
    pub init: u64,
    /// Its processes by exec id; the init is filed under the container's id.
    pub processes: HashMap<String, u64>,
    pub cgroup: Cgroup,
    /// What an exec has to enter.
    pub namespaces: CloneFlags,
    /// The namespaces of its files, held so that these can be copied when its first process has ended.
    pub world: Vec<(CloneFlags, OwnedFd)>,
    /// What an exec inherits where its request is silent.
    pub defaults: ProcessPlan,
    pub started: bool,
    pub paused: bool,
    pub removing: bool,
    pub oom_kills: u64,
    pub storages: Vec<String>,
    pub hooks: Rc<Hooks>,
    /// The file of the guest that it sees as its termination log.
    pub termination_log: Option<String>,
    /// cgroup.events, once somebody waits for it.
    pub events: Option<(OwnedFd, u64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// A container's init before it is ready.
    Creating,
    /// A container's init that waits for StartContainer.
    Created,
    /// Released, or an exec: on the way to its program.
    Starting,
    Running,
    /// Never ran its program; only its end is awaited.
    Failed,
}

pub struct Process {
    pub container: String,
    pub exec_id: String,
    pub pid: i32,
    /// The same process in its container's pid namespace.
    pub inner_pid: u32,
    pub pidfd: OwnedFd,
    pub stage: Stage,
    /// The channel to the child until its program runs, with its poller token.
    pub setup: Option<(OwnedFd, u64)>,
    /// The call the next word from the child answers.
    pub starter: Option<CallId>,
    pub streams: Streams,
    pub waiters: Vec<CallId>,
    pub status: Option<i32>,
    /// The signal that ended it, or 0.
    pub signal: u32,
    pub waited: bool,
    pub has_terminal: bool,
}

impl Sandbox {
    pub fn container(&self, id: &str) -> Result<&Container> {
        self.containers.get(id).ok_or_else(|| unknown_container(id))
    }

    pub fn container_mut(&mut self, id: &str) -> Result<&mut Container> {
        self.containers.get_mut(id).ok_or_else(|| unknown_container(id))
    }

    /// A process by the ids of a request; an empty exec id means the container's init.
    pub fn find(&self, container: &str, exec_id: &str) -> Result<u64> {
        let owner = self.container(container)?;
        if exec_id.is_empty() {
            return Ok(owner.init);
        }
        let found = owner.processes.get(exec_id).copied();
        found.ok_or_else(|| Status::not_found(format!("no process {exec_id} in container {container}")))
    }
}

impl Container {
    /// Opens the namespaces of its files; its first process has built them and is there.
    pub fn hold_world(&mut self, pid: i32) -> Result<()> {
        for (flag, name) in [(CloneFlags::CLONE_NEWUSER, "user"), (CloneFlags::CLONE_NEWNS, "mnt")] {
            if self.namespaces.contains(flag) {
                let file = std::fs::File::open(format!("/proc/{pid}/ns/{name}")).context("namespace")?;
                self.world.push((flag, file.into()));
            }
        }
        Ok(())
    }
}

fn unknown_container(id: &str) -> Status {
    Status::invalid(format!("no container {id}"))
}

/// The rule for container ids, which become names of directories.
pub fn check_id(what: &str, id: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    // Beside the containers' directories lie those of the sandbox.
    if matches!(id, "shared" | "sandbox") {
        return Err(Status::invalid(format!("{what} id: {id:?} is reserved")));
    }
    if id.len() >= 2
        && id.len() <= 255
        && id.starts_with(|c: char| c.is_ascii_alphanumeric())
        && id.chars().all(plain)
    {
        Ok(())
    } else {
        Err(Status::invalid(format!("{what} id: {id:?}: two or more of letters, digits, '.', '-', '_'")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_that_would_be_a_directory_of_the_sandbox_or_no_name_is_refused() {
        for id in ["", "a", "..", "a/b", "-a", "shared", "sandbox"] {
            assert!(check_id("container", id).is_err(), "{id}");
        }
        assert!(check_id("container", "a.b-c_1").is_ok());
    }
}
