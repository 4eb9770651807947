//! Generates the protocol's messages from the one set of .proto files, which the Java side compiles too.

use std::path::{Path, PathBuf};

const FILES: [&str; 6] =
    ["agent.proto", "csi.proto", "extensions.proto", "health.proto", "oci.proto", "types.proto"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("../../kata-agent-proto/src/main/proto");
    let files: Vec<PathBuf> = FILES.iter().map(|name| root.join(name)).collect();
    for file in &files {
        println!("cargo:rerun-if-changed={}", file.display());
    }
    // protox is a compiler in Rust: building needs no protoc.
    let descriptors = protox::compile(&files, [&root])?;
    prost_build::Config::new().compile_fds(descriptors)?;
    Ok(())
}
