//! Devices by the names that the host has for them.

use crate::grpc;
use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

/// The kernel modules that bring what a storage's driver looks for; none for those without a device.
pub fn modules(driver: &str) -> &'static [&'static str] {
    match driver {
        "blk" | "mmioblk" => &["virtio_blk", "virtio_mmio"],
        "scsi" => &["virtio_scsi", "sd_mod"],
        "nvdimm" => &["nfit", "nd_pmem"],
        "virtio-fs" => &["virtiofs"],
        _ => &[],
    }
}

/// The block device of a storage.
pub fn find(storage: &grpc::Storage) -> Option<PathBuf> {
    match storage.driver.as_str() {
        "scsi" => scsi_disk(&storage.source).filter(|device| is_alive(device)),
        _ => block_device(&storage.source),
    }
}

/// A disk is in sysfs, and has its node, a moment before it can be opened (ENXIO); its event comes after that.
fn is_alive(device: &Path) -> bool {
    fs::File::open(device).is_ok()
}

/// Driver option of ours, for a share that was plugged in: its slots, as those of a disk.
const SLOTS: &str = "io.katajava.slots=";

/// Whether a storage waits for a device that is not there (yet). A share without its slots counts as there.
pub fn is_missing(storage: &grpc::Storage) -> bool {
    if storage.driver == "virtio-fs" {
        let mut slots = storage.driver_options.iter().filter_map(|option| option.strip_prefix(SLOTS));
        return slots.any(|path| !is_shared(Path::new(SHARES), &storage.source, path));
    }
    !modules(&storage.driver).is_empty() && find(storage).is_none()
}

/// The shares that can be mounted, each a directory with the file `tag`, from Linux 6.9 on.
const SHARES: &str = "/sys/fs/virtiofs";

/// Whether a share can be mounted. Where the kernel lists none, its device tells.
fn is_shared(shares: &Path, tag: &str, slots: &str) -> bool {
    match children(shares) {
        Some(mut all) => {
            all.any(|one| fs::read_to_string(one.join("tag")).is_ok_and(|is| is.trim_end() == tag))
        }
        None => is_driven(slots),
    }
}

/// A disk by `id:lun`, on channel 0 of any host. A host that has not been asked for it yet is asked now.
fn scsi_disk(source: &str) -> Option<PathBuf> {
    let (id, lun) = source.split_once(':')?;
    let (id, lun): (u32, u32) = (id.parse().ok()?, lun.parse().ok()?);
    known_scsi_disk(id, lun).or_else(|| {
        for host in fs::read_dir("/sys/class/scsi_host").ok()?.flatten() {
            let _ = fs::write(host.path().join("scan"), format!("0 {id} {lun}"));
        }
        known_scsi_disk(id, lun)
    })
}

fn known_scsi_disk(id: u32, lun: u32) -> Option<PathBuf> {
    let wanted = format!(":0:{id}:{lun}");
    let mut devices = fs::read_dir("/sys/bus/scsi/devices").ok()?.flatten();
    let device = devices.find(|entry| entry.file_name().to_string_lossy().ends_with(&wanted))?;
    let disk = fs::read_dir(device.path().join("block")).ok()?.next()?.ok()?.file_name();
    Some(Path::new("/dev").join(disk))
}

/// `/dev/vdX`, or slots on the way from the root bus: `02/05`.
pub fn block_device(source: &str) -> Option<PathBuf> {
    if source.starts_with("/dev/") {
        let is_block = fs::metadata(source).is_ok_and(|found| found.file_type().is_block_device());
        return is_block.then(|| PathBuf::from(source));
    }
    Some(PathBuf::from("/dev").join(pci_child(source, "block")?)).filter(|device| is_alive(device))
}

/// The interface of the card at these slots.
pub fn network_card(path: &str) -> Option<String> {
    pci_child(path, "net")
}

/// Whether a driver has made the virtio device at these slots ready. The link to the driver is there before the
/// driver has begun: only the device's status tells.
fn is_driven(path: &str) -> bool {
    virtio_device(path).is_some_and(|device| {
        fs::read_to_string(device.join("status")).is_ok_and(|status| is_ready(status.trim()))
    })
}

/// `VIRTIO_CONFIG_S_DRIVER_OK` in a status such as `0x0000000f`.
fn is_ready(status: &str) -> bool {
    let bits = status.strip_prefix("0x").and_then(|digits| u32::from_str_radix(digits, 16).ok());
    bits.is_some_and(|bits| bits & 4 != 0)
}

/// What the driver of the device at these slots made of it, of a class of sysfs.
fn pci_child(path: &str, class: &str) -> Option<String> {
    // A device that is not virtio's is the class's parent itself.
    let parent = virtio_device(path).or_else(|| pci_device(path))?;
    children(&parent.join(class))?.next()?.file_name()?.to_str().map(String::from)
}

fn virtio_device(path: &str) -> Option<PathBuf> {
    let is_virtio =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("virtio"));
    children(&pci_device(path)?)?.find(is_virtio)
}

fn children(path: &Path) -> Option<impl Iterator<Item = PathBuf> + use<>> {
    fs::read_dir(path).ok().map(|list| list.flatten().map(|entry| entry.path()))
}

fn pci_device(path: &str) -> Option<PathBuf> {
    let mut directory = root_bus()?;
    for slot in path.split('/') {
        let (slot, function) = slot.split_once('.').unwrap_or((slot, "0"));
        let (slot, function) = (u8::from_str_radix(slot, 16).ok()?, function.parse::<u8>().ok()?);
        let wanted = format!(":{slot:02x}.{function}");
        directory = children(&directory)?.find(|path| path.to_string_lossy().ends_with(&wanted))?;
    }
    Some(directory)
}

fn root_bus() -> Option<PathBuf> {
    let root = PathBuf::from("/sys/devices/pci0000:00");
    root.exists().then_some(root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn share_is_there_when_the_kernel_lists_its_tag() {
        let shares = std::env::temp_dir().join(format!("kata-shares-{}", std::process::id()));
        fs::create_dir_all(shares.join("3")).unwrap();
        fs::write(shares.join("3/tag"), "data\n").unwrap();
        fs::create_dir_all(shares.join("4")).unwrap();

        let found = ["data", "dat", "other"].map(|tag| is_shared(&shares, tag, "1e"));
        fs::remove_dir_all(&shares).unwrap();

        assert_eq!(found, [true, false, false]);
    }

    #[test]
    fn device_is_ready_when_its_driver_says_so() {
        assert!(is_ready("0x0000000f"));
        for status in ["0x00000000", "0x0000000b", "0x00000083", "", "0xzz"] {
            assert!(!is_ready(status), "{status}");
        }
    }
}
