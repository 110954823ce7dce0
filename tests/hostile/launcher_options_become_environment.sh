#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Each option sets its ATOMRT_ twin; without it the caller's own setting stays.
. "${0%/*}/launcher_common.sh"
# shellcheck disable=SC2016 # PROGRAM expands them
show=(sh -c 'printf "%s|%s|%s|%s" "$ATOMRT_CONTEXTS" "$ATOMRT_MAX_THREADS" "$ATOMRT_STATS" "$ATOMRT_VERBOSE"')

run "$LAUNCHER" "${show[@]}"
expect_output '|||'
run env ATOMRT_CONTEXTS=threads ATOMRT_MAX_THREADS=3 ATOMRT_STATS=stderr ATOMRT_VERBOSE=1 "$LAUNCHER" "${show[@]}"
expect_output 'threads|3|stderr|1'
run env ATOMRT_CONTEXTS=threads ATOMRT_MAX_THREADS=3 "$LAUNCHER" --contexts head,threads --max-threads 10000 "${show[@]}"
expect_output 'head,threads|10000||'
for name in head direct ring waiter threads; do
  run "$LAUNCHER" --contexts="$name" "${show[@]}"
  expect_output "$name|||"
done
# shellcheck disable=SC2016 # PROGRAM expands it
order=(sh -c 'printf "%s" "$ATOMRT_ORDER"')
run "$LAUNCHER" "${order[@]}"
expect_output ''
run env ATOMRT_ORDER=calls "$LAUNCHER" "${order[@]}"
expect_output calls
run env ATOMRT_ORDER=calls "$LAUNCHER" --order=any "${order[@]}"
expect_output any
run "$LAUNCHER" --order calls "${order[@]}"
expect_output calls
run "$LAUNCHER" --stats --verbose "${show[@]}"
expect_output '||stderr|1'

# shellcheck disable=SC2016 # PROGRAM expands them
counters=(sh -c 'printf "%s|%s" "$ATOMRT_COUNTERS" "$ATOMRT_STATS_FORMAT"')
run "$LAUNCHER" "${counters[@]}"
expect_output '|'
run env ATOMRT_COUNTERS=off "$LAUNCHER" --counters --stats-format json "${counters[@]}"
expect_output '1|json'
run "$LAUNCHER" --counters="$scratch/counters" --stats-format=text "${counters[@]}"
expect_output "$scratch/counters|text"

# A trace of an earlier run goes; nothing else does. A name with %p is a file for each process.
# shellcheck disable=SC2016 # PROGRAM expands it
trace=(sh -c 'printf "%s" "$ATOMRT_TRACE"')
run env ATOMRT_TRACE=elsewhere "$LAUNCHER" "${trace[@]}"
expect_output elsewhere
printf '[{"cat":"atomrt",' >"$scratch/trace"
run env ATOMRT_TRACE=elsewhere "$LAUNCHER" --trace="$scratch/trace" "${trace[@]}"
expect_output "$scratch/trace"
[ ! -e "$scratch/trace" ] || complain 'the older trace has gone'
run "$LAUNCHER" --trace "$scratch/of-%p" "${trace[@]}"
expect_output "$scratch/of-%p"
# shellcheck disable=SC2016 # PROGRAM expands it
limit=(sh -c 'printf "%s" "$ATOMRT_TRACE_LIMIT"')
run env ATOMRT_TRACE_LIMIT=3M "$LAUNCHER" "${limit[@]}"
expect_output 3M
run env ATOMRT_TRACE_LIMIT=3M "$LAUNCHER" --trace-limit=2G "${limit[@]}"
expect_output 2G

# `top PID` is the launcher's own word, unless it stands after --.
mkdir "$scratch/bin" && printf '#!/bin/sh\necho a program, "$@"\n' >"$scratch/bin/top" && chmod +x "$scratch/bin/top"
run env PATH="$scratch/bin:$PATH" "$LAUNCHER" top 1x
expect_output 'a program, 1x'
run env PATH="$scratch/bin:$PATH" "$LAUNCHER" -- top 1
expect_output 'a program, 1'
run env PATH="$scratch/bin:$PATH" "$LAUNCHER" top 999999999
expect_status 125
expect_in_messages 'process 999999999: no such process'
run env PATH="$scratch/bin:$PATH" "$LAUNCHER" top 999999999 --interval 1
expect_in_messages 'process 999999999: no such process'
run env PATH="$scratch/bin:$PATH" "$LAUNCHER" top 999999999 --interval=0.5
expect_in_messages 'process 999999999: no such process'
run env PATH="$scratch/bin:$PATH" "$LAUNCHER" top
expect_status 125
expect_in_messages 'top: no PID given'
run env PATH="$scratch/bin:$PATH" "$LAUNCHER" top 1 2
expect_in_messages "top: unexpected argument '2'"
run env PATH="$scratch/bin:$PATH" "$LAUNCHER" top 1 --interval x
expect_in_messages "--interval: 'x' is not a number"

# A relative file is the launcher's, whatever folder PROGRAM goes to; what an earlier run left in it is gone.
cd "$scratch" || exit 99
echo 'an earlier run' >statistics
run "$LAUNCHER" --stats=statistics "${show[@]}"
expect_output "||$scratch/statistics|"
if [ ! -f statistics ] || [ -s statistics ]; then complain 'the file is there and empty'; fi

# %p stands for a process: no file before one writes it.
run "$LAUNCHER" --stats=of-%p "${show[@]}"
expect_output "||$scratch/of-%p|"
[ ! -e of-%p ] || complain 'no file with the name of the pattern'

# A pipe is neither emptied nor waited for.
mkfifo pipe
run timeout 600 "$LAUNCHER" --stats=pipe "${show[@]}"
expect_output "||$scratch/pipe|"

conclude
