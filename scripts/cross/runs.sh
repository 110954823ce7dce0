#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Whether programs for the ABI of scripts/cross/NAME.ini can be built and run here: runs.sh NAME. Says so where they can't.
set -u
program=$(mktemp) || exit 1
trap 'rm -f "$program"' EXIT

case $1 in
  i386)
    packages='g++-multilib'
    compiler=(g++ -m32) runner=()
    ;;
  arm64)
    packages='binutils-aarch64-linux-gnu, clang, libstdc++-12-dev-arm64-cross, qemu-user'
    compiler=(clang++ --target=aarch64-linux-gnu) runner=(qemu-aarch64 -L /usr/aarch64-linux-gnu)
    ;;
  *) exit 1 ;;
esac

if ! printf '#include <aio.h>\n#include <atomic>\nint main() { return 0; }\n' |
  "${compiler[@]}" -x c++ - -o "$program" 2>/dev/null || ! "${runner[@]}" "$program" 2>/dev/null; then
  printf 'skipped: no programs for %s here (%s)\n' "$1" "$packages"
  exit 1
fi
