#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# One line of warning for a program of another kind than the preload, and it still runs.
. "${0%/*}/launcher_common.sh"

warns_of() { # PROGRAM, STATUS, WHAT THE LINE SAYS, then: with or without the preload in its environment
  run "$LAUNCHER" "$1"
  expect_status "$2"
  expect_one_message
  expect_in_messages 'atomrt: warning: '
  expect_in_messages "$3"
  expect_in_messages 'a preload cannot reach it'
  case $4 in
    with) expect_output "ran $PRELOAD" ;;
    without) expect_output 'ran ' ;;
  esac
}

run "$LAUNCHER" "$HELPERS/launcher_subject"
expect_status 3
expect_output "ran $PRELOAD"
expect_no_messages

# What a static program starts may still be served.
[ ! -x "$HELPERS/launcher_subject_static" ] ||
  warns_of "$HELPERS/launcher_subject_static" 3 'is statically linked' with
[ ! -x "$HELPERS/launcher_subject_static_pie" ] ||
  warns_of "$HELPERS/launcher_subject_static_pie" 3 'is statically linked' with

# Nobody hears the warning: the program runs all the same.
if [ -x "$HELPERS/launcher_subject_static" ]; then
  exec {broken}> >(:)
  wait $!
  "$LAUNCHER" "$HELPERS/launcher_subject_static" >/dev/null 2>&"$broken"
  # shellcheck disable=SC2034 # expect_status looks at it
  status=$?
  expect_status 3
  exec {broken}>&-
fi

# ld.so would complain in every process.
run "$HELPERS/launcher_subject_32" # not built, or no 32-bit libraries: not 3
if [ "$status" -eq 3 ]; then
  warns_of "$HELPERS/launcher_subject_32" 3 'is a 32-bit program' without
fi

# Told by the name of the loader alone, which need not be there.
for libc in musl uClibc; do
  program=$HELPERS/launcher_subject_${libc,,}
  if [ -x "$program" ] && [ ! -e "/lib/ld-$libc-none.so.1" ]; then
    run "$LAUNCHER" "$program"
    expect_status 127
    expect_in_messages "is linked with $libc, not glibc: a preload cannot reach it, it runs without atomrt"
  fi
done

# A program of musl's own compiler runs, and its loader has nothing to say.
if command -v musl-gcc >/dev/null; then
  musl-gcc -x c "${0%/*}/launcher_subject.c" -o "$scratch/subject_musl" || exit 99
  warns_of "$scratch/subject_musl" 3 'is linked with musl, not glibc' without
fi

# Of a script the interpreter counts, also through another script and PATH.
if [ -x "$HELPERS/launcher_subject_static" ]; then
  printf '#!  %s argument\n' "$HELPERS/launcher_subject_static" >"$scratch/script"
  printf '#!%s\n' "$scratch/script" >"$scratch/script-of-a-script"
  chmod +x "$scratch"/script*
  warns_of "$scratch/script" 3 "launcher_subject_static is statically linked" with
  warns_of "$scratch/script-of-a-script" 3 'is statically linked' with
  PATH=$scratch:$PATH
  warns_of script 3 'is statically linked' with
fi

# A loader that is run as a program takes preloads.
loader=/lib64/ld-linux-x86-64.so.2
[ -x "$loader" ] || conclude
run "$LAUNCHER" "$loader" "$HELPERS/launcher_subject"
expect_output "ran $PRELOAD"
expect_no_messages

conclude
