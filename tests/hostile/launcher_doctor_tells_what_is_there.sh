#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# --doctor tries what it tells, and tells why not; under a seccomp filter that kills on io_uring it lives.
. "${0%/*}/launcher_common.sh"

has_row() { # PATTERN of a whole line
  grep -Eqx "$1" <<<"$output" || complain "a row like '$1'"
}

run "$LAUNCHER" --doctor
expect_status 0
expect_no_messages
has_row 'atomrt +[0-9.]+'
has_row "preload +$PRELOAD"
has_row "kernel +$(uname -r) $(uname -m)"
has_row 'io_uring +(yes|no) +.+'
has_row 'kernel AIO +(yes|no) +.+'
has_row '  current folder +.+'
has_row '  /dev/shm +.+'
has_row '/proc +mounted'
has_row '  atomrt itself +[A-Z]*[a-z]* +- +.+'
has_row '  pipe +[A-Za-z]+ +[A-Za-z]+ +stream'
has_row '  RLIMIT_NPROC +.+'
has_row '  threads +yes  all that is left'
# Direct is offered where kernel AIO is.
if grep -Eqx 'kernel AIO +yes .*; a process takes 256' <<<"$output"; then
  has_row '  direct +yes  O_DIRECT .*'
else
  has_row '  direct +no +.+'
fi
# The ring is offered where io_uring is, and built in.
if grep -Eqx 'io_uring +yes +.*FUTEX_WAIT yes' <<<"$output"; then
  has_row "  ring +$([ "$HAS_RING" = true ] && echo 'yes  .+' || echo 'no +not in this build')"
else
  has_row '  ring +no +.+'
fi

run env TMPDIR="$scratch" "$LAUNCHER" --doctor
has_row "  $scratch +.+"
run env TMPDIR=/no/such/folder "$LAUNCHER" --doctor
expect_status 0
has_row '  /no/such/folder +not tried: No such file or directory'

run "$LAUNCHER" --contexts threads --doctor
has_row '  head +no +not in ATOMRT_CONTEXTS'
has_row '  ring +no +not in (ATOMRT_CONTEXTS|this build)'
has_row '  threads +yes .*'
run env ATOMRT_CONTEXTS=waiter "$LAUNCHER" --doctor
has_row '  head +no +not in ATOMRT_CONTEXTS'
has_row '  waiter +yes .*'

for list in 'ring,' head,threads; do
  run env ATOMRT_CONTEXTS=$list "$LAUNCHER" --doctor
  has_row '  waiter +no +not in ATOMRT_CONTEXTS'
done
for list in foo head,foo head,,threads; do
  run env ATOMRT_CONTEXTS=$list "$LAUNCHER" --doctor
  expect_status 0
  has_row "  ATOMRT_CONTEXTS=$list is ignored: no context of that name"
  has_row '  waiter +yes .*'
done

run "$HELPERS/launcher_filter" contexts "$LAUNCHER" --doctor
if [ "$status" -ne 77 ]; then
  expect_status 0
  has_row 'seccomp +a filter is in force'
  has_row 'io_uring +no +not tried: a seccomp filter is in force.*'
  has_row 'kernel AIO +no +EPERM: .*'
  has_row '  ring +no +(the kernel does not offer it, see above|not in this build)'
  has_row '  direct +no +the kernel does not offer it, see above'
  # What is named is tried by the library all the same.
  run env ATOMRT_CONTEXTS=ring "$HELPERS/launcher_filter" contexts "$LAUNCHER" --doctor
  has_row '  ring +([?] +tried by the library despite the filter.*|no +not in this build)'
fi

run sh -c '"$1" --doctor >/dev/full' - "$LAUNCHER"
expect_status 125

conclude
