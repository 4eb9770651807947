//! What the agent does when a stream is ready, and for the calls that wait for one.

use super::*;
use crate::agent::Agent;

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
