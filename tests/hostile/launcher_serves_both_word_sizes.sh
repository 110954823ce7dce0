#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Where a 32-bit preload is installed beside the 64-bit one, 32-bit programs get it: by a path with $LIB where the loader
# makes the right folders of that, which serves children of either size as well; else by its own path.
. "${0%/*}/launcher_common.sh"

subject=$HELPERS/launcher_subject subject_32=$HELPERS/launcher_subject_32 preload_32=$HELPERS/liblauncher_preload_32.so
[ -e "$preload_32" ] || skip 'no 32-bit programs are built here'
run "$subject_32"
[ "$status" -eq 3 ] || skip 'no 32-bit programs run here'

# try FOLDER-OF-64 FOLDER-OF-32: as installed below one prefix, the launcher beside its library.
try() {
  local prefix=$scratch/${1//\//-}+${2//\//-} entry_64 entry_32
  mkdir -p "$prefix/$1" "$prefix/$2"
  cp "$LAUNCHER" "$prefix/$1/atomrt" && cp "$PRELOAD" "$prefix/$1/libatomrt-preload.so" || exit 99
  entry_64=$prefix/$1/libatomrt-preload.so entry_32=$prefix/$2/libatomrt-preload.so

  run "$prefix/$1/atomrt" "$subject_32"
  expect_status 3
  expect_one_message
  expect_in_messages 'is a 32-bit program, and there is no 32-bit libatomrt-preload.so: a preload cannot reach it'
  expect_output 'ran '

  # Of another ABI than its folder says.
  cp "$PRELOAD" "$entry_32" || exit 99
  run "$prefix/$1/atomrt" "$subject_32"
  expect_output 'ran '

  cp "$preload_32" "$entry_32" || exit 99
  if is_loaders_folders "$1" "$2"; then entry_64=$prefix/\$LIB/libatomrt-preload.so entry_32=$entry_64; fi
  run "$prefix/$1/atomrt" "$subject_32"
  expect_output "32-bit preload"$'\n'"ran $entry_32"
  expect_no_messages
  run "$prefix/$1/atomrt" "$subject"
  expect_output "ran $entry_64"
  expect_no_messages
  run "$prefix/$1/atomrt" "$HELPERS/launcher_client" "$scratch/data"
  expect_in_output 'atomrt '

  # A child of the other size.
  is_loaders_folders "$1" "$2" || return 0
  run "$prefix/$1/atomrt" env "$subject_32"
  expect_output "32-bit preload"$'\n'"ran $entry_32"
  expect_no_messages
}

# What the loaders make of $LIB, if they are new enough to tell (glibc 2.33).
lib_of() { "$1" --list-diagnostics 2>/dev/null | sed -n 's/^dl_dst_lib="\(.*\)"$/\1/p'; }
lib_64=$(lib_of /lib64/ld-linux-x86-64.so.2) lib_32=$(lib_of /lib/ld-linux.so.2)
if [ -z "$lib_64" ] || [ -z "$lib_32" ]; then skip "the loaders do not tell what they make of \$LIB"; fi
is_loaders_folders() { [ "$1" = "$lib_64" ] && [ "$2" = "$lib_32" ]; }

try "$lib_64" "$lib_32"
for folder_32 in lib/i386-linux-gnu lib32 lib; do try lib64 "$folder_32"; done
conclude
