//! The guest's network: links, addresses, routes and neighbours, as the kernel has them.

pub mod names;
pub mod netlink;
pub mod tables;

use crate::modules::{self, Modules};
use std::fs;

/// The type of a virtio device that is a network card.
const NETWORK_CARD: &str = "0x0001";

/// Loads the cards' driver, unless no card is there. The interfaces are there when it returns.
pub fn load_driver(modules: &Modules) -> nix::Result<()> {
    if modules::is_loaded("virtio_net") {
        return Ok(());
    }
    let devices = fs::read_dir("/sys/bus/virtio/devices").into_iter().flatten().flatten();
    let is_card = |path: std::path::PathBuf| {
        fs::read_to_string(path.join("device")).is_ok_and(|kind| kind.trim() == NETWORK_CARD)
    };
    if devices.map(|device| device.path()).any(is_card) {
        modules.load("virtio_net", "")?;
    }
    Ok(())
}

/// The names of the interfaces that are cards: others, as the loopback or tunnels, have no device behind them.
pub fn cards() -> impl Iterator<Item = String> {
    let all = fs::read_dir("/sys/class/net").into_iter().flatten().flatten();
    all.filter(|entry| entry.path().join("device").exists())
        .filter_map(|entry| entry.file_name().into_string().ok())
}
