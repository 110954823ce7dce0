#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# In a chroot without /proc, and with nothing that may be written to, the launcher finds its library and tells so.
. "${0%/*}/launcher_common.sh"
[ "$(id -u)" -eq 0 ] || skip 'needs root'

root=$scratch/root
mkdir -p "$root/opt" || exit 99
cp "$LAUNCHER" "$root/opt/atomrt" && cp "$PRELOAD" "$root/opt/" && cp "$HELPERS/launcher_client" "$root/opt/client" || exit 99
for file in "$LAUNCHER" "$PRELOAD" "$HELPERS/launcher_client"; do
  for library in $(ldd "$file" | grep -o '/[^ ]*'); do
    mkdir -p "$root/${library%/*}" && cp -Ln "$library" "$root/$library"
  done
done

version=$("$LAUNCHER" --version)
run chroot "$root" /opt/atomrt /opt/client /opt/data
expect_status 0
expect_output "$version"
expect_no_messages
run chroot "$root" /opt/atomrt --print-preload
expect_output "/opt/${PRELOAD##*/}"
# By a name that is relative: LD_PRELOAD is absolute all the same.
run env -C "$root/opt" python3 -c 'import os, sys; os.chroot(".."); os.chdir("/opt"); os.execv("./atomrt", ["atomrt", "--print-preload"])'
expect_output "/opt/${PRELOAD##*/}"

run chroot "$root" /opt/atomrt --doctor
expect_status 0
expect_no_messages
expect_in_output 'missing: what it would tell stays unknown below'
grep -Eq '^  /tmp +not tried: No such file or directory' <<<"$output" || complain '/tmp is not tried'
grep -Eq '^  atomrt itself +[A-Za-z]+ +- ' <<<"$output" || complain 'a read of its own file is tried'
grep -Eq '^kernel AIO +(yes +fs.aio-nr and fs.aio-max-nr unknown|no )' <<<"$output" || complain 'no numbers without /proc'

conclude
