#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the root file system of the base image base/busybox from Debian's package busybox-static:
#   examples/base-images/busybox.sh out.tar
# The same package gives the same bytes, whenever and wherever it runs.
set -euo pipefail

out=${1:?usage: busybox.sh OUT.tar}
busybox=${BUSYBOX:-$(command -v busybox || true)}
if [ -z "$busybox" ]; then
  echo "busybox.sh: there is no busybox; install Debian's package busybox-static" >&2
  exit 1
fi
if ldd "$busybox" >/dev/null 2>&1; then
  echo "busybox.sh: $busybox is not static; install Debian's package busybox-static" >&2
  exit 1
fi

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
umask 022
mkdir -p "$root"/{bin,dev,etc,home,proc,root,run,sys,tmp,usr,var}
chmod 1777 "$root/tmp"
chmod 0700 "$root/root"
install -m 0755 "$busybox" "$root/bin/busybox"
ln -s bin "$root/sbin"
for name in bin sbin; do ln -s ../bin "$root/usr/$name"; done
# The list names busybox itself; a link over the program would point to itself.
"$busybox" --list | LC_ALL=C sort -u | while read -r applet; do
  [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done
printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'nobody:x:65534:65534:nobody:/:/bin/false' >"$root/etc/passwd"
printf '%s\n' 'root:x:0:' 'nogroup:x:65534:' >"$root/etc/group"
printf '%s\n' 'hosts: files dns' >"$root/etc/nsswitch.conf"
chmod 0644 "$root"/etc/*

tar --create --file "$out" --format=ustar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner \
  --directory "$root" .
