//! Terse messages for people who look at the guest's console.

use crate::ttrpc::trace::Trace;
use std::cell::Cell;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Fatal,
    Error,
    Warn,
    Info,
    Debug,
}

static LEVEL: AtomicU8 = AtomicU8::new(Level::Info as u8);
static KMSG: OnceLock<Option<File>> = OnceLock::new();

thread_local! {
    /// Of the call that is being handled.
    static TRACE: Cell<Option<Trace>> = const { Cell::new(None) };
}

pub fn set_level(level: Level) {
    LEVEL.store(level as u8, Ordering::Relaxed);
}

/// Runs with the trace context of a call in every line.
pub fn traced<T>(trace: Option<Trace>, handle: impl FnOnce() -> T) -> T {
    let before = TRACE.replace(trace);
    let result = handle();
    TRACE.set(before);
    result
}

/// Sends messages to the kernel's log, which carries them to every console with a time stamp.
pub fn use_kernel_log() {
    let _ = KMSG.set(OpenOptions::new().write(true).open("/dev/kmsg").ok());
}

pub fn enabled(level: Level) -> bool {
    level as u8 <= LEVEL.load(Ordering::Relaxed)
}

/// One line. Never fails: there is nobody to tell.
pub fn log(level: Level, message: std::fmt::Arguments) {
    if !enabled(level) {
        return;
    }
    let trace = TRACE.get();
    let (mark, trace) = trace.as_ref().map_or(("", ""), |trace| (" traceparent=", trace.as_str()));
    match KMSG.get() {
        Some(Some(kmsg)) => {
            let priority = match level {
                Level::Fatal => 2,
                Level::Error => 3,
                Level::Warn => 4,
                Level::Info => 6,
                Level::Debug => 7,
            };
            let _ = (&mut &*kmsg)
                .write_all(format!("<{priority}>kata-agent: {message}{mark}{trace}\n").as_bytes());
        }
        _ => {
            let _ = std::io::stderr().write_all(format!("kata-agent: {message}{mark}{trace}\n").as_bytes());
        }
    }
}

#[macro_export]
macro_rules! error { ($($arg:tt)*) => { $crate::console::log($crate::console::Level::Error, format_args!($($arg)*)) } }
#[macro_export]
macro_rules! warning { ($($arg:tt)*) => { $crate::console::log($crate::console::Level::Warn, format_args!($($arg)*)) } }
#[macro_export]
macro_rules! info { ($($arg:tt)*) => { $crate::console::log($crate::console::Level::Info, format_args!($($arg)*)) } }
#[macro_export]
macro_rules! debug { ($($arg:tt)*) => { $crate::console::log($crate::console::Level::Debug, format_args!($($arg)*)) } }
