//! A spec, checked and translated before anything is created. What the agent does not understand is refused here, by
//! name, and not found out half-way.

use super::capabilities::Capabilities;
use super::device_filter::DeviceFilter;
use super::devices::{self, DevicePlan};
use super::hooks::Hooks;
use super::ids::IdMaps;
use super::mounts::{MountPlan, propagation_flag};
use super::seccomp::{self, Filter};
use super::user::UserRequest;
use crate::grpc;
use crate::ttrpc::{Result, Status};
use nix::mount::MsFlags;
use nix::sched::CloneFlags;
use std::ffi::CString;
use std::path::PathBuf;
use std::rc::Rc;

const DEFAULT_UMASK: u32 = 0o022;

/// How one process is started.
#[derive(Clone, Debug)]
pub struct ProcessPlan {
    pub args: Vec<CString>,
    pub env: Vec<String>,
    pub cwd: String,
    pub user: UserRequest,
    pub capabilities: Option<Capabilities>,
    /// Resource number, soft, hard.
    pub rlimits: Vec<(u32, u64, u64)>,
    pub no_new_privileges: bool,
    pub oom_score: Option<i32>,
    /// The size of the terminal to make: rows, columns.
    pub terminal: Option<(u16, u16)>,
    pub seccomp: Option<Rc<Filter>>,
    pub umask: u32,
    /// What the agent does itself, in place of a program.
    pub builtin: Option<String>,
}

pub struct ContainerPlan {
    pub root: PathBuf,
    pub root_readonly: bool,
    pub mounts: Vec<MountPlan>,
    pub devices: Vec<DevicePlan>,
    pub masked: Vec<String>,
    pub readonly: Vec<String>,
    pub hostname: String,
    pub sysctls: Vec<(String, String)>,
    /// Namespaces made new with the fork.
    pub unshared: CloneFlags,
    /// The numbers of a user namespace of its own.
    pub ids: Option<IdMaps>,
    /// Namespaces of others.
    pub joined: Vec<(CloneFlags, String)>,
    pub propagation: MsFlags,
    pub cgroup: String,
    pub device_filter: DeviceFilter,
    pub process: ProcessPlan,
    pub hooks: Rc<Hooks>,
}

impl ProcessPlan {
    /// What only our own client says beyond the protocol.
    pub fn with(mut self, extras: &grpc::ProcessExtras) -> Result<ProcessPlan> {
        if let Some(umask) = extras.umask {
            if umask > 0o777 {
                return Err(Status::invalid(format!("umask: {umask:o}")));
            }
            self.umask = umask;
        }
        if !extras.builtin.is_empty() {
            super::archive::check(&extras.builtin, self.args.len())?;
            self.builtin = Some(extras.builtin.clone());
        }
        Ok(self)
    }

    pub fn from_spec(process: &grpc::Process, string_user: Option<&grpc::StringUser>) -> Result<ProcessPlan> {
        if process.args.first().is_none_or(|arg| arg.is_empty()) {
            return Err(Status::invalid("process: no command"));
        }
        let args = process.args.iter().map(|arg| c_string("argument", arg)).collect::<Result<_>>()?;
        for variable in &process.env {
            c_string("environment", variable)?;
            if variable.find('=').is_none_or(|at| at == 0) {
                return Err(Status::invalid(format!("environment: not NAME=value: {variable}")));
            }
        }
        if !process.cwd.is_empty() && !process.cwd.starts_with('/') {
            return Err(Status::invalid(format!("cwd is not absolute: {}", process.cwd)));
        }
        let oom_score = match process.oom_score_adj {
            0 => None,
            score if (-1000..=1000).contains(&score) => Some(score as i32),
            score => return Err(Status::invalid(format!("oom score out of range: {score}"))),
        };
        let size = process.console_size.unwrap_or_default();
        Ok(ProcessPlan {
            args,
            env: process.env.clone(),
            cwd: if process.cwd.is_empty() { "/".into() } else { process.cwd.clone() },
            user: UserRequest::from_spec(process.user.as_ref(), string_user)?,
            capabilities: process.capabilities.as_ref().map(Capabilities::from_spec).transpose()?,
            rlimits: rlimits(&process.rlimits)?,
            no_new_privileges: process.no_new_privileges,
            oom_score,
            terminal: process
                .terminal
                .then_some((size.height.min(0xffff) as u16, size.width.min(0xffff) as u16)),
            seccomp: None,
            umask: DEFAULT_UMASK,
            builtin: None,
        })
    }
}

