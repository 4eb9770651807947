//! Users and groups by name, looked up in the container's own files, of which nothing is taken for granted: entries are
//! bytes, and what stands under the name may be no file at all.

use crate::grpc;
use crate::ttrpc::status::Context;
use crate::ttrpc::{Result, Status};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use std::fs::File;
use std::io::Read;

/// Larger tables of users there are in no image.
const MOST: u64 = 16 << 20;

/// Whom a process shall run as, as asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserRequest {
    pub uid: u32,
    pub gid: u32,
    pub groups: Vec<u32>,
    /// `name`, `name:group`, numbers allowed on both sides; wins over the numbers above when not empty.
    pub name: String,
    /// Further groups by name or number.
    pub group_names: Vec<String>,
}

/// Whom it runs as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub uid: u32,
    pub gid: u32,
    pub groups: Vec<u32>,
    pub home: Vec<u8>,
}

/// The last 32-bit number stands for no user and no group: to setresuid(2), chown(2) and their like it means "leave as
/// it is", which here is root.
pub fn owner(what: &str, number: u32) -> Result<u32> {
    match number {
        u32::MAX => Err(Status::invalid(format!(
            "{what} {number} is no user or group: to the kernel it means that nothing is changed; the last one is {}",
            u32::MAX - 1
        ))),
        number => Ok(number),
    }
}

impl UserRequest {
    pub fn from_spec(user: Option<&grpc::User>, by_name: Option<&grpc::StringUser>) -> Result<UserRequest> {
        let mut request = UserRequest::default();
        if let Some(user) = user {
            request.uid = owner("uid", user.uid)?;
            request.gid = owner("gid", user.gid)?;
            request.groups =
                user.additional_gids.iter().map(|gid| owner("gid", *gid)).collect::<Result<_>>()?;
            request.name = user.username.clone();
        }
        if let Some(by_name) = by_name {
            if !by_name.uid.is_empty() {
                request.name = match by_name.gid.as_str() {
                    "" => by_name.uid.clone(),
                    group => format!("{}:{group}", by_name.uid),
                };
            }
            request.group_names = by_name.additional_gids.clone();
        }
        Ok(request)
    }

    /// Resolves the names with the /etc/passwd and /etc/group of the root the caller has.
    pub fn resolve(&self) -> Result<User> {
        let passwd = contents("/etc/passwd")?;
        let needs_groups = !self.name.is_empty() || !self.group_names.is_empty();
        let group = if needs_groups { contents("/etc/group")? } else { Vec::new() };
        self.resolve_with(&passwd, &group)
    }

    /// As runc has it: what consists of digits is a number, whatever it is the name of; the memberships of a user that
    /// has an entry count unless a group is named.
    fn resolve_with(&self, passwd: &[u8], group: &[u8]) -> Result<User> {
        let mut user =
            User { uid: self.uid, gid: self.gid, groups: self.groups.clone(), home: b"/".to_vec() };
        if !self.name.is_empty() {
            let (name, group_name) = self.name.split_once(':').unwrap_or((&self.name, ""));
            let entry = match (name, digits(name)) {
                ("", _) => entry_of(passwd, user.uid),
                (_, true) => {
                    user.uid = parsed("user", name)?;
                    entry_of(passwd, user.uid)
                }
                _ => Some(
                    lines(passwd)
                        .find(|fields| fields[0] == name.as_bytes())
                        .ok_or_else(|| Status::invalid(format!("user: no {name} in /etc/passwd")))?,
                ),
            };
            if let Some(fields) = &entry {
                user.uid = field("/etc/passwd", fields, 2)?;
                user.gid = field("/etc/passwd", fields, 3)?;
                let member = |line: &Vec<&[u8]>| {
                    line.get(3).is_some_and(|members| members.split(|b| *b == b',').any(|m| m == fields[0]))
                };
                if group_name.is_empty() {
                    for line in lines(group).filter(member) {
                        user.groups.push(field("/etc/group", &line, 2)?);
                    }
                }
            }
            if !group_name.is_empty() {
                user.gid = gid(group, group_name)?;
            }
        }
        for name in &self.group_names {
            user.groups.push(gid(group, name)?);
        }
        user.groups.sort_unstable();
        user.groups.dedup();
        if let Some(home) = entry_of(passwd, user.uid).and_then(|fields| fields.get(5).copied()) {
            if !home.is_empty() {
                user.home = home.to_vec();
            }
        }
        Ok(user)
    }
}

/// Of a file of the container; without one nobody is in it.
fn contents(path: &str) -> Result<Vec<u8>> {
    // Not to wait for whoever is at the other end of a pipe.
    let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let file = match open(path, flags, Mode::empty()) {
        Ok(fd) => File::from(fd),
        Err(Errno::ENOENT | Errno::ENOTDIR | Errno::EACCES | Errno::ELOOP) => return Ok(Vec::new()),
        Err(errno) => return Err(errno).context(path),
    };
    let found = file.metadata().context(path)?;
    if !found.is_file() || found.len() > MOST {
        return Err(Status::invalid(format!("{path} is no file of at most {} MiB", MOST >> 20)));
    }
    let mut bytes = Vec::new();
    file.take(MOST).read_to_end(&mut bytes).context(path)?;
    Ok(bytes)
}

