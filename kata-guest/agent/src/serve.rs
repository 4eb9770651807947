//! Ports and sockets: opening them, accepting, reading requests, writing replies.

use crate::agent::Agent;
use crate::poller::Source;
use crate::rpc;
use crate::timers::Timer;
use crate::ttrpc::connection::{CallId, Connection, Incoming, MAX_CALLS};
use crate::ttrpc::decoder::Event;
use crate::ttrpc::frame::{Header, TYPE_REQUEST};
use crate::ttrpc::status::Context;
use crate::ttrpc::{Code, Request, Result, Status};
use crate::{debug, info, warning};
use nix::fcntl::{OFlag, open};
use nix::sys::epoll::EpollFlags;
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrLike, UnixAddr, VsockAddr, accept4, bind,
    getpeername, listen, socket,
};
use nix::sys::stat::Mode;
use prost::Message;
use std::fs;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long one connection's requests are served before others have their turn.
const TURN: Duration = Duration::from_millis(2);

/// The device of the virtio port of that name, when it is there.
pub fn find_port(name: &str) -> Option<PathBuf> {
    let entries = fs::read_dir("/sys/class/virtio-ports").ok()?;
    entries.flatten().find_map(|entry| {
        let found = fs::read_to_string(entry.path().join("name")).ok()?;
        (found.trim_end() == name).then(|| PathBuf::from("/dev").join(entry.file_name()))
    })
}

impl Agent {
    pub fn open_serial(&mut self, path: &std::path::Path) -> Result<()> {
        let flags = OFlag::O_RDWR | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC | OFlag::O_NOCTTY;
        let fd = open(path, flags, Mode::empty()).context(format!("open {}", path.display()))?;
        self.serve_serial(fd)
    }

    pub fn serve_serial(&mut self, fd: OwnedFd) -> Result<()> {
        self.serial = Some(self.add_connection(Connection::new(fd, true))?);
        self.host_gone();
        Ok(())
    }

    fn add_connection(&mut self, connection: Connection) -> Result<u64> {
        self.next_connection += 1;
        let id = self.next_connection;
        let flags = EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT | EpollFlags::EPOLLRDHUP;
        self.poller.add(&connection.fd, Source::Connection(id), flags).context("epoll")?;
        self.connections.insert(id, connection);
        Ok(id)
    }

    /// `unix://path`, `unix://@abstract` or `vsock://cid:port`.
    pub fn listen(&mut self, address: &str) -> Result<()> {
        let malformed = || Status::invalid(format!("address: {address}"));
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let bound = |family, address: &dyn SockaddrLike| -> nix::Result<OwnedFd> {
            let fd = socket(family, SockType::Stream, flags, None)?;
            bind(fd.as_raw_fd(), address)?;
            listen(&fd, Backlog::new(16)?)?;
            Ok(fd)
        };
        let fd = if let Some(path) = address.strip_prefix("unix://") {
            let unix = match path.strip_prefix('@') {
                Some(name) => UnixAddr::new_abstract(name.as_bytes()),
                None => {
                    let _ = fs::remove_file(path);
                    UnixAddr::new(path)
                }
            };
            bound(AddressFamily::Unix, &unix.map_err(|_| malformed())?)
        } else if let Some(rest) = address.strip_prefix("vsock://") {
            let (cid, port) = rest.split_once(':').ok_or_else(malformed)?;
            let cid = cid.parse::<i64>().map_err(|_| malformed())? as u32;
            let port = port.parse().map_err(|_| malformed())?;
            if !crate::modules::is_loaded("vsock") {
                let loaded = self.modules.load("vsock", "");
                loaded.context("vsock module")?;
            }
            bound(AddressFamily::Vsock, &VsockAddr::new(cid, port))
        } else {
            return Err(malformed());
        };
        let fd = fd.context(format!("listen on {address}"))?;
        self.poller.add(&fd, Source::Listener, EpollFlags::EPOLLIN).context("epoll")?;
        self.listener = Some(fd);
        Ok(())
    }

    pub fn accept(&mut self) {
        loop {
            let Some(listener) = &self.listener else { return };
            let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
            let Ok(fd) = accept4(listener.as_raw_fd(), flags) else { return };
            // SAFETY: accept returned a new descriptor that nobody else owns.
            let fd = unsafe { OwnedFd::from_raw_fd(fd) };
            // Containers can open vsock sockets too; in a guest only the host may come this way.
            let peer = getpeername::<VsockAddr>(fd.as_raw_fd());
            if self.is_init && peer.is_ok_and(|peer| peer.cid() != libc::VMADDR_CID_HOST) {
                warning!("a connection that is not the host's was refused");
                continue;
            }
            if let Err(status) = self.add_connection(Connection::new(fd, false)) {
                warning!("{}", status.message);
            }
        }
    }

