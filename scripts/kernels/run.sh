#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Boots Debian's kernels under qemu, without KVM, and runs tests there. See --help.
set -uo pipefail
here=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
# shellcheck source=scripts/common.sh
. "$here/../common.sh"

print_help() {
  cat <<'HELP'
Usage: scripts/kernels/run.sh [OPTION]... BUILD [RELEASE]...

Boots Debian's cloud kernels of these RELEASEs (6.1 and 6.12) and runs tests of BUILD there, which
holds all targets. Says every 20 seconds how many are over, then what failed and what was skipped.
The last line is "TOTALS PASSED FAILED SKIPPED". The kernels come from apt, are kept in
build-kernels/, and are not installed.

  --only PATTERN  the tests alone whose names have it
  --repeat N      each test so often
  --help          show this help
HELP
}

choice=()
while [ $# -gt 0 ]; do
  case $1 in
    --only | --repeat)
      [ $# -gt 1 ] || die "$1 needs a value"
      choice+=("$1" "$2")
      shift
      ;;
    --help)
      print_help
      exit 0
      ;;
    -*) die "unknown option '$1' (try --help)" ;;
    *) break ;;
  esac
  shift
done
[ $# -gt 0 ] || die "which build? (try --help)"
build=$1
shift
[ $# -gt 0 ] || set -- 6.1 6.12
[ "$(uname -m)" = x86_64 ] || die "the guests are x86-64 machines, and their programs come from this one"
for program in apt-get dpkg-deb qemu-system-x86_64 busybox dash fio flock mke2fs mkfs.xfs xz; do
  have "$program" || die "no $program here; packages.txt lists what --kernels needs"
done

folder=$PWD/build-kernels
silent_s=500 # a guest that says nothing for so long hangs: more than a test may take
mkdir -p "$folder"
exec 9>"$folder/lock"
flock -n 9 || die "another run has $folder"
process=
trap '[ -z "$process" ] || kill "$process" 2>/dev/null; rm -rf "$folder/work"' EXIT
trap 'exit 1' HUP INT TERM

# The newest of a release that apt knows; all of it is there, or nothing.
fetch() { # RELEASE
  local place=$folder/$1 new=$folder/new package
  [ ! -d "$place" ] || return 0
  package=$(apt-cache search --names-only "^linux-image-$1\..*cloud-amd64\$" | sed 's/ .*//' | sort -V | tail -n 1)
  rm -rf "$new"
  [ -n "$package" ] && mkdir -p "$new" &&
    (cd "$new" && apt-get -qq download "$package" && dpkg-deb -x "$package"_*.deb . && rm -f ./*.deb) 2>/dev/null &&
    mv "$new" "$place"
}

verdicts() { grep -ac "^\($1\) " "$result"; } # PASS|FAIL|SKIP, any of them with \|

# Waits until the guest has ended, and ends one that hangs.
watch() { # PROCESS RELEASE
  local over=0 before=0 quiet=0 waited=0
  while kill -0 "$1" 2>/dev/null; do
    sleep 1
    waited=$((waited + 1)) quiet=$((quiet + 1))
    over=$(verdicts 'PASS\|FAIL\|SKIP')
    [ "$over" -eq "$before" ] || before=$over quiet=0
    [ $((waited % 20)) -ne 0 ] || printf 'Linux %s: %d of %d\n' "$2" "$over" "$planned"
    [ "$quiet" -lt "$silent_s" ] || kill "$1"
  done
}

# A disk's image, of one partition for each file system, behind a table of the old kind (MBR). Holes stay holes.
join() { # IMAGE...
  python3 -B -c '
import os, struct, sys
table, start = bytes(446), 2048
with open(1, "wb") as disk:
    for path in sys.argv[1:]:
        sectors = os.path.getsize(path) // 512
        table += struct.pack("<BBBBBBBBII", 0, 254, 255, 255, 0x83, 254, 255, 255, start, sectors)
        with open(path, "rb") as image:
            disk.seek(start * 512)
            while block := image.read(1 << 20):
                disk.write(block) if block.strip(b"\0") else disk.seek(len(block), os.SEEK_CUR)
        start += sectors
    disk.truncate(start * 512)
    disk.seek(0)
    disk.write(table.ljust(510, b"\0") + b"\x55\xaa")
' "$@" || return
  rm -f "$@"
}

boot() { # RELEASE
  local work=$folder/work kernel planned arguments began=$SECONDS
  rm -rf "$work"
  mkdir -p "$work"
  result=$folder/$1.result
  : >"$result"
  planned=$(python3 -B "$here/root.py" "${choice[@]}" "$build" "$work/root" "$folder/$1/lib/modules") || return
  truncate -s 1G "$work/root.img"
  truncate -s 3G "$work/ext4.img"
  truncate -s 400M "$work/xfs.img"
  mke2fs -q -F -t ext4 -d "$work/root" "$work/root.img" && mke2fs -q -F -t ext4 "$work/ext4.img" &&
    mkfs.xfs -q -f "$work/xfs.img" || return
  rm -rf "$work/root"
  arguments='panic=-1 mitigations=off quiet nokaslr audit=0 no_timer_check'
  kernel=$(compgen -G "$folder/$1/boot/vmlinuz-*") || return
  # One disk with three partitions: Linux 6.12 gives several name spaces numbers that change from boot to boot, as all do
  # several controllers. no_timer_check: a guest panics on a busy host without. A panic ends qemu.
  join "$work/root.img" "$work/ext4.img" "$work/xfs.img" >"$work/disk.img" || return
  qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m 3G -nodefaults -no-reboot -display none \
    -kernel "$kernel" -append "root=/dev/nvme0n1p1 rw init=/init console=ttyS0 $arguments" \
    -drive "if=none,id=d,file=$work/disk.img,format=raw,cache=unsafe" -device nvme,drive=d,serial=d \
    -serial "file:$folder/$1.console" -serial "file:$result" &
  process=$!
  watch "$process" "$1"
  process=
  rm -rf "$work"
  grep -a '^KERNEL' "$result"
  # What doctor, failed and skipped tests said.
  awk '/^(PASS|FAIL|SKIP) / { line = $0; is_wanted = !/^PASS/ || / doctor$/; if (is_wanted) print; next }
       /^\| / { if (!is_wanted) print line; is_wanted = 1; print }' "$result"
  passed=$((passed + $(verdicts PASS))) failed=$((failed + $(verdicts FAIL))) skipped=$((skipped + $(verdicts SKIP)))
  printf 'Linux %s: %d passed, %d failed, %d skipped, in %d s\n' "$1" "$(verdicts PASS)" "$(verdicts FAIL)" \
    "$(verdicts SKIP)" $((SECONDS - began))
  if ! grep -aq '^DONE' "$result"; then
    echo "FAIL Linux $1 ended after $(verdicts 'PASS\|FAIL\|SKIP') of $planned tests"
    tail -n 20 "$folder/$1.console"
    failed=$((failed + 1))
  elif [ "$(verdicts 'PASS\|FAIL\|SKIP')" -ne "$planned" ]; then
    echo "FAIL Linux $1: $planned tests were to be run"
    failed=$((failed + 1))
  fi
}

passed=0 failed=0 skipped=0 result=
for release in "$@"; do
  if ! fetch "$release"; then
    echo "FAIL Linux $release: apt gives no such kernel"
    failed=$((failed + 1))
  elif ! boot "$release"; then
    echo "FAIL Linux $release: no guest could be made"
    failed=$((failed + 1))
  fi
done
echo "TOTALS $passed $failed $skipped"
[ "$failed" -eq 0 ]
