#!/bin/sh
# Builds or checks the guest agent with cargo, for pom.xml, and for docs/pom.xml tells what it is made of.
# usage: agent.sh build AGENT_DIR TARGET_DIR RESOURCE_DIR
#        agent.sh check AGENT_DIR TARGET_DIR
#        agent.sh crates AGENT_DIR FILE        writes what cargo knows of the crates the agent is made of
set -eu

fail() {
  echo "kata-guest: $*" >&2
  exit 1
}

command=$1
agent=$2
target=$3

cargo=${CARGO:-}
[ -n "$cargo" ] || cargo=$(command -v cargo || true)
[ -n "$cargo" ] || [ ! -x "$HOME/.cargo/bin/cargo" ] || cargo=$HOME/.cargo/bin/cargo
[ -n "$cargo" ] || fail "the guest agent is built with cargo, which is not on PATH." \
  "Install Rust (https://rustup.rs), or name cargo in the environment variable CARGO."
[ -f "$agent/Cargo.toml" ] || fail "$agent/Cargo.toml is missing."

# cargo reads .cargo/config.toml (the static linking) from where it runs.
cd "$agent"

# What is in cargo's own cache is taken from there; the network only when something is missing.
if "$cargo" fetch --locked --offline >/dev/null 2>&1; then
  offline=--offline
else
  offline=
fi

# Named although it is the host's own: only so are the flags for static linking kept away from
# procedural macros, which cannot be linked statically.
triple=$("$cargo" -vV | sed -n 's/^host: //p')
[ -n "$triple" ] || fail "'$cargo -vV' does not tell the host's target triple."

case $command in
  build)
    resources=$4
    # Messages of panics name source files; where they lay on this machine must not be in the binary.
    crates=${CARGO_HOME:-$HOME/.cargo}/registry/src
    remap="'--remap-path-prefix=$target=/target'"
    for index in "$crates"/*; do
      remap="$remap, '--remap-path-prefix=$index=/crates'"
    done
    "$cargo" build --release --locked $offline --target "$triple" --target-dir "$target" \
      --config "target.$triple.rustflags = [$remap]"
    binary=$target/$triple/release/kata-agent
    [ -f "$binary" ] || fail "cargo left no $binary."
    to=$resources/io/katajava/guest/agent/${triple%%-*}
    mkdir -p "$to"
    cmp -s "$binary" "$to/kata-agent" || cp "$binary" "$to/kata-agent"
    sum=$(sha256sum "$to/kata-agent" | cut -d ' ' -f 1)
    printf '%s\n' "$sum" >"$to/kata-agent.sha256"
    ;;
  check)
    "$cargo" fmt --check
    # Each clippy knows other lints: only where the project is built all count, not on every host that tests it.
    lints=
    [ "${KATA_LINTS:-}" != deny ] || lints='-D warnings'
    # shellcheck disable=SC2086
    "$cargo" clippy --locked $offline --all-targets --target "$triple" --target-dir "$target" -- $lints
    "$cargo" test --locked $offline --target "$triple" --target-dir "$target"
    ;;
  crates)
    mkdir -p "$(dirname "$target")"
    "$cargo" metadata --locked $offline --format-version 1 --filter-platform "$triple" >"$target"
    ;;
  *)
    fail "unknown command '$command'"
    ;;
esac
