//! System calls the libraries have no wrapper for.

use nix::NixPath;
use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use nix::sys::stat::Mode;
use std::ffi::CStr;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;
const CLONE_PIDFD: u64 = 0x1000;

/// The kernel's clone_args up to the cgroup.
#[repr(C)]
#[derive(Default)]
struct CloneArgs {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

pub enum Forked {
    Child,
    Parent { pid: i32, pidfd: OwnedFd },
}

/// fork, into new namespaces and straight into a cgroup.
///
/// The agent has one thread. No lock can be held by another at this moment, so the child may allocate, read files and
/// build strings like any program; that is why there is no helper process to fork from.
pub fn fork(namespaces: i32, cgroup: Option<BorrowedFd>) -> nix::Result<Forked> {
    let mut pidfd: RawFd = -1;
    let mut args = CloneArgs {
        flags: namespaces as u64 | CLONE_PIDFD,
        pidfd: &mut pidfd as *mut RawFd as u64,
        exit_signal: libc::SIGCHLD as u64,
        ..CloneArgs::default()
    };
    if let Some(cgroup) = cgroup {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = cgroup.as_raw_fd() as u64;
    }
    // SAFETY: without CLONE_VM the child runs on a copy of this stack; args lives across the call and is laid out
    // as the kernel wants it; the process is single-threaded (see above).
    let pid = Errno::result(unsafe { libc::syscall(libc::SYS_clone3, &args, size_of::<CloneArgs>()) })?;
    if pid == 0 {
        return Ok(Forked::Child);
    }
    // SAFETY: the kernel stored a new descriptor that nobody else owns.
    Ok(Forked::Parent { pid: pid as i32, pidfd: unsafe { OwnedFd::from_raw_fd(pidfd) } })
}

/// A copy of a descriptor of another process.
pub fn pidfd_getfd(pidfd: &OwnedFd, fd: RawFd) -> nix::Result<OwnedFd> {
    // SAFETY: no memory is passed; the result is a new descriptor.
    let fd = Errno::result(unsafe { libc::syscall(libc::SYS_pidfd_getfd, pidfd.as_raw_fd(), fd, 0) })?;
    // SAFETY: as above, nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}

/// The process's number in the innermost pid namespace it is in; 0 when it cannot be told.
pub fn inner_pid(pidfd: &OwnedFd) -> u32 {
    let info =
        std::fs::read_to_string(format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd())).unwrap_or_default();
    let line = info.lines().find_map(|line| line.strip_prefix("NSpid:"));
    line.and_then(|pids| pids.split_ascii_whitespace().last()?.parse().ok()).unwrap_or(0)
}

/// A signal for a whole process group. The group's number must not be free, or it may be somebody else's.
pub fn signal_group(group: i32, signal: i32) -> nix::Result<()> {
    // SAFETY: no memory is passed.
    Errno::result(unsafe { libc::kill(-group, signal) }).map(drop)
}

/// How many bytes wait in a pipe or terminal.
pub fn readable(fd: &OwnedFd) -> usize {
    let mut count: i32 = 0;
    // SAFETY: FIONREAD writes one int.
    let result = unsafe { libc::ioctl(fd.as_raw_fd(), libc::FIONREAD as _, &mut count) };
    if result == 0 { count.max(0) as usize } else { 0 }
}

/// Opens without following a link and without leaving the directory; `mode` is that of a file it makes.
pub fn open_beneath<P: ?Sized + NixPath>(
    directory: &OwnedFd,
    path: &P,
    flags: OFlag,
    mode: u32,
) -> nix::Result<OwnedFd> {
    let mut how = OpenHow::new()
        .flags(flags | OFlag::O_CLOEXEC)
        .resolve(ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_SYMLINKS);
    if flags.contains(OFlag::O_CREAT) {
        how = how.mode(Mode::from_bits_truncate(mode));
    }
    openat2(directory, path, how)
}

/// Sets and clears attributes of a mount and of all below it.
pub fn set_mount_attributes(place: &OwnedFd, set: u64, clear: u64) -> nix::Result<()> {
    const AT_RECURSIVE: i32 = 0x8000;
    // mount_attr: attributes to set, to clear, propagation, a user namespace.
    let attributes = [set, clear, 0, 0];
    // SAFETY: the structure is laid out as the kernel wants it and lives across the call.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            place.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH | AT_RECURSIVE,
            attributes.as_ptr(),
            size_of_val(&attributes),
        )
    };
    Errno::result(result).map(drop)
}

