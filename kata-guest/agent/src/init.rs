//! Life as PID 1.

use crate::agent::Agent;
use crate::container::reserve;
use crate::poller::{Poller, Source};
use crate::serve::find_port;
use crate::{boot, error, info, sys, uevent};
use nix::sys::epoll::EpollFlags;
use nix::sys::reboot::{RebootMode, reboot};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// After this the port will not come any more.
const PORT_LIMIT: Duration = Duration::from_secs(10);
/// Hundreds of processes with four descriptors each.
const NOFILE: u64 = 1 << 16;

pub fn run() -> ! {
    std::panic::set_hook(Box::new(|reason| error!("{reason}")));
    let (config, modules) = boot::boot();
    let _ = sys::prlimit(0, libc::RLIMIT_NOFILE, NOFILE, 1 << 20);
    reserve::begin();
    let address = config.server_addr.clone();
    let name = config.port_name.clone();
    if let Err(status) = Agent::new(config, modules, true).map(|mut agent| serve(&mut agent, &name, address))
    {
        error!("{}", status.message);
    }
    power_off()
}

fn serve(agent: &mut Agent, name: &str, address: Option<String>) {
    match wait_for_port(agent, name) {
        Some(path) => {
            if let Err(status) = agent.open_serial(&path) {
                error!("{}", status.message);
            }
        }
        None => error!("no virtio port named {name}"),
    }
    if let Some(address) = address {
        if let Err(status) = agent.listen(&address) {
            error!("{}", status.message);
        }
    }
    if agent.serial.is_none() && agent.listener.is_none() {
        return error!("nothing to serve: powering off");
    }
    info!("ready");
    agent.run();
}

/// The port's device, as soon as it is there.
fn wait_for_port(agent: &Agent, name: &str) -> Option<PathBuf> {
    let until = Instant::now() + PORT_LIMIT;
    let mut poller = Poller::new().ok()?;
    let mut ready = Vec::new();
    if let Some(fd) = &agent.uevents {
        poller.add(fd, Source::Uevents, EpollFlags::EPOLLIN).ok()?;
    }
    loop {
        if let Some(path) = find_port(name) {
            return Some(path);
        }
        if Instant::now() >= until {
            return None;
        }
        poller.wait(Some(until), &mut ready);
        if let Some(fd) = &agent.uevents {
            uevent::drain(fd, |_, _| {});
        }
    }
}

fn power_off() -> ! {
    nix::unistd::sync();
    let Err(errno) = reboot(RebootMode::RB_POWER_OFF);
    error!("power off: {errno:?}");
    // Returning would be a kernel panic, which at least ends the machine too.
    std::process::exit(1)
}
