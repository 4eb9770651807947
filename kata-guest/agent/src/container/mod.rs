//! Containers: from an OCI spec to processes with namespaces, a root of their own and limits.

pub mod archive;
pub mod capabilities;
pub mod cgroup;
pub mod channel;
pub mod device_filter;
pub mod devices;
pub mod hooks;
pub mod ids;
pub mod init;
pub mod listeners;
pub mod mounts;
pub mod plan;
pub mod process;
pub mod reserve;
pub mod root;
pub mod seccomp;
pub mod stats;
pub mod syscalls;
pub mod tar;
pub mod unfit;
pub mod user;
