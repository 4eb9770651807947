#!/bin/sh
# Unpacks QEMU from Debian's backports beside the installed one, without installing it, and prints
# the directory: bin/ there has qemu-system-x86_64, qemu-storage-daemon and qemu-ga ready to run.
# Uses the Debian mirror this machine's own apt sources name. Done once; later calls only print.
set -eu

codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
# Root's home is closed to the unprivileged user that QEMU runs as.
if [ "$(id -u)" = 0 ]; then cache=/var/cache; else cache=$HOME/.cache; fi
root=${1:-${XDG_CACHE_HOME:-$cache}/kata-java/qemu-$codename-backports}
if [ -e "$root/complete" ]; then
  echo "$root"
  exit 0
fi

uri=$(apt-get indextargets --format '$(ORIGIN)|$(CODENAME)|$(REPO_URI)' 'Created-By: Packages' |
    grep "^Debian|$codename|" | head -n 1 | cut -d '|' -f 3)
if [ -z "$uri" ]; then
  echo "second-qemu: no Debian mirror for $codename in this machine's apt sources (apt-get update?)" >&2
  exit 1
fi

rm -rf "$root"
mkdir -p "$root/apt/lists/partial" "$root/apt/archives/partial" "$root/bin"
for suite in "$codename" "$codename-updates" "$codename-backports"; do
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $suite main"
done > "$root/apt/sources.list"
own="-o Dir::Etc::SourceList=$root/apt/sources.list -o Dir::Etc::SourceParts=/dev/null
     -o Dir::State::Lists=$root/apt/lists -o Dir::Cache::Archives=$root/apt/archives
     -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=
     -o Debug::NoLocking=true -qq"
# Only the order is read from dpkg's state: what is installed already need not be fetched.
apt-get $own update >&2
apt-get $own --yes --download-only --no-install-recommends --target-release "$codename-backports" \
    install qemu-system-x86 qemu-utils qemu-guest-agent >&2
for package in "$root"/apt/archives/*.deb; do
  dpkg-deb --extract "$package" "$root/files"
done

libraries="$root/files/usr/lib/$(uname -m)-linux-gnu"
for program in qemu-system-x86_64 qemu-storage-daemon qemu-ga; do
  binary=$(find "$root/files/usr" -type f -name "$program" | head -n 1)
  cat > "$root/bin/$program" <<EOF
#!/bin/sh
export LD_LIBRARY_PATH="$libraries" QEMU_MODULE_DIR="$libraries/qemu"
exec "$binary" "\$@"
EOF
  chmod +x "$root/bin/$program"
done
sed -i 's#"\$@"#-L '"$root"'/files/usr/share/qemu -L '"$root"'/files/usr/share/seabios "$@"#' \
    "$root/bin/qemu-system-x86_64"
"$root/bin/qemu-system-x86_64" --version >&2
rm -rf "$root/apt"
touch "$root/complete"
echo "$root"
