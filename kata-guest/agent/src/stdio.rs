//! The ends of a process's standard streams that the agent holds.
//!
//! Nothing is read before somebody asks: what a process writes stays in its pipe, and a process whose output nobody
//! reads stops, alone.

use crate::agent::Agent;
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

impl Agent {
    pub fn read_stream(
        &mut self,
        call: CallId,
        request: &grpc::ReadStreamRequest,
        index: usize,
    ) -> Result<()> {
        let id = self.sandbox.find(&request.container_id, &request.exec_id)?;
        if request.len == 0 {
            let empty = grpc::ReadStreamResponse::default().encode_to_vec();
            self.reply(call, Ok(empty));
            return Ok(());
        }
        if let Some(process) = self.sandbox.processes.get_mut(&id) {
            process.streams.outputs[index].waiting.push_back((call, request.len as usize));
        }
        self.feed_readers(id, index);
        Ok(())
    }

    /// Answers waiting reads of a stream as far as there is data, an end, and room on their connections.
    pub fn feed_readers(&mut self, id: u64, index: usize) {
        let connections = &mut self.connections;
        let Some(process) = self.sandbox.processes.get_mut(&id) else { return };
        let over = process.streams.grace_until.is_some_and(|until| Instant::now() >= until);
        let starting =
            process.has_terminal && process.streams.outputs[0].end.is_none() && !process.has_ended();
        let output = &mut process.streams.outputs[index];
        if over && output.rest.is_none() {
            output.rest = output.end.as_ref().map(|(fd, _)| readable(fd));
        }
        while let Some(&(call, len)) = output.waiting.front() {
            let open = connections.get_mut(&call.connection).filter(|c| c.has_call(call.stream));
            let Some(connection) = open else {
                // Its connection or its time is over; the data is for whoever asks next.
                output.waiting.pop_front();
                continue;
            };
            if starting || !connection.wants_output() {
                return;
            }
            if let (Some((fd, _)), None) = (&output.end, output.rest) {
                // A terminal is no pipe; a little is moved faster by copying.
                let count = if process.has_terminal { 0 } else { readable(fd) };
                if count >= WORTH_SPLICING && len >= WORTH_SPLICING {
                    output.waiting.pop_front();
                    connection.reply_from_pipe(call.stream, fd, count.min(len).min(MAX_SPLICE));
                    continue;
                }
            }
            let taken = match &output.end {
                Some((fd, _)) => match output.rest {
                    Some(0) => Taken::End,
                    rest => take(fd, len.min(rest.unwrap_or(len)), &mut self.scratch[HEAD_ROOM..]),
                },
                None => Taken::End,
            };
            let count = match taken {
                Taken::Data(count) => {
                    output.rest = output.rest.map(|rest| rest.saturating_sub(count));
                    count
                }
                Taken::Nothing if !over => return,
                Taken::Nothing | Taken::End => {
                    output.shut(&mut self.poller);
                    output.drained = true;
                    0
                }
            };
            output.waiting.pop_front();
            connection.reply_in_place(call.stream, &mut self.scratch[..HEAD_ROOM + count]);
        }
        self.forget_if_done(id);
    }

    pub fn resume_readers(&mut self) {
        let waiting =
            |process: &Process| process.streams.outputs.iter().any(|output| !output.waiting.is_empty());
        let ids: Vec<u64> = self
            .sandbox
            .processes
            .iter()
            .filter(|(_, process)| waiting(process))
            .map(|(id, _)| *id)
            .collect();
        for id in ids {
            self.feed_readers(id, 0);
            self.feed_readers(id, 1);
        }
    }

    pub fn write_stdin(&mut self, call: CallId, request: grpc::WriteStreamRequest) -> Result<()> {
        let id = self.sandbox.find(&request.container_id, &request.exec_id)?;
        let Some(process) = self.sandbox.processes.get_mut(&id) else { return Ok(()) };
        let input = &mut process.streams.stdin;
        if request.data.is_empty() {
            input.closing = true;
        } else if input.closing || input.end.is_none() {
            return Err(Status::new(Code::FailedPrecondition, "stdin: EPIPE: closed"));
        }
        input.queue.push_back(Pending { call, data: request.data, written: 0 });
        self.feed_stdin(id);
        Ok(())
    }

