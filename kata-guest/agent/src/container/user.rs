//! Users and groups by name, looked up in the container's own files.

use crate::grpc;
use crate::ttrpc::{Result, Status};
use std::fs;

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
    pub home: String,
}

impl UserRequest {
    pub fn from_spec(user: Option<&grpc::User>, by_name: Option<&grpc::StringUser>) -> UserRequest {
        let mut request = UserRequest::default();
        if let Some(user) = user {
            request.uid = user.uid;
            request.gid = user.gid;
            request.groups = user.additional_gids.clone();
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
        request
    }

    /// Resolves the names with the /etc/passwd and /etc/group of the root the caller has.
    pub fn resolve(&self) -> Result<User> {
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let needs_groups = !self.name.is_empty() || !self.group_names.is_empty();
        let group =
            if needs_groups { fs::read_to_string("/etc/group").unwrap_or_default() } else { String::new() };
        self.resolve_with(&passwd, &group)
    }

    fn resolve_with(&self, passwd: &str, group: &str) -> Result<User> {
        let mut user = User { uid: self.uid, gid: self.gid, groups: self.groups.clone(), home: "/".into() };
        if !self.name.is_empty() {
            let (name, group_name) = match self.name.split_once(':') {
                Some((name, group_name)) => (name, Some(group_name)),
                None => (self.name.as_str(), None),
            };
            // A name first: a user may be called 1000.
            let entry = lines(passwd).find(|fields| fields[0] == name);
            match (&entry, name.parse()) {
                (Some(fields), _) => {
                    user.uid = number(fields, 2)?;
                    user.gid = number(fields, 3)?;
                    let member =
                        |fields: &Vec<&str>| fields.get(3).is_some_and(|m| m.split(',').any(|m| m == name));
                    for fields in lines(group).filter(member) {
                        user.groups.push(number(&fields, 2)?);
                    }
                }
                (None, Ok(uid)) => {
                    user.uid = uid;
                    if let Some(fields) = by_uid(passwd, uid) {
                        user.gid = number(&fields, 3)?;
                    }
                }
                (None, Err(_)) => return Err(Status::invalid(format!("user: no {name} in /etc/passwd"))),
            }
            if let Some(group_name) = group_name {
                user.gid = gid(group, group_name)?;
            }
        }
        for name in &self.group_names {
            user.groups.push(gid(group, name)?);
        }
        user.groups.sort_unstable();
        user.groups.dedup();
        if let Some(home) = by_uid(passwd, user.uid).and_then(|fields| fields.get(5).copied()) {
            if !home.is_empty() {
                user.home = home.into();
            }
        }
        Ok(user)
    }
}

fn lines(file: &str) -> impl Iterator<Item = Vec<&str>> {
    file.lines().map(|line| line.split(':').collect())
}

fn by_uid(passwd: &str, uid: u32) -> Option<Vec<&str>> {
    lines(passwd).find(|fields| fields.get(2).and_then(|f| f.parse().ok()) == Some(uid))
}

fn gid(group: &str, name: &str) -> Result<u32> {
    if let Some(fields) = lines(group).find(|fields| fields[0] == name) {
        return number(&fields, 2);
    }
    name.parse().map_err(|_| Status::invalid(format!("group: no {name} in /etc/group")))
}

fn number(fields: &[&str], index: usize) -> Result<u32> {
    let parsed = fields.get(index).and_then(|field| field.parse().ok());
    parsed.ok_or_else(|| Status::invalid(format!("malformed entry for {}", fields[0])))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nweb:x:33:34::/srv:/bin/false\n1000:x:5:6::/five:\n";
    const GROUP: &str = "root:x:0:\nstaff:x:50:web,joe\nwheel:x:10:joe\n";

    fn resolve(name: &str) -> Result<User> {
        UserRequest { name: name.into(), ..UserRequest::default() }.resolve_with(PASSWD, GROUP)
    }

    #[test]
    fn name_brings_group_memberships_and_home() {
        let user = resolve("web").unwrap();
        assert_eq!(user, User { uid: 33, gid: 34, groups: vec![50], home: "/srv".into() });
    }

    #[test]
    fn name_with_group_overrides_primary_group() {
        assert_eq!(resolve("web:wheel").unwrap().gid, 10);
        assert_eq!(resolve("web:7").unwrap().gid, 7);
    }

    #[test]
    fn number_without_entry_is_taken_as_uid_and_a_name_of_digits_wins() {
        assert_eq!(resolve("4711").unwrap().uid, 4711);
        assert_eq!(resolve("1000").unwrap().uid, 5);
    }

    #[test]
    fn unknown_names_are_invalid_and_named() {
        assert_eq!(resolve("nobody").unwrap_err(), Status::invalid("user: no nobody in /etc/passwd"));
        assert_eq!(resolve("web:none").unwrap_err(), Status::invalid("group: no none in /etc/group"));
    }
}