impl ContainerPlan {
    pub fn from_request(
        request: &grpc::CreateContainerRequest,
        extras: &grpc::ProcessExtras,
    ) -> Result<ContainerPlan> {
        let missing = |what: &str| Status::invalid(format!("spec: no {what}"));
        let spec = request.oci.as_ref().ok_or_else(|| missing("OCI"))?;
        let root = spec.root.as_ref().ok_or_else(|| missing("Root"))?;
        let linux = spec.linux.as_ref().ok_or_else(|| missing("Linux"))?;
        let process = spec.process.as_ref().ok_or_else(|| missing("Process"))?;
        if !root.path.starts_with('/') {
            return Err(Status::invalid(format!("root path is not absolute: {}", root.path)));
        }
        let mut process = ProcessPlan::from_spec(process, request.string_user.as_ref())?.with(extras)?;
        let filter = linux.seccomp.as_ref();
        let filter = filter.map(|profile| seccomp::compile(profile, extras.seccomp_default_errno));
        process.seccomp = filter.transpose()?.map(Rc::new);
        if process.builtin.is_some() {
            return Err(Status::invalid("a container's first process is a program"));
        }
        let (unshared, joined) = namespaces(&linux.namespaces)?;
        let ids = IdMaps::from_spec(linux, unshared)?;
        if ids.is_some() && (!joined.is_empty() || request.sandbox_pidns) {
            return Err(Status::invalid(
                "a user namespace of its own: no other namespace can be joined with it",
            ));
        }
        let mut mounts = spec.mounts.iter().map(MountPlan::from_spec).collect::<Result<Vec<_>>>()?;
        mounts.iter_mut().for_each(|mount| mount.look_inside(&root.path));
        if let Some(ids) = &ids {
            ids.adapt(&mut mounts, unshared);
        }
        let propagation = match linux.rootfs_propagation.as_str() {
            "" => MsFlags::MS_SLAVE | MsFlags::MS_REC,
            name => propagation_flag(name)
                .ok_or_else(|| Status::invalid(format!("unknown rootfs propagation: {name}")))?,
        };
        let sysctls = linux.sysctl.iter().map(|(name, value)| sysctl(name, value)).collect::<Result<_>>()?;
        let devices = devices::plan(&linux.devices)?;
        let device_rules = linux.resources.as_ref().map_or(&[][..], |resources| &resources.devices);
        Ok(ContainerPlan {
            root: PathBuf::from(&root.path),
            root_readonly: root.readonly,
            mounts,
            device_filter: DeviceFilter::new(device_rules, &devices)?,
            devices,
            masked: linux.masked_paths.clone(),
            readonly: linux.readonly_paths.clone(),
            hostname: spec.hostname.clone(),
            sysctls,
            unshared,
            ids,
            joined,
            propagation,
            cgroup: cgroup_path(&linux.cgroups_path, &request.container_id)?,
            process,
            hooks: Rc::new(Hooks::from_request(request)?),
        })
    }
}

fn c_string(what: &str, text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| Status::invalid(format!("{what} holds a NUL byte")))
}

