#!/bin/sh
# Runs a command with ROOT as its file system: enter.sh ROOT "FOLDER…" COMMAND…
# /proc, /dev, /tmp and the FOLDERs of this machine are mounted at their own paths. The working
# directory is the command's home and its temporary folder.
set -eu
root=$1 folders=$2
shift 2
PATH="$PATH:/usr/sbin:/sbin"
# shellcheck disable=SC2016 # it is expanded inside
inside='
root=$1 folders=$2 here=$3
shift 3
mount -t tmpfs -o mode=755 none "$root/mnt"
for name in usr etc proc dev tmp; do mkdir "$root/mnt/$name"; done
for name in bin sbin lib lib64; do ln -s "usr/$name" "$root/mnt/$name"; done
mount --bind "$root/usr" "$root/mnt/usr"
mount --bind "$root/etc" "$root/mnt/etc"
mount --rbind /proc "$root/mnt/proc"
mount --rbind /dev "$root/mnt/dev"
mount --bind /tmp "$root/mnt/tmp"
for folder in $folders; do
  case $folder in /tmp | /tmp/*) continue ;; esac
  mkdir -p "$root/mnt$folder"
  mount --rbind "$folder" "$root/mnt$folder"
done
exec chroot "$root/mnt" /usr/bin/env -C "$here" \
  PATH=/usr/bin:/usr/libexec/swift/bin LC_ALL=C.UTF-8 HOME="$here" TMPDIR="$here" "$@"
'
set -- sh -euc "$inside" sh "$root" "$folders" "$PWD" "$@"
if [ "$(id -u)" = 0 ]; then
  exec unshare --mount --propagation private "$@"
fi
exec unshare --user --map-root-user --mount --propagation private "$@"
