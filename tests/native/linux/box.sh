#!/bin/sh
# A machine that systemd has booted, in namespaces of its own.
#   box.sh run LOWER DIR CGROUP SHARE   boots it and holds it, through reboots, until it is off
#   box.sh init LOWER DIR SHARE         what becomes its first process
# LOWER is the file system it begins with: / for this machine's own. DIR is on a file system of its
# own kind (a tmpfs): it holds what the machine writes. SHARE is seen inside as /run/share. What is
# systemd's own state in LOWER is hidden. PYTHON is a Python.
set -eu
verb=$1 lower=$2 dir=$3
here=$(realpath "$0")

hide() { # make a folder of the machine begin empty
  mkdir -p "$dir/upper/$1"
  "$PYTHON" -c 'import os, sys; os.setxattr(sys.argv[1], "trusted.overlay.opaque", b"y")' \
    "$dir/upper/$1"
}

prepare() {
  mkdir -p "$dir/upper" "$dir/work" "$dir/root"
  hide etc/systemd/system
  hide var/lib/systemd
  hide var/log/journal
  # The kernel, its settings and its devices are this machine's.
  for unit in systemd-sysctl systemd-modules-load systemd-udevd systemd-timesyncd systemd-binfmt \
    systemd-remount-fs; do
    ln -s /dev/null "$dir/upper/etc/systemd/system/$unit.service"
  done
  ln -s /dev/null "$dir/upper/etc/systemd/system/proc-sys-fs-binfmt_misc.automount"
  head -c16 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$dir/upper/etc/machine-id"
}

devices() {
  mount -t tmpfs dev "$1/dev" -o mode=755,nosuid
  for name in null zero full random urandom tty; do
    touch "$1/dev/$name"
    mount --bind "/dev/$name" "$1/dev/$name"
  done
  mkdir "$1/dev/pts" "$1/dev/shm"
  mount -t devpts devpts "$1/dev/pts" -o newinstance,ptmxmode=0666,mode=620,gid=5
  mount -t tmpfs shm "$1/dev/shm"
  ln -s pts/ptmx "$1/dev/ptmx"
  ln -s /proc/self/fd "$1/dev/fd"
  ln -s /proc/self/fd/0 "$1/dev/stdin"
  ln -s /proc/self/fd/1 "$1/dev/stdout"
  ln -s /proc/self/fd/2 "$1/dev/stderr"
}

case $verb in
run)
  cgroup=$4 share=$5
  prepare
  while :; do
    code=0
    (
      sh -c 'echo $PPID' >"$cgroup/cgroup.procs"
      exec unshare --mount --pid --ipc --uts --cgroup --net --fork --kill-child \
        "$here" init "$lower" "$dir" "$share"
    ) || code=$?
    # In a pid namespace a reboot is a first process that dies of SIGHUP: 129, or unshare's own.
    [ -e "$dir/rebooting" ] || exit "$code"
    rm "$dir/rebooting"
  done
  ;;
init)
  share=$4
  root=$dir/root
  mount --make-rprivate /
  mount -t overlay box -o "lowerdir=$lower,upperdir=$dir/upper,workdir=$dir/work" "$root"
  mount -t proc proc "$root/proc" -o nosuid,nodev,noexec
  mount --bind "$root/proc/sys" "$root/proc/sys"
  mount -o remount,bind,ro "$root/proc/sys"
  mount -t sysfs sysfs "$root/sys" -o ro,nosuid,nodev,noexec
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup" -o nosuid,nodev,noexec
  devices "$root"
  mount -t tmpfs run "$root/run" -o mode=755,nosuid,nodev
  mount -t tmpfs tmp "$root/tmp" -o mode=1777,nosuid,nodev
  mkdir -p "$root/run/host" "$root/run/share"
  echo box >"$root/run/host/container-manager"
  mount --bind "$share" "$root/run/share"
  hostname box
  cd "$root"
  mkdir -p mnt
  pivot_root . mnt
  umount -l /mnt
  # What systemd mounts for a service in a namespace of its own, credentials, comes back to it.
  mount --make-rshared /
  exec env -i container=box LANG=C.UTF-8 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd systemd.unit=multi-user.target systemd.log_target=journal \
    systemd.show_status=no </dev/null
  ;;
esac