    /// Reads what a connection has and acts on it, for one turn: replies, processes and other connections come between
    /// two turns, or a caller with many requests at once would get his first reply after the last request.
    pub fn serve(&mut self, mut id: u64) {
        let end = Instant::now() + TURN;
        loop {
            let Some(connection) = self.connections.get_mut(&id) else { return };
            if !connection.wants_requests() {
                // Replies have to leave first; the loop comes back here when they have.
                return;
            }
            match connection.next(&mut self.scratch) {
                Ok(Incoming::Event(event)) => id = self.incoming(id, event),
                Ok(Incoming::Drained) => return,
                Ok(Incoming::Closed) => return self.closed(id),
                Err(errno) => {
                    debug!("connection: {errno:?}");
                    return self.closed(id);
                }
            }
            if Instant::now() >= end {
                self.unread.push(id);
                return;
            }
        }
    }

    /// Acts on one event; returns the connection's number, which changes when the host starts anew.
    fn incoming(&mut self, id: u64, event: Event) -> u64 {
        match event {
            Event::Hello { nonce } => {
                let fresh = self.renew(id);
                if let Some(connection) = self.connections.get_mut(&fresh) {
                    connection.answer_hello(&nonce);
                }
                fresh
            }
            Event::TooLong { header } => {
                self.refuse(id, header, format!("body of {} bytes is too long", header.len));
                id
            }
            // Types without a meaning here are ignored, as every ttRPC server does.
            Event::Frame { header, .. } if header.kind != TYPE_REQUEST => id,
            Event::Frame { header, .. } if header.stream % 2 == 0 => {
                self.refuse(id, header, format!("stream id {} is even", header.stream));
                id
            }
            Event::Frame { header, body } => {
                self.request(CallId { connection: id, stream: header.stream }, header, &body);
                id
            }
        }
    }

    fn refuse(&mut self, id: u64, header: Header, message: String) {
        if let Some(connection) = self.connections.get_mut(&id) {
            if connection.open_call(header.stream, None) {
                connection.reply(header.stream, Err(Status::invalid(message)));
            }
        }
    }

    fn request(&mut self, call: CallId, header: Header, body: &[u8]) {
        let request = match Request::decode(body) {
            Ok(request) => request,
            Err(error) => return self.refuse(call.connection, header, format!("request: {error}")),
        };
        let Some(connection) = self.connections.get_mut(&call.connection) else { return };
        let nanoseconds = u64::try_from(request.timeout_nano).unwrap_or(0);
        let deadline = (nanoseconds > 0)
            .then(|| Instant::now().checked_add(Duration::from_nanos(nanoseconds)))
            .flatten();
        if !connection.open_call(header.stream, deadline) {
            return connection.reply(header.stream, Err(Status::invalid("stream id is in use")));
        }
        if connection.call_count() > MAX_CALLS {
            let full = Status::new(Code::ResourceExhausted, "too many calls at once");
            return connection.reply(header.stream, Err(full));
        }
        if let Some(at) = deadline.filter(|at| connection.needs_alarm(*at)) {
            self.timers.add(at, Timer::Calls(call.connection));
        }
        rpc::dispatch(self, call, request, None);
    }

    /// The host is gone: a socket is closed, a port waits for the next host. Containers go on.
    fn closed(&mut self, id: u64) {
        if self.serial == Some(id) {
            let fresh = self.renew(id);
            if let Some(connection) = self.connections.get_mut(&fresh) {
                connection.forget(false);
            }
            self.host_gone();
        } else {
            self.connections.remove(&id);
        }
        self.drop_waiters();
    }

    /// Gives a port a new number: whoever still holds the old one talks to nobody.
    fn renew(&mut self, id: u64) -> u64 {
        let Some(mut connection) = self.connections.remove(&id) else { return id };
        connection.forget(true);
        self.next_connection += 1;
        let fresh = self.next_connection;
        self.poller.rename(Source::Connection(id), Source::Connection(fresh));
        self.connections.insert(fresh, connection);
        self.serial = Some(fresh);
        self.host_seen = Instant::now();
        self.host_present = true;
        fresh
    }

    fn host_gone(&mut self) {
        self.host_present = false;
        self.host_seen = Instant::now();
        if !self.config.host_grace.is_zero() {
            self.timers.add(self.host_seen + self.config.host_grace, Timer::HostGrace);
        }
    }

    /// Ends the machine when the host has been away for too long.
    pub fn check_host(&mut self) {
        let grace = self.config.host_grace;
        if !grace.is_zero() && !self.host_present && self.host_seen.elapsed() >= grace {
            info!("no host for {} s: powering off", grace.as_secs());
            self.ended = Some(Instant::now());
        }
    }

    /// Writes what can be written; where that made room, goes on with what had been held back.
    pub fn flush_connections(&mut self) {
        loop {
            let mut broken = Vec::new();
            let mut relieved = Vec::new();
            for (id, connection) in &mut self.connections {
                let was_full = !connection.wants_output();
                match connection.flush() {
                    Ok(()) if was_full && connection.wants_output() => relieved.push(*id),
                    Ok(()) => {}
                    Err(errno) => {
                        debug!("write: {errno:?}");
                        broken.push(*id);
                    }
                }
            }
            for id in broken {
                self.closed(id);
            }
            if relieved.is_empty() {
                return;
            }
            self.resume_readers();
            for id in relieved {
                self.serve(id);
            }
        }
    }
}
