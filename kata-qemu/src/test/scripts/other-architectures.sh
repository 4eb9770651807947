#!/bin/sh
# Unpacks Debian's QEMUs for aarch64, ppc64, s390x and riscv64 without installing them, and prints the
# directory: bin/ there has them ready to run. The packages are of the version apt would install, so
# that the libraries of this machine's qemu-system-x86 serve them. Done once; later calls only print.
set -eu

codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
root=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/kata-java/qemu-$codename-others}
if [ -e "$root/complete" ]; then
  echo "$root"
  exit 0
fi

rm -rf "$root"
mkdir -p "$root/debs" "$root/bin"
cd "$root/debs"
apt-get -qq -o APT::Sandbox::User= download \
    qemu-system-arm qemu-system-misc qemu-system-ppc qemu-system-data >&2
for package in *.deb; do
  dpkg-deb --extract "$package" "$root/files"
done
for architecture in aarch64 ppc64 s390x riscv64; do
  program=qemu-system-$architecture
  cat > "$root/bin/$program" <<EOF
#!/bin/sh
exec "$root/files/usr/bin/$program" -L "$root/files/usr/share/qemu" -L /usr/share/qemu "\$@"
EOF
  chmod +x "$root/bin/$program"
  "$root/bin/$program" --version | head -n 1 >&2
done
rm -rf "$root/debs"
touch "$root/complete"
echo "$root"