pub fn pidfd_send_signal(pidfd: &OwnedFd, signal: i32) -> nix::Result<()> {
    // SAFETY: a null siginfo asks the kernel to fill one in.
    Errno::result(unsafe {
        libc::syscall(libc::SYS_pidfd_send_signal, pidfd.as_raw_fd(), signal, std::ptr::null::<u8>(), 0)
    })
    .map(drop)
}

/// Closes everything above 2 but the descriptors given. For a child only: it forgets the owners.
pub fn close_all_but(keep: &[RawFd]) {
    let mut keep = keep.to_vec();
    keep.sort_unstable();
    let mut first = 3;
    for fd in keep.into_iter().filter(|&fd| fd > 2).chain([RawFd::MAX]) {
        if fd > first {
            // SAFETY: the child of a fork never returns to code that owns these descriptors.
            unsafe { libc::syscall(libc::SYS_close_range, first, fd - 1, 0) };
        }
        first = fd.saturating_add(1);
    }
}

/// A pair that keeps message boundaries and ends when the other side is closed.
pub fn message_pair() -> nix::Result<(OwnedFd, OwnedFd)> {
    socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)
}

pub fn prctl(option: i32, argument: u64) -> nix::Result<()> {
    // SAFETY: the options used here take numbers only.
    Errno::result(unsafe { libc::prctl(option, argument, 0, 0, 0) }).map(drop)
}

pub fn raise_ambient(capability: u64) -> nix::Result<()> {
    // SAFETY: takes numbers only.
    let result = unsafe { libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_RAISE, capability, 0, 0) };
    Errno::result(result).map(drop)
}

/// Sets the three classic capability sets.
pub fn capset(effective: u64, permitted: u64, inheritable: u64) -> nix::Result<()> {
    const VERSION_3: u32 = 0x2008_0522;
    let header = [VERSION_3, 0];
    let half = |shift: u32| {
        [(effective >> shift) as u32, (permitted >> shift) as u32, (inheritable >> shift) as u32]
    };
    let data = [half(0), half(32)];
    // SAFETY: both arrays have the layout of the kernel's structures and live across the call.
    Errno::result(unsafe { libc::syscall(libc::SYS_capset, header.as_ptr(), data.as_ptr()) }).map(drop)
}

/// Installs a filter for this thread and what it executes.
pub fn install_filter(filter: &[libc::sock_filter], flags: u32) -> nix::Result<()> {
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_ptr() as *mut _ };
    // SAFETY: the kernel only reads the program, which lives across the call.
    Errno::result(unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &program) })
        .map(drop)
}

/// One instruction of the kernel's virtual machine.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct BpfInstruction {
    pub code: u8,
    /// Target in the lower half, source in the upper one.
    pub registers: u8,
    pub offset: i16,
    pub value: i32,
}

impl BpfInstruction {
    pub fn new(code: u8, target: u8, source: u8, offset: i16, value: i32) -> BpfInstruction {
        BpfInstruction { code, registers: (source << 4) | target, offset, value }
    }
}

/// Loads a program that answers for every use of a device and ties it to a cgroup, with which it goes.
pub fn attach_device_program(cgroup: BorrowedFd, program: &[BpfInstruction]) -> nix::Result<()> {
    const PROG_LOAD: i32 = 5;
    const PROG_ATTACH: i32 = 8;
    const TYPE_CGROUP_DEVICE: u64 = 15;
    const ATTACH_CGROUP_DEVICE: u64 = 6;
    const LICENSE: &CStr = c"Apache-2.0";
    // The kernel's bpf_attr, which is of 32 and 64 bit fields; on the little-endian machines there are, pairs of the
    // former make one of the latter.
    let load = [
        TYPE_CGROUP_DEVICE | ((program.len() as u64) << 32),
        program.as_ptr() as u64,
        LICENSE.as_ptr() as u64,
        0,
        0,
        0,
    ];
    // SAFETY: the attribute and what it points to live across the call; the kernel copies the program.
    let fd = Errno::result(unsafe { libc::syscall(libc::SYS_bpf, PROG_LOAD, &load, size_of_val(&load)) })?;
    // SAFETY: a new descriptor that nobody else owns.
    let loaded = unsafe { OwnedFd::from_raw_fd(fd as RawFd) };
    let attach = [cgroup.as_raw_fd() as u64 | ((loaded.as_raw_fd() as u64) << 32), ATTACH_CGROUP_DEVICE];
    // SAFETY: numbers only, in an attribute that lives across the call.
    Errno::result(unsafe { libc::syscall(libc::SYS_bpf, PROG_ATTACH, &attach, size_of_val(&attach)) })
        .map(drop)
}

