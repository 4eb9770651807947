//! Kernel modules of the initrd: some at boot, the rest when something needs them.
//!
//! `/lib/modules/load` lists them, dependencies first: `boot <path> [parameters]` and `lazy <name> <path>`.
//! A lazy name may appear on several lines; all are loaded in their order. `builtin <name>`: the kernel has it.

use nix::errno::Errno;
use nix::kmod::{ModuleInitFlags, finit_module};
use std::collections::HashMap;
use std::ffi::CString;
use std::fs::File;

pub const LIST: &str = "/lib/modules/load";

#[derive(Default)]
pub struct Modules {
    boot: Vec<(String, String)>,
    lazy: HashMap<String, Vec<String>>,
}

impl Modules {
    pub fn parse(list: &str) -> Modules {
        let mut modules = Modules::default();
        for line in list.lines() {
            let mut words = line.split_ascii_whitespace();
            match (words.next(), words.next()) {
                (Some("boot"), Some(path)) => {
                    modules.boot.push((path.into(), words.collect::<Vec<_>>().join(" ")));
                }
                (Some("lazy"), Some(name)) => {
                    if let Some(path) = words.next() {
                        modules.lazy.entry(plain(name)).or_default().push(path.into());
                    }
                }
                (Some("builtin"), Some(name)) => {
                    // Nothing is to be loaded, which load() finds done.
                    modules.lazy.entry(plain(name)).or_default();
                }
                _ => {}
            }
        }
        modules
    }

    pub fn load_boot(&self) {
        for (path, parameters) in &self.boot {
            if let Err(errno) = insert(path, parameters) {
                crate::error!("module {path}: {errno:?}");
            }
        }
    }

    /// Loads what the name stands for. Ok(false): the initrd has nothing of that name (it may be built in).
    pub fn load(&self, name: &str, parameters: &str) -> nix::Result<bool> {
        let Some(paths) = self.lazy.get(&plain(name)) else { return Ok(false) };
        for (index, path) in paths.iter().enumerate() {
            let own = index + 1 == paths.len();
            insert(path, if own { parameters } else { "" })?;
        }
        Ok(true)
    }

    /// Loads a file system's module unless the kernel already knows the type.
    pub fn load_filesystem(&self, fstype: &str) -> nix::Result<()> {
        if !self.lazy.contains_key(&plain(fstype)) {
            return Ok(());
        }
        let known = std::fs::read_to_string("/proc/filesystems").unwrap_or_default();
        if known.lines().any(|line| line.split_ascii_whitespace().last() == Some(fstype)) {
            return Ok(());
        }
        self.load(fstype, "").map(|_| ())
    }
}

/// The kernel takes - and _ in module names for the same.
fn plain(name: &str) -> String {
    name.replace('-', "_")
}

pub fn is_loaded(name: &str) -> bool {
    std::path::Path::new("/sys/module").join(plain(name)).exists()
}

/// Loads one file, unless what is in it is loaded.
pub fn insert(path: &str, parameters: &str) -> nix::Result<()> {
    let file = File::open(path).map_err(|e| Errno::from_raw(e.raw_os_error().unwrap_or(libc::EIO)))?;
    let parameters = CString::new(parameters).map_err(|_| Errno::EINVAL)?;
    match finit_module(&file, &parameters, ModuleInitFlags::empty()) {
        Ok(()) | Err(Errno::EEXIST) => Ok(()),
        Err(errno) => Err(errno),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_is_split_into_boot_and_lazy() {
        let modules = Modules::parse(
            "boot /a.ko x=1 y=2\n\nlazy over-lay /dep.ko\nlazy over_lay /o.ko\nodd\nbuiltin p9\n",
        );
        assert_eq!(modules.boot, [("/a.ko".to_string(), "x=1 y=2".to_string())]);
        assert_eq!(modules.lazy["over_lay"], ["/dep.ko", "/o.ko"]);
        assert_eq!(modules.load("p9", ""), Ok(true));
        assert_eq!(modules.load("p10", ""), Ok(false));
    }
}
