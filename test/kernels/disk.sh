# Makes the disk image of the guest: Debian with the compilers of the executor image, as the target
# executor of the Dockerfile installs them, in a mount namespace of its own.
#
#   disk.sh SUITE MIRROR TOOLCHAIN ROOT IMAGE
#
# TOOLCHAIN is the directory of packages and prepare.sh. ROOT is a directory for the files of the
# image, which the script removes.
set -euxo pipefail
suite=$1 mirror=$2 toolchain=$3 root=$4 image=$5

rm -rf "$root"
debootstrap --variant=minbase "$suite" "$root" "$mirror"
printf 'path-exclude /usr/share/%s/*\n' doc man info locale lintian >"$root/etc/dpkg/dpkg.cfg.d/trim"
cp "$toolchain/packages" "$toolchain/prepare.sh" "$root/tmp/"
chroot "$root" /bin/sh -euxc '
  mount -t proc proc /proc
  mkdir -p /usr/share/man/man1
  export DEBIAN_FRONTEND=noninteractive
  apt-get update --quiet
  apt-get install --quiet --yes --no-install-recommends $(cat /tmp/packages)
  apt-get clean
  rm -rf /usr/lib/jvm/*/jmods /usr/share/go-*/test /usr/share/go-*/api /var/lib/apt/lists/*
  groupadd --gid 10001 executor
  useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin executor
  /tmp/prepare.sh
  rm -rf /tmp/*
  mkdir -p /scratch
  umount /proc
'
size=$(du --summarize --block-size=1M "$root" | cut -f 1)
# The guest mounts the image read-only, so the image has no journal.
mke2fs -q -F -t ext4 -O ^has_journal -m 0 -d "$root" "$image.new" "$((size * 5 / 4 + 64))M"
mv "$image.new" "$image"
rm -rf "$root"