/// Of another process, or with 0 of this one.
pub fn prlimit(pid: i32, resource: u32, soft: u64, hard: u64) -> nix::Result<()> {
    let limit = libc::rlimit64 { rlim_cur: soft, rlim_max: hard };
    // SAFETY: the limit lives across the call; nothing is asked for.
    Errno::result(unsafe { libc::prlimit64(pid, resource as _, &limit, std::ptr::null_mut()) }).map(drop)
}

/// Makes a terminal the controlling one of a session leader that has none.
pub fn set_controlling_terminal(fd: RawFd) -> nix::Result<()> {
    // SAFETY: takes a number only.
    Errno::result(unsafe { libc::ioctl(fd, libc::TIOCSCTTY as _, 0) }).map(drop)
}

pub fn set_window_size(fd: impl AsRawFd, rows: u16, columns: u16) -> nix::Result<()> {
    let size = libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the kernel reads the structure during the call.
    Errno::result(unsafe { libc::ioctl(fd.as_raw_fd(), libc::TIOCSWINSZ as _, &size) }).map(drop)
}

/// The other end of a pseudo terminal, without going through a path.
pub fn terminal_peer(master: &OwnedFd) -> nix::Result<OwnedFd> {
    let unlock: i32 = 0;
    // SAFETY: TIOCSPTLCK reads one int.
    Errno::result(unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCSPTLCK as _, &unlock) })?;
    // SAFETY: TIOCGPTPEER takes open flags and returns a new descriptor.
    let fd =
        unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCGPTPEER as _, libc::O_RDWR | libc::O_NOCTTY) };
    // SAFETY: nobody else owns it.
    Errno::result(fd).map(|fd| unsafe { OwnedFd::from_raw_fd(fd) })
}

/// The number N of /dev/pts/N.
pub fn terminal_number(master: &OwnedFd) -> nix::Result<u32> {
    let mut number: u32 = 0;
    // SAFETY: TIOCGPTN writes one int.
    Errno::result(unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCGPTN as _, &mut number) })?;
    Ok(number)
}

/// Mixes entropy in, credits it and makes the generator use it at once.
pub fn reseed(random: &impl AsRawFd, data: &[u8]) -> nix::Result<()> {
    // struct rand_pool_info { int entropy_count; int buf_size; __u32 buf[]; }
    let mut words = vec![data.len() as u32 * 8, data.len() as u32];
    for chunk in data.chunks(4) {
        let mut word = [0; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        words.push(u32::from_ne_bytes(word));
    }
    const RNDADDENTROPY: u64 = 0x4008_5203;
    const RNDRESEEDCRNG: u64 = 0x5207;
    // SAFETY: the vector holds the header and buf_size bytes after it.
    Errno::result(unsafe { libc::ioctl(random.as_raw_fd(), RNDADDENTROPY as _, words.as_ptr()) })?;
    // SAFETY: no argument.
    Errno::result(unsafe { libc::ioctl(random.as_raw_fd(), RNDRESEEDCRNG as _) }).map(drop)
}

/// From now on the kernel pages out to this device or file.
pub fn swap_on(path: &CStr) -> nix::Result<()> {
    // SAFETY: the path is a string that lives across the call.
    Errno::result(unsafe { libc::swapon(path.as_ptr(), 0) }).map(drop)
}

pub fn set_time(seconds: i64, microseconds: i64) -> nix::Result<()> {
    let time = libc::timeval { tv_sec: seconds, tv_usec: microseconds };
    // SAFETY: the structure lives across the call.
    Errno::result(unsafe { libc::settimeofday(&time, std::ptr::null()) }).map(drop)
}

/// As the process itself sees it: the number in its own pid namespace.
pub fn own_pid() -> i32 {
    // SAFETY: takes nothing.
    unsafe { libc::getpid() }
}

/// Ends a child at once: no destructor, no exit handler of the agent's may run in it.
pub fn exit_child(status: i32) -> ! {
    // SAFETY: _exit does not return.
    unsafe { libc::_exit(status) }
}
