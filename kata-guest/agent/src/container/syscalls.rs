//! System call numbers by name, sorted for look-up. From the kernel's own headers.

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(target_arch = "aarch64")]
use aarch64::TABLE;
#[cfg(target_arch = "x86_64")]
use x86_64::TABLE;

/// None: this architecture has no such call.
pub fn number(name: &str) -> Option<u32> {
    TABLE.binary_search_by(|(known, _)| (*known).cmp(name)).ok().map(|index| TABLE[index].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_sorted_and_agrees_with_the_c_library() {
        assert!(TABLE.is_sorted());
        for (name, expected) in
            [("openat", libc::SYS_openat), ("clone3", libc::SYS_clone3), ("write", libc::SYS_write)]
        {
            assert_eq!(number(name), Some(expected as u32), "{name}");
        }
        assert_eq!(number("no_such_call"), None);
    }
}
