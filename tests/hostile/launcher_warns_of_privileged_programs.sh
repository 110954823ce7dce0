#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The loader ignores preloads where execve raises privileges (AT_SECURE), and only there: setuid, setgid, capabilities.
. "${0%/*}/launcher_common.sh"
[ "$(id -u)" -eq 0 ] || skip 'needs root'
nobody=65534
# Where that user may go.
chmod 755 "$scratch"
cp "$LAUNCHER" "$PRELOAD" "$scratch" || exit 99
launcher=$scratch/${LAUNCHER##*/}
expected="ran $scratch/${PRELOAD##*/}"
for name in own_setuid setuid setgid capable; do cp "$HELPERS/launcher_subject" "$scratch/$name" || exit 99; done

# Root who runs a setuid-root program gains nothing: the preload works.
chmod u+s "$scratch/own_setuid"
run "$launcher" "$scratch/own_setuid"
expect_status 3
expect_output "$expected"
expect_no_messages

case $(findmnt -no OPTIONS -T "$scratch") in *nosuid*) skip 'the temporary folder is mounted nosuid' ;; esac
chown "$nobody" "$scratch/setuid" && chmod u+s "$scratch/setuid" || exit 99
run "$launcher" "$scratch/setuid"
expect_status 3
expect_one_message
expect_in_messages 'is setuid: a preload cannot reach it'

chgrp "$nobody" "$scratch/setgid" && chmod g+s "$scratch/setgid" || exit 99
run "$launcher" "$scratch/setgid"
expect_status 3
expect_one_message
expect_in_messages 'is setgid: a preload cannot reach it'

# Nor does it raise anything where the process has forsworn that.
run setpriv --no-new-privs "$launcher" "$scratch/setuid"
expect_status 3
expect_no_messages

if setcap=$(PATH=$PATH:/sbin:/usr/sbin command -v setcap) && "$setcap" cap_net_raw+ep "$scratch/capable" 2>/dev/null; then
  run setpriv --reuid "$nobody" --regid "$nobody" --clear-groups "$launcher" "$scratch/capable"
  expect_status 3
  expect_one_message
  expect_in_messages 'has file capabilities: a preload cannot reach it'
fi

conclude