/// mount, pid and cgroup are the container's own in any case.
fn namespaces(listed: &[grpc::LinuxNamespace]) -> Result<(CloneFlags, Vec<(CloneFlags, String)>)> {
    let mut unshared = CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWCGROUP;
    let mut joined = Vec::new();
    let mut seen = CloneFlags::empty();
    for namespace in listed {
        let flag = match namespace.r#type.as_str() {
            "mount" | "mnt" => CloneFlags::CLONE_NEWNS,
            "network" | "net" => CloneFlags::CLONE_NEWNET,
            "ipc" => CloneFlags::CLONE_NEWIPC,
            "uts" => CloneFlags::CLONE_NEWUTS,
            "pid" => CloneFlags::CLONE_NEWPID,
            "cgroup" => CloneFlags::CLONE_NEWCGROUP,
            "user" if namespace.path.is_empty() => CloneFlags::CLONE_NEWUSER,
            "user" => return Err(Status::invalid("a container cannot join a user namespace")),
            "time" => return Err(Status::invalid("namespace is not supported: time")),
            other => return Err(Status::invalid(format!("unknown namespace: {other}"))),
        };
        if seen.contains(flag) {
            return Err(Status::invalid(format!("namespace {} is there twice", namespace.r#type)));
        }
        seen |= flag;
        if namespace.path.is_empty() {
            unshared |= flag;
        } else if flag == CloneFlags::CLONE_NEWNS {
            return Err(Status::invalid("a container cannot join a mount namespace"));
        } else {
            unshared -= flag;
            joined.push((flag, namespace.path.clone()));
        }
    }
    Ok((unshared, joined))
}

/// Two of one kind would leave it to their order which of them counts.
fn rlimits(listed: &[grpc::PosixRlimit]) -> Result<Vec<(u32, u64, u64)>> {
    let limits = listed.iter().map(rlimit).collect::<Result<Vec<_>>>()?;
    for (index, (resource, ..)) in limits.iter().enumerate() {
        if limits[..index].iter().any(|(earlier, ..)| earlier == resource) {
            return Err(Status::invalid(format!("rlimit {} is there twice", listed[index].r#type)));
        }
    }
    Ok(limits)
}

fn rlimit(limit: &grpc::PosixRlimit) -> Result<(u32, u64, u64)> {
    let name = limit.r#type.strip_prefix("RLIMIT_").unwrap_or(&limit.r#type);
    let resource = match name {
        "CPU" => libc::RLIMIT_CPU,
        "FSIZE" => libc::RLIMIT_FSIZE,
        "DATA" => libc::RLIMIT_DATA,
        "STACK" => libc::RLIMIT_STACK,
        "CORE" => libc::RLIMIT_CORE,
        "RSS" => libc::RLIMIT_RSS,
        "NPROC" => libc::RLIMIT_NPROC,
        "NOFILE" => libc::RLIMIT_NOFILE,
        "MEMLOCK" => libc::RLIMIT_MEMLOCK,
        "AS" => libc::RLIMIT_AS,
        "LOCKS" => libc::RLIMIT_LOCKS,
        "SIGPENDING" => libc::RLIMIT_SIGPENDING,
        "MSGQUEUE" => libc::RLIMIT_MSGQUEUE,
        "NICE" => libc::RLIMIT_NICE,
        "RTPRIO" => libc::RLIMIT_RTPRIO,
        "RTTIME" => libc::RLIMIT_RTTIME,
        _ => return Err(Status::invalid(format!("unknown rlimit: {}", limit.r#type))),
    };
    if limit.soft > limit.hard {
        return Err(Status::invalid(format!("rlimit {name}: soft {} above hard {}", limit.soft, limit.hard)));
    }
    // Another integer in other C libraries.
    #[allow(clippy::unnecessary_cast)]
    let number = resource as u32;
    Ok((number, limit.soft, limit.hard))
}

/// Only what belongs to the container's own namespaces may be set.
fn sysctl(name: &str, value: &str) -> Result<(String, String)> {
    const IPC: [&str; 9] = [
        "kernel.msgmax",
        "kernel.msgmnb",
        "kernel.msgmni",
        "kernel.sem",
        "kernel.shmall",
        "kernel.shmmax",
        "kernel.shmmni",
        "kernel.shm_rmid_forced",
        "kernel.domainname",
    ];
    let allowed = IPC.contains(&name) || name.starts_with("net.") || name.starts_with("fs.mqueue.");
    if !allowed || name.contains('/') || name.split('.').any(str::is_empty) {
        return Err(Status::invalid(format!("sysctl is not allowed: {name}")));
    }
    Ok((format!("/proc/sys/{}", name.replace('.', "/")), value.into()))
}

fn cgroup_path(path: &str, id: &str) -> Result<String> {
    let path = path.replace(':', "/");
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.contains(&"..") {
        return Err(Status::invalid(format!("cgroup path climbs: {path}")));
    }
    Ok(if parts.is_empty() { id.into() } else { parts.join("/") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> grpc::CreateContainerRequest {
        let process = grpc::Process { args: vec!["true".into()], ..Default::default() };
        let spec = grpc::Spec {
            root: Some(grpc::Root { path: "/r".into(), readonly: false }),
            process: Some(process),
            linux: Some(grpc::Linux::default()),
            ..Default::default()
        };
        grpc::CreateContainerRequest { container_id: "c1".into(), oci: Some(spec), ..Default::default() }
    }

    #[test]
    fn minimal_spec_gets_its_own_mount_pid_and_cgroup_namespace() {
        let plan = ContainerPlan::from_request(&request(), &grpc::ProcessExtras::default()).unwrap();
        assert!(plan.unshared.contains(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWPID));
        assert_eq!(plan.cgroup, "c1");
        assert_eq!(plan.process.cwd, "/");
    }

    #[test]
    fn unknown_strings_are_refused_by_name() {
        let namespace = [grpc::LinuxNamespace { r#type: "soul".into(), path: String::new() }];
        assert_eq!(namespaces(&namespace).unwrap_err(), Status::invalid("unknown namespace: soul"));
        let limit = grpc::PosixRlimit { r#type: "RLIMIT_FUN".into(), ..Default::default() };
        assert_eq!(rlimit(&limit).unwrap_err(), Status::invalid("unknown rlimit: RLIMIT_FUN"));
        assert!(sysctl("vm.swappiness", "1").is_err());
    }

    #[test]
    fn what_is_listed_twice_is_refused_by_name() {
        let namespace =
            |r#type: &str, path: &str| grpc::LinuxNamespace { r#type: r#type.into(), path: path.into() };
        let twice = [namespace("network", "/proc/1/ns/net"), namespace("net", "")];
        assert_eq!(namespaces(&twice).unwrap_err(), Status::invalid("namespace net is there twice"));
        let limit = |r#type: &str| grpc::PosixRlimit { r#type: r#type.into(), soft: 1, hard: 2 };
        assert_eq!(
            rlimits(&[limit("RLIMIT_NOFILE"), limit("RLIMIT_CPU"), limit("NOFILE")]).unwrap_err(),
            Status::invalid("rlimit NOFILE is there twice")
        );
    }

    #[test]
    fn cgroup_path_colons_become_slashes_and_climbing_is_refused() {
        assert_eq!(cgroup_path("system.slice:kata:c1", "c1").unwrap(), "system.slice/kata/c1");
        assert_eq!(cgroup_path("/a/./b", "c1").unwrap(), "a/b");
        assert!(cgroup_path("/a/../b", "c1").is_err());
    }

    #[test]
    fn environment_entries_need_a_name_and_a_value() {
        let mut request = request();
        request.oci.as_mut().unwrap().process.as_mut().unwrap().env = vec!["=x".into()];
        assert!(ContainerPlan::from_request(&request, &grpc::ProcessExtras::default()).is_err());
    }
}
