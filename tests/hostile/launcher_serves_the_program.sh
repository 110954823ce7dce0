#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# PROGRAM's requests are served by atomrt, and the statistics say so; one without requests writes none.
. "${0%/*}/launcher_common.sh"

run "$HELPERS/launcher_client" "$scratch/data"
expect_output 'glibc'

run "$LAUNCHER" --stats="$scratch/statistics" "$HELPERS/launcher_client" "$scratch/data"
expect_status 0
expect_in_output 'atomrt '
expect_no_messages
blocks=$(grep -c '^# atomrt .* statistics: launcher_client (pid [0-9]*)$' "$scratch/statistics")
[ "$blocks" -eq 1 ] || complain "one block of statistics, not $blocks"
grep -qx 'requests 2' "$scratch/statistics" || complain 'two requests counted'

run "$LAUNCHER" --stats "$HELPERS/launcher_client" "$scratch/data"
expect_status 0
expect_in_messages 'requests 2'

# Who waits for statistics, or for the line of --verbose, learns that there was nothing to serve.
for option in --stats --verbose "--stats=$scratch/none"; do
  run "$LAUNCHER" "$option" sh -c :
  expect_one_message
  expect_in_messages 'made no POSIX AIO request'
done
run "$LAUNCHER" sh -c :
expect_no_messages

# A wrong value is of no interest to programs without POSIX AIO.
run env ATOMRT_CONTEXTS=threads,rings "$LAUNCHER" sh -c :
expect_no_messages
run env ATOMRT_CONTEXTS=threads,rings "$LAUNCHER" "$HELPERS/launcher_client" "$scratch/data"
expect_one_message
expect_in_messages "'rings' is none of head, direct, ring, waiter, threads"

# One block a process.
run "$LAUNCHER" --stats="$scratch/two" sh -c "'$HELPERS/launcher_client' '$scratch/data'; '$HELPERS/launcher_client' '$scratch/data'; true"
blocks=$(grep -c '^# atomrt ' "$scratch/two")
[ "$blocks" -eq 2 ] || complain "two blocks of statistics, not $blocks"

conclude
