#!/usr/lib/kata/rootfs/busybox/bin/busybox sh
# The first process of a probed guest: loads all modules and is a shell on the virtio-serial port.
export PATH=/bin
/usr/lib/kata/rootfs/busybox/bin/busybox mkdir -p /bin /proc /sys /dev
/usr/lib/kata/rootfs/busybox/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r kind first second; do
  case $kind in
    boot) set -- $first $second ;;
    lazy) set -- $second ;;
    *) continue ;;
  esac
  insmod "$@" 2>/dev/null
done </lib/modules/load
while :; do
  for port in /dev/vport*; do
    # A port can be opened once only. The shell ends when the host hangs up.
    sh <>"$port" >&0 2>&1
  done
  usleep 50000
done
