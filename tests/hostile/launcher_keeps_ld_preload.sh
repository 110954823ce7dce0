#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# An LD_PRELOAD that is there stays, in front: sanitizer runtimes must be the first.
. "${0%/*}/launcher_common.sh"
# shellcheck disable=SC2016 # PROGRAM expands it
show=(sh -c 'printf "%s" "$LD_PRELOAD"')

run "$LAUNCHER" "${show[@]}"
expect_output "$PRELOAD"

run env LD_PRELOAD= "$LAUNCHER" "${show[@]}"
expect_output "$PRELOAD"

run env LD_PRELOAD=libc.so.6 "$LAUNCHER" "${show[@]}"
expect_output "libc.so.6:$PRELOAD"

# Both separators that ld.so knows.
run env "LD_PRELOAD=libc.so.6 libm.so.6" "$LAUNCHER" "${show[@]}"
expect_output "libc.so.6 libm.so.6:$PRELOAD"

# Twice is once.
run "$LAUNCHER" "$LAUNCHER" "${show[@]}"
expect_output "$PRELOAD"
run env "LD_PRELOAD=libc.so.6 $PRELOAD:libm.so.6" "$LAUNCHER" "${show[@]}"
expect_output "libc.so.6 $PRELOAD:libm.so.6"

run "$LAUNCHER" --print-preload
expect_status 0
expect_output "$PRELOAD"
expect_no_messages

conclude
