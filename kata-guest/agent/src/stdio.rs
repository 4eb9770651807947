//! The ends of a process's standard streams that the agent holds.
//!
//! Nothing is read before somebody asks: what a process writes stays in its pipe, and a process whose output nobody
//! reads stops, alone.

mod events;

use crate::grpc;
use crate::poller::{Poller, Source};
use crate::sandbox::Process;
use crate::sys::readable;
use crate::terminal;
use crate::timers::Timer;
use crate::ttrpc::connection::CallId;
use crate::ttrpc::envelope::HEAD_ROOM;
use crate::ttrpc::status::Context;
use crate::ttrpc::{Code, Result, Status};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::epoll::EpollFlags;
use nix::unistd::{pipe2, read, write};
use prost::Message;
use std::collections::VecDeque;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

/// After a process ended, its descendants' output is waited for this long.
pub const GRACE: Duration = Duration::from_millis(500);

/// From here on output is moved within the kernel.
const WORTH_SPLICING: usize = 4 << 10;
/// The most one reply carries, as with copying.
const MAX_SPLICE: usize = 128 << 10;

#[derive(Default)]
pub struct Streams {
    pub stdin: Input,
    /// stdout and stderr.
    pub outputs: [Output; 2],
    /// From here on an empty pipe is an ended one.
    pub grace_until: Option<Instant>,
}

#[derive(Default)]
pub struct Input {
    end: Option<(OwnedFd, u64)>,
    queue: VecDeque<Pending>,
    closing: bool,
    /// Of a terminal: what was typed into it.
    typed: terminal::Typed,
}

struct Pending {
    call: CallId,
    data: Vec<u8>,
    written: usize,
}

#[derive(Default)]
pub struct Output {
    end: Option<(OwnedFd, u64)>,
    waiting: VecDeque<(CallId, usize)>,
    /// Somebody was told that it ended.
    pub drained: bool,
    /// Once the grace is over: how much is still handed out. It was in the pipe then, and so is everything that the
    /// process itself wrote; what descendants go on writing is not waited for.
    rest: Option<usize>,
}

/// The child's ends.
pub struct ChildEnds {
    pub stdin: OwnedFd,
    pub stdout: OwnedFd,
    pub stderr: OwnedFd,
}

impl Streams {
    /// Pipes for a process without a terminal.
    pub fn pipes(poller: &mut Poller, process: u64, size: usize) -> Result<(Streams, ChildEnds)> {
        let (stdin, stdin_end) = pipe2(OFlag::O_CLOEXEC).context("pipe")?;
        let (stdout_end, stdout) = pipe2(OFlag::O_CLOEXEC).context("pipe")?;
        let (stderr_end, stderr) = pipe2(OFlag::O_CLOEXEC).context("pipe")?;
        let mut streams = Streams::default();
        for (index, end) in [stdout_end, stderr_end].into_iter().enumerate() {
            if size > 0 {
                // Not privileged to have that much: the kernel's default will do.
                let _ = fcntl(&end, FcntlArg::F_SETPIPE_SZ(size.min(1 << 20) as i32));
            }
            streams.outputs[index].attach(poller, end, process, index)?;
        }
        streams.stdin.attach(poller, stdin_end, process)?;
        Ok((streams, ChildEnds { stdin, stdout, stderr }))
    }

    /// A terminal's master is input and output; stderr is at its end from the start.
    pub fn terminal(poller: &mut Poller, process: u64, master: OwnedFd) -> Result<Streams> {
        let mut streams = Streams::default();
        streams.stdin.attach(poller, master.try_clone().context("terminal")?, process)?;
        streams.outputs[0].attach(poller, master, process, 0)?;
        Ok(streams)
    }

    pub fn master(&self) -> Option<&OwnedFd> {
        self.outputs[0].end.as_ref().map(|(fd, _)| fd)
    }

    pub fn close(&mut self, poller: &mut Poller) -> Vec<CallId> {
        self.stdin.shut(poller);
        let mut calls: Vec<CallId> = self.stdin.queue.drain(..).map(|pending| pending.call).collect();
        for output in &mut self.outputs {
            output.shut(poller);
            calls.extend(output.waiting.drain(..).map(|(call, _)| call));
        }
        calls
    }
}

fn non_blocking(fd: &OwnedFd) -> Result<()> {
    fcntl(fd, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).context("fcntl").map(drop)
}

impl Input {
    fn attach(&mut self, poller: &mut Poller, fd: OwnedFd, process: u64) -> Result<()> {
        non_blocking(&fd)?;
        let token = poller.add(&fd, Source::Stdin(process), EpollFlags::EPOLLOUT).context("epoll")?;
        self.end = Some((fd, token));
        Ok(())
    }

    fn shut(&mut self, poller: &mut Poller) {
        if let Some((fd, token)) = self.end.take() {
            poller.remove(&fd, token);
        }
    }
}

impl Output {
    fn attach(&mut self, poller: &mut Poller, fd: OwnedFd, process: u64, index: usize) -> Result<()> {
        non_blocking(&fd)?;
        let source = if index == 0 { Source::Stdout(process) } else { Source::Stderr(process) };
        let token = poller.add(&fd, source, EpollFlags::EPOLLIN).context("epoll")?;
        self.end = Some((fd, token));
        Ok(())
    }

    fn shut(&mut self, poller: &mut Poller) {
        if let Some((fd, token)) = self.end.take() {
            poller.remove(&fd, token);
        }
    }
}

/// What one attempt to read brought.
enum Taken {
    /// So many bytes.
    Data(usize),
    Nothing,
    End,
}

/// Reads up to `len` bytes: as much as is there, but not more than one reply should carry.
fn take(fd: &OwnedFd, len: usize, scratch: &mut [u8]) -> Taken {
    let limit = len.min(scratch.len());
    let data = &mut scratch[..limit];
    let mut have = 0;
    while have < data.len() {
        match read(fd, &mut data[have..]) {
            Ok(0) if have == 0 => return Taken::End,
            Ok(0) => break,
            Ok(count) => have += count,
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) if have == 0 => return Taken::Nothing,
            Err(Errno::EAGAIN) => break,
            // A terminal whose last user has gone says EIO.
            Err(_) if have == 0 => return Taken::End,
            Err(_) => break,
        }
    }
    Taken::Data(have)
}
