//! What a child and the agent say to each other between fork and exec.
//!
//! The child's end closes at exec: an end without a message before is success. Otherwise the child sends what went
//! wrong. A child that has to be released (a container's init, or one that made a terminal) says it is ready first.

use crate::ttrpc::{Code, Result, Status};
use nix::errno::Errno;
use nix::unistd::{read, write};
use std::os::fd::{AsFd, RawFd};

#[derive(Debug, PartialEq, Eq)]
pub enum Message {
    /// Set up, waiting for `release`. The number is the terminal's master in the child, or -1.
    Ready(RawFd),
    /// A container's world is built, and waits for the guest's hooks before it is entered.
    Built,
    Failed(Status),
    /// The program runs (or the child is gone).
    Closed,
}

const READY: u8 = b'R';
const BUILT: &[u8] = b"B";
const FAILED: u8 = b'E';
const RELEASE: &[u8] = b"G";

pub fn send_ready(fd: impl AsFd, master: RawFd) -> nix::Result<()> {
    let mut message = vec![READY];
    message.extend_from_slice(&master.to_ne_bytes());
    write(fd, &message).map(drop)
}

pub fn send_built(fd: impl AsFd) -> nix::Result<()> {
    write(fd, BUILT).map(drop)
}

pub fn send_failure(fd: impl AsFd, status: &Status) {
    let mut message = vec![FAILED, status.code as u8];
    message.extend_from_slice(status.message.as_bytes());
    let _ = write(fd, &message);
}

pub fn release(fd: impl AsFd) -> nix::Result<()> {
    write(fd, RELEASE).map(drop)
}

/// In the child: false when the agent gave up on it.
pub fn wait_for_release(fd: impl AsFd) -> bool {
    let mut byte = [0];
    loop {
        match read(&fd, &mut byte) {
            Err(Errno::EINTR) => {}
            other => return other == Ok(1),
        }
    }
}

/// In the agent, on a non-blocking end: None when there is nothing yet.
pub fn receive(fd: impl AsFd) -> Option<Message> {
    let mut buffer = [0; 4096];
    match read(&fd, &mut buffer) {
        Err(Errno::EAGAIN | Errno::EINTR) => None,
        Err(_) | Ok(0) => Some(Message::Closed),
        Ok(count) => Some(decode(&buffer[..count])),
    }
}

fn decode(message: &[u8]) -> Message {
    match message {
        [READY, rest @ ..] => Message::Ready(rest.try_into().map(RawFd::from_ne_bytes).unwrap_or(-1)),
        BUILT => Message::Built,
        [FAILED, code, text @ ..] => {
            Message::Failed(Status::new(Code::from_byte(*code), String::from_utf8_lossy(text)))
        }
        _ => Message::Failed(Status::internal("unintelligible message from a child")),
    }
}

/// Runs the child's side: reports what fails and never comes back.
pub fn run_child(fd: impl AsFd, body: impl FnOnce() -> Result<std::convert::Infallible>) -> ! {
    let Err(status) = body();
    send_failure(fd, &status);
    crate::sys::exit_child(127)
}
