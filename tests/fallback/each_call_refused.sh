#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What glibc's AIO gives where one system call is refused atomrt gives: see each_call_refused.c, which is PROGRAM.
set -u
record=$(mktemp) || exit 99
trap 'rm -f "$record"' EXIT
"$PROGRAM" record "$record" || exit
LD_PRELOAD=$PRELOAD "$PROGRAM" compare "$record"
