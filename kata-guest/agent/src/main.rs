//! The guest agent. PID 1 of the guest, or a plain process for tests:
//! `kata-agent --listen unix:///path` or `kata-agent --serial /path/to/tty`.

mod agent;
mod boot;
mod config;
mod console;
mod container;
mod disks;
mod event_loop;
mod hook_runs;
mod identity;
mod modules;
mod network;
mod oom;
mod poller;
mod reaper;
mod rpc;
mod sandbox;
mod serve;
mod signals;
mod stdio;
mod storage;
mod sys;
mod terminal;
mod timers;
mod ttrpc;
mod uevent;
mod watch;
mod watch_runs;

#[allow(dead_code, clippy::all, reason = "generated from the whole protocol")]
mod grpc {
    include!(concat!(env!("OUT_DIR"), "/grpc.rs"));
}
#[allow(dead_code, clippy::all, reason = "generated from the whole protocol")]
mod types {
    include!(concat!(env!("OUT_DIR"), "/types.rs"));
}

use agent::Agent;
use config::Config;
use modules::Modules;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    if std::process::id() == 1 {
        init::run();
    }
    match plain(std::env::args().skip(1).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("kata-agent: {message}");
            ExitCode::FAILURE
        }
    }
}

mod init;

/// A process among others: nothing is mounted, no module loaded, and the end is an exit.
fn plain(arguments: Vec<String>) -> Result<(), String> {
    let usage = "usage: kata-agent --listen unix://PATH | --serial PATH [PARAMETER=VALUE ...]";
    let [mode, target, parameters @ ..] = arguments.as_slice() else { return Err(usage.into()) };
    let (config, malformed) = Config::from_command_line(&parameters.join(" "));
    if let Some(word) = malformed.first() {
        return Err(format!("malformed parameter: {word}"));
    }
    console::set_level(config.log_level);
    let mut agent = Agent::new(config, Modules::default(), false).map_err(|status| status.message)?;
    match mode.as_str() {
        "--listen" => agent.listen(target),
        "--serial" => agent.open_serial(Path::new(target)),
        _ => return Err(usage.into()),
    }
    .map_err(|status| status.message)?;
    info!("ready");
    agent.run();
    Ok(())
}
