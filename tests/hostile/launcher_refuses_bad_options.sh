#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# An unknown option or a bad value is one clear line and 125; PROGRAM does not run.
. "${0%/*}/launcher_common.sh"

refuses() { # WHAT THE LINE SAYS, OPTIONS...
  local text=$1
  shift
  run "$LAUNCHER" "$@" touch "$scratch/ran"
  expect_status 125
  expect_one_message
  expect_in_messages "$text"
  expect_output ''
  [ ! -e "$scratch/ran" ] || complain 'PROGRAM does not run'
}

refuses "unknown option '--frobnicate'" --frobnicate
refuses "unknown option '-x'" -x
refuses "unknown context 'heads'" --contexts heads
refuses "--trace: empty file name" --trace=
refuses "exists, and is no trace of atomrt" --trace=/dev/null
refuses "exists, and is no trace of atomrt" --trace="$LAUNCHER"
for size in 0 64 65535 2T -1 1.5M 1MB M '' ' 1M'; do
  refuses "--trace-limit: '$size' is not a size from 64K to 1T" --trace-limit="$size"
done
printf '[{"cat":"atomrt",' >"$scratch/older"
refuses 'is not a size' --trace="$scratch/older" --trace-limit=1
[ -e "$scratch/older" ] || complain 'an older trace stays where PROGRAM does not run'
refuses "unknown context 'Head'" --contexts=Head,threads
refuses "unknown context ''" --contexts=
refuses "unknown context ''" --contexts head,
for number in 0 -1 10001 5x x '' 99999999999999999999 1.5 ' 5'; do
  refuses "'$number' is not a number from 1 to 10000" --max-threads="$number"
done
for order in call Any '' 1; do
  refuses "'$order' is neither calls nor any" --order="$order"
done
refuses 'empty file name' --stats=
refuses 'No such file or directory' --stats="$scratch/no/folder/file"
refuses 'No such file or directory' --stats="$scratch/no/folder/%p"
refuses 'Is a directory' --stats="$scratch"
refuses "takes no value" --verbose=3
refuses "--doctor: unexpected argument 'touch'" --doctor
refuses "--print-preload: unexpected argument 'touch'" --print-preload

for number in 0 -1 1001 x ''; do
  refuses "'$number' is not a number from 1 to 1000" --compare="$number"
done
refuses '--json is for --compare, --explain, --pending and --stats-of' --json
for seconds in 0 0.05 86401 x '' 1s -1; do
  refuses "'$seconds' is not a number from 0.1 to 86400" --interval="$seconds" --top 1
done
refuses '--interval is for --stats-of and --top' --interval 1
refuses "'xml' is none of text, json, prometheus" --stats-format xml
refuses '--stats-format is for --stats and --stats-of' --stats-format json --pending 1
refuses 'prometheus is for --stats-of' --stats-format prometheus --stats
refuses '--json and another --stats-format' --json --stats-format prometheus --stats-of 1
refuses 'empty file name' --counters=
refuses 'No such file or directory' --counters="$scratch/no/folder/file"
refuses '--explain takes one PROGRAM' --explain

# No beginning of a name stands for it.
for option in --verb --stat=file --context=head --vers --he; do
  refuses "unknown option '$option'" "$option"
done

run "$LAUNCHER"
expect_status 125
expect_one_message
run "$LAUNCHER" --
expect_status 125
expect_one_message
run "$LAUNCHER" --contexts
expect_status 125
expect_in_messages "option '--contexts' needs a value"

# What follows PROGRAM, or --, is its own.
run "$LAUNCHER" echo --frobnicate
expect_status 0
expect_output --frobnicate
run "$LAUNCHER" -- echo --doctor
expect_output --doctor

run "$LAUNCHER" -V
expect_status 0
version=$output
run "$LAUNCHER" --version
expect_output "$version"
run "$LAUNCHER" -h
expect_status 0
expect_in_output 'Usage: atomrt'

# A file behind --stats is taken for PROGRAM.
run "$LAUNCHER" --stats out.txt echo
expect_status 127
expect_one_message
expect_in_messages '--stats=out.txt'

# A misspelt variable.
run env ATOMRT_STAT=stderr ATOMRT_CONTEXTS=head "$LAUNCHER" true
expect_status 0
expect_one_message
expect_in_messages 'warning: unknown variable ATOMRT_STAT'

conclude
