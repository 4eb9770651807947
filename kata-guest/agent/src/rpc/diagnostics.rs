//! What a container left to be read after its end.

use super::Outcome;
use crate::agent::Agent;
use crate::grpc;
use crate::ttrpc::status::Context;
use crate::ttrpc::{Result, Status};
use prost::Message;
use std::fs::File;
use std::os::unix::fs::{FileExt, OpenOptionsExt};

/// Where Kubernetes has it unless this annotation says otherwise.
const DEFAULT_PATH: &str = "/dev/termination-log";
const PATH_ANNOTATION: &str = "io.kubernetes.container.terminationMessagePath";
/// As much as Kubernetes takes.
const LIMIT: usize = 4096;

/// What a spec mounts there.
pub fn termination_log(spec: &grpc::Spec) -> Option<String> {
    let path = spec.annotations.get(PATH_ANNOTATION).map_or(DEFAULT_PATH, String::as_str);
    spec.mounts.iter().find(|mount| mount.destination == path).map(|mount| mount.source.clone())
}

pub fn data(agent: &Agent, request: &grpc::GetDiagnosticDataRequest) -> Outcome {
    if request.log_type != "termination_log" {
        return Err(Status::invalid(format!("unknown log type: {}", request.log_type)));
    }
    let id = &request.container_id;
    let path = agent.sandbox.container(id)?.termination_log.as_deref();
    let path = path.ok_or_else(|| Status::not_found(format!("container {id} has no termination log")))?;
    let data = end_of(path).map_err(|status| {
        Status::new(status.code, format!("termination log of container {id}: {}", status.message))
    })?;
    Ok(Some(grpc::GetDiagnosticDataResponse { data }.encode_to_vec()))
}

/// The last 4 KiB of a file, as text.
fn end_of(path: &str) -> Result<String> {
    let mut options = File::options();
    // The container writes it: neither a link nor a pipe shall lead the agent elsewhere.
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY;
    let file = options.read(true).custom_flags(flags).open(path).context(path)?;
    let found = file.metadata().context(path)?;
    if !found.is_file() {
        return Err(Status::invalid(format!("{path}: not a file")));
    }
    let mut bytes = vec![0; LIMIT];
    let count = file.read_at(&mut bytes, found.len().saturating_sub(LIMIT as u64)).context(path)?;
    let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
    // What is no text takes more room as such.
    let start = (text.len().saturating_sub(LIMIT)..).find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    Ok(text[start..].to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn log_is_the_mount_that_kubernetes_names() {
        let mount = |destination: &str, source: &str| grpc::Mount {
            destination: destination.into(),
            source: source.into(),
            ..Default::default()
        };
        let mut spec =
            grpc::Spec { mounts: vec![mount(DEFAULT_PATH, "/a"), mount("/log", "/b")], ..Default::default() };
        assert_eq!(termination_log(&spec), Some("/a".into()));
        spec.annotations.insert(PATH_ANNOTATION.into(), "/log".into());
        assert_eq!(termination_log(&spec), Some("/b".into()));
        spec.mounts.clear();
        assert_eq!(termination_log(&spec), None);
    }

    #[test]
    fn log_is_cut_at_its_beginning() {
        let directory = std::env::temp_dir().join(format!("kata-log-{}", std::process::id()));
        fs::create_dir(&directory).unwrap();
        let path = directory.join("log");
        let read = || end_of(path.to_str().unwrap());
        fs::write(&path, "why").unwrap();
        assert_eq!(read().unwrap(), "why");
        fs::write(&path, [vec![b'a'; LIMIT], b"end".to_vec()].concat()).unwrap();
        assert!(read().is_ok_and(|text| text.len() == LIMIT && text.ends_with("aend")));
        fs::write(&path, [0xff; LIMIT]).unwrap();
        assert!(read().is_ok_and(|text| text.len() <= LIMIT && text.starts_with('\u{fffd}')));
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", &path).unwrap();
        assert!(read().is_err());
        fs::remove_dir_all(&directory).unwrap();
    }
}
