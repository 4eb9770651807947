//! gRPC status codes and the errors handlers give.

use nix::errno::Errno;
use std::fmt::Display;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    AlreadyExists = 6,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
}

impl Code {
    /// From a byte a child wrote; anything unexpected is INTERNAL.
    pub fn from_byte(byte: u8) -> Code {
        use Code::*;
        [
            InvalidArgument,
            DeadlineExceeded,
            NotFound,
            AlreadyExists,
            PermissionDenied,
            ResourceExhausted,
            FailedPrecondition,
            Unimplemented,
            Unavailable,
        ]
        .into_iter()
        .find(|code| *code as u8 == byte)
        .unwrap_or(Internal)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub code: Code,
    pub message: String,
}

pub type Result<T> = std::result::Result<T, Status>;

impl Status {
    pub fn new(code: Code, message: impl Into<String>) -> Status {
        Status { code, message: message.into() }
    }

    pub fn invalid(message: impl Into<String>) -> Status {
        Status::new(Code::InvalidArgument, message)
    }

    pub fn not_found(message: impl Into<String>) -> Status {
        Status::new(Code::NotFound, message)
    }

    pub fn internal(message: impl Into<String>) -> Status {
        Status::new(Code::Internal, message)
    }

    /// What failed to start, in the form the host takes apart: `exec: <errno name>: <path>`.
    pub fn exec(errno: Errno, path: &str) -> Status {
        let code = match errno {
            Errno::ENOENT => Code::NotFound,
            Errno::EACCES => Code::PermissionDenied,
            _ => Code::Internal,
        };
        Status::new(code, format!("exec: {errno:?}: {path}"))
    }
}

/// Says what was attempted when a system call or file operation failed: `<what>: <errno name>`.
pub trait Context<T> {
    fn context(self, what: impl Display) -> Result<T>;
}

impl<T> Context<T> for nix::Result<T> {
    fn context(self, what: impl Display) -> Result<T> {
        self.map_err(|errno| Status::internal(format!("{what}: {errno:?}")))
    }
}

impl<T> Context<T> for std::io::Result<T> {
    fn context(self, what: impl Display) -> Result<T> {
        self.map_err(|error| match error.raw_os_error() {
            Some(errno) => Status::internal(format!("{what}: {:?}", Errno::from_raw(errno))),
            None => Status::internal(format!("{what}: {error}")),
        })
    }
}
