# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by the launcher_*.sh tests, which Meson starts with LAUNCHER (the launcher under test), PRELOAD (its library)
# and HELPERS (the folder of the helper programs). A test calls run and the expect_ functions, and ends with conclude.
set -u
: "${LAUNCHER:?}" "${PRELOAD:?}" "${HELPERS:?}"
unset LD_AUDIT
unset LD_PRELOAD ATOMRT_CONTEXTS ATOMRT_COUNTERS ATOMRT_MAX_THREADS ATOMRT_STATS ATOMRT_STATS_FORMAT ATOMRT_VERBOSE

scratch=$(mktemp -d "${TMPDIR:-/tmp}/atomrt-launcher.XXXXXX") || exit 99
trap 'rm -rf "$scratch"' EXIT
failures=0
status=0 output='' messages=''

# run COMMAND...: its exit status, standard output and standard error in $status, $output and $messages.
run() {
  ran=$*
  "$@" >"$scratch/.output" 2>"$scratch/.messages" </dev/null
  status=$?
  output=$(cat "$scratch/.output")
  messages=$(cat "$scratch/.messages")
}

complain() {
  failures=$((failures + 1))
  printf 'FAILED: %s\n  command:  %s\n  status:   %s\n  output:   %s\n  messages: %s\n' \
    "$1" "$ran" "$status" "$output" "$messages" >&2
}

expect_status() { [ "$status" -eq "$1" ] || complain "status is $1"; }
expect_output() { [ "$output" = "$1" ] || complain "output is '$1'"; }
expect_in_output() { case $output in *"$1"*) ;; *) complain "output has '$1'" ;; esac; }
expect_in_messages() { case $messages in *"$1"*) ;; *) complain "messages have '$1'" ;; esac; }
expect_no_messages() { [ -z "$messages" ] || complain 'no messages'; }

# One line, from the launcher.
expect_one_message() {
  case $messages in
    *$'\n'*) complain 'one line of messages' ;;
    "atomrt: "*) ;;
    *) complain "one line from 'atomrt: '" ;;
  esac
}

skip() {
  printf 'skipped: %s\n' "$1"
  exit 77
}

conclude() {
  [ "$failures" -eq 0 ] || exit 1
  exit 0
}
