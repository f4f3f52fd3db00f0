#!/usr/bin/env bash
# Installs the compilers and runtimes that the executor's tests use: the Debian packages of the
# executor image, executor/toolchain/packages. curl is for the examples of docs/http-api.md, strace
# for the list of the system calls that the toolchains use.
set -euo pipefail

mapfile -t packages <executor/toolchain/packages
packages+=(curl strace)

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ] && executor/toolchain/prepare.sh check; then
  exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "toolchains: run this as root, or: apt-get install --no-install-recommends ${packages[*]}; executor/toolchain/prepare.sh" >&2
  exit 1
fi
if [ ${#missing[@]} -gt 0 ]; then
  echo "toolchains: installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # Another process may hold the lock of dpkg.
  apt-get install -y -qq -o DPkg::Lock::Timeout=600 --no-install-recommends "${missing[@]}" >/dev/null
fi
echo "toolchains: preparing precompiled headers and archives"
executor/toolchain/prepare.sh