fn lines(file: &[u8]) -> impl Iterator<Item = Vec<&[u8]>> {
    file.split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line).split(|byte| *byte == b':').collect())
}

fn entry_of(passwd: &[u8], uid: u32) -> Option<Vec<&[u8]>> {
    lines(passwd).find(|fields| fields.get(2).and_then(|field| decimal(field)) == Some(u64::from(uid)))
}

fn gid(group: &[u8], name: &str) -> Result<u32> {
    if digits(name) {
        return parsed("group", name);
    }
    match lines(group).find(|fields| fields[0] == name.as_bytes()) {
        Some(fields) => field("/etc/group", &fields, 2),
        None => Err(Status::invalid(format!("group: no {name} in /etc/group"))),
    }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn decimal(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(field).ok().filter(|text| digits(text))?;
    text.parse().ok()
}

fn parsed(what: &str, text: &str) -> Result<u32> {
    match text.parse() {
        Ok(number) => owner(what, number),
        Err(_) => Err(Status::invalid(format!("{what}: {text} is above {}", u32::MAX - 1))),
    }
}

fn field(file: &str, fields: &[&[u8]], index: usize) -> Result<u32> {
    let name = String::from_utf8_lossy(fields[0]);
    let number = fields.get(index).and_then(|field| decimal(field)).and_then(|n| u32::try_from(n).ok());
    let number = number.ok_or_else(|| Status::invalid(format!("{file}: malformed entry for {name}")))?;
    owner(&format!("{file}: {name}:"), number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &[u8] =
        b"root:x:0:0:root:/root:/bin/sh\nweb:x:33:34::/srv:/bin/false\r\n1000:x:5:6::/five:\n\
        jos\xe9:x:70:71:Jos\xe9:/home/jos\xe9:/bin/sh\nlast:x:4294967295:1::/:\ngid:x:8:4294967295::/:\n";
    const GROUP: &[u8] =
        b"root:x:0:\n\xe9quipe:x:60:web\nstaff:x:50:web,joe\nwheel:x:10:joe\nlast:x:4294967295:\n";

    fn resolve(name: &str) -> Result<User> {
        UserRequest { name: name.into(), ..UserRequest::default() }.resolve_with(PASSWD, GROUP)
    }

    #[test]
    fn name_or_its_number_brings_group_memberships_and_home() {
        let web = User { uid: 33, gid: 34, groups: vec![50, 60], home: b"/srv".to_vec() };
        assert_eq!(resolve("web").unwrap(), web);
        assert_eq!(resolve("33").unwrap(), web);
        assert_eq!(resolve("web:").unwrap(), web);
    }

    #[test]
    fn group_that_is_named_takes_the_place_of_all_memberships() {
        for (name, gid) in [("web:wheel", 10), ("web:7", 7), ("33:34", 34)] {
            let user = resolve(name).unwrap();
            assert_eq!((user.gid, user.groups), (gid, vec![]), "{name}");
        }
        let request =
            UserRequest { name: "web:7".into(), group_names: vec!["staff".into()], ..Default::default() };
        assert_eq!(request.resolve_with(PASSWD, GROUP).unwrap().groups, [50]);
    }

    #[test]
    fn digits_are_a_number_and_never_a_name() {
        assert_eq!(resolve("4711").unwrap().uid, 4711);
        assert_eq!(resolve("1000").unwrap().uid, 1000);
        assert!(resolve("+5").is_err());
    }

    #[test]
    fn bytes_that_are_no_utf8_hide_nothing() {
        assert_eq!(resolve("70").unwrap().home, b"/home/jos\xe9");
        assert_eq!(resolve("gid").unwrap_err().code, crate::ttrpc::Code::InvalidArgument);
        assert_eq!(resolve("root").unwrap().home, b"/root");
    }

    #[test]
    fn unknown_names_are_invalid_and_named() {
        assert_eq!(resolve("nobody").unwrap_err(), Status::invalid("user: no nobody in /etc/passwd"));
        assert_eq!(resolve("web:none").unwrap_err(), Status::invalid("group: no none in /etc/group"));
    }

    #[test]
    fn number_that_the_kernel_takes_for_no_change_is_refused_wherever_it_stands() {
        for name in
            ["4294967295", "web:4294967295", "last", "gid", "web:last", "4294967296", "99999999999999999999"]
        {
            let refused = resolve(name).unwrap_err();
            assert!(
                refused.message.contains("4294967294") || refused.message.contains("malformed"),
                "{name}"
            );
        }
        assert_eq!(resolve("4294967294").unwrap().uid, u32::MAX - 1);
        let user = |uid, gid, more: &[u32]| grpc::User {
            uid,
            gid,
            additional_gids: more.to_vec(),
            ..Default::default()
        };
        for bad in [user(u32::MAX, 0, &[]), user(0, u32::MAX, &[]), user(0, 0, &[7, u32::MAX])] {
            assert!(UserRequest::from_spec(Some(&bad), None).is_err());
        }
        let groups = UserRequest { group_names: vec!["4294967295".into()], ..Default::default() };
        assert!(groups.resolve_with(PASSWD, GROUP).is_err());
    }
}