    pub fn close_stdin(&mut self, request: &grpc::CloseStdinRequest) -> Result<()> {
        let id = self.sandbox.find(&request.container_id, &request.exec_id)?;
        if let Some(process) = self.sandbox.processes.get_mut(&id) {
            process.streams.stdin.closing = true;
        }
        self.feed_stdin(id);
        Ok(())
    }

    /// Writes queued input, answers what is written, closes when asked to and nothing is left.
    pub fn feed_stdin(&mut self, id: u64) {
        let Some(process) = self.sandbox.processes.get_mut(&id) else { return };
        let has_terminal = process.has_terminal;
        let input = &mut process.streams.stdin;
        while let Some(pending) = input.queue.front_mut() {
            let call = pending.call;
            let result = match &input.end {
                _ if pending.data.is_empty() => Ok(0),
                Some((fd, _)) if has_terminal => input.typed.type_in(fd, &pending.data[pending.written..]),
                Some((fd, _)) => write(fd, &pending.data[pending.written..]),
                None => Err(Errno::EPIPE),
            };
            let answer = match result {
                Ok(count) => {
                    pending.written += count;
                    if pending.written < pending.data.len() {
                        continue;
                    }
                    Ok(grpc::WriteStreamResponse { len: pending.data.len() as u32 }.encode_to_vec())
                }
                Err(Errno::EAGAIN) => return,
                Err(Errno::EINTR) => continue,
                Err(errno) => {
                    input.shut(&mut self.poller);
                    Err(Status::new(Code::FailedPrecondition, format!("stdin: {errno:?}")))
                }
            };
            input.queue.pop_front();
            if let Some(connection) = self.connections.get_mut(&call.connection) {
                connection.reply(call.stream, answer);
            }
        }
        if input.closing && input.end.is_some() {
            // The master of a terminal stays open for output: the end of input is what a user would type.
            if let Some((fd, _)) = input.end.as_ref().filter(|_| has_terminal) {
                if input.typed.type_end(fd) == Err(Errno::EAGAIN) {
                    return;
                }
            }
            input.shut(&mut self.poller);
        }
    }

    pub fn resize_terminal(&mut self, request: &grpc::TtyWinResizeRequest) -> Result<()> {
        let id = self.sandbox.find(&request.container_id, &request.exec_id)?;
        let master = self
            .sandbox
            .processes
            .get(&id)
            .and_then(|process| if process.has_terminal { process.streams.master() } else { None });
        let master = master.ok_or_else(|| Status::new(Code::Unavailable, "the process has no terminal"))?;
        let (rows, columns) = (request.row.min(0xffff) as u16, request.column.min(0xffff) as u16);
        crate::sys::set_window_size(master.as_raw_fd(), rows, columns).context("terminal size")
    }

    /// Starts the clock for the streams of a process that has just ended.
    pub fn begin_grace(&mut self, id: u64) {
        if let Some(process) = self.sandbox.processes.get_mut(&id) {
            let until = Instant::now() + GRACE;
            process.streams.grace_until = Some(until);
            process.streams.stdin.shut(&mut self.poller);
            let any_open = process.streams.outputs.iter().any(|output| output.end.is_some());
            if any_open {
                self.timers.add(until, Timer::StreamGrace(id));
            }
        }
        self.feed_stdin(id);
        self.feed_readers(id, 0);
        self.feed_readers(id, 1);
    }

    /// Forgets waiters whose connection is gone.
    pub fn drop_waiters(&mut self) {
        let connections = &self.connections;
        let open = |call: &CallId| connections.get(&call.connection).is_some_and(|c| c.has_call(call.stream));
        for process in self.sandbox.processes.values_mut() {
            process.waiters.retain(&open);
            for output in &mut process.streams.outputs {
                output.waiting.retain(|(call, _)| open(call));
            }
        }
        self.parked.retain(|parked| open(&parked.call));
        self.sandbox.oom.waiting.retain(open);
    }
}
