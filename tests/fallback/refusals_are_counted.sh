#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Each request that a context declines is counted as its fallback, and as a request of the context that did it. UNDER,
# PRELOAD and PROGRAM are what their names say.
set -u
failures=0
contexts=head,waiter,ring,threads # direct would poll for the streams
file=$(mktemp) || exit 99
trap 'rm -f "$file"' EXIT

# run COMMAND...: the program's statistics, in $file
run() {
  : >"$file"
  "$@"
  status=$?
  [ "$status" -ne 77 ] || exit 77
  [ "$status" -eq 0 ] || complain "exit status $status"
}

complain() {
  printf 'under %s: %s\n' "$name" "$*" >&2
  grep -v latency "$file" | grep -v ' 0$' >&2
  failures=$((failures + 1))
}

has() { grep -qx "$1" "$file" || complain "no line '$1'"; }
# Contexts that did nothing are left out.
has_none() { ! grep -q "^$1 [^0]" "$file" || complain "'$1' is not 0"; }

preloaded=(env "LD_PRELOAD=$PRELOAD" "ATOMRT_STATS=$file")

name=nothing
run env "ATOMRT_CONTEXTS=$contexts" "${preloaded[@]}" "$PROGRAM"
if grep -qx 'ring.requests 3' "$file"; then
  has 'ring.fallbacks 0'
else # this kernel has no ring: as if it were refused
  has 'ring.fallbacks 3'
fi

for name in io_uring-eperm io_uring-enosys both-enosys; do
  run "$UNDER" "$name" env "ATOMRT_CONTEXTS=$contexts" "${preloaded[@]}" "$PROGRAM"
  has 'ring.fallbacks 3'
  has_none ring.requests
  has 'threads.requests 3'
  has 'errors 0'
done

# Not tried at all, as it might kill.
name=io_uring-kills
run "$UNDER" "$name" env -u ATOMRT_CONTEXTS "${preloaded[@]}" "$PROGRAM"
has_none ring.requests
has 'completed 3'
has 'errors 0'

[ "$failures" -eq 0 ]
