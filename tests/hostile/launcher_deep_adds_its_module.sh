#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# --deep puts its module into LD_AUDIT, behind what is there, once; and says so where it cannot find it.
. "${0%/*}/launcher_common.sh"
: "${AUDIT:?}" "${LIBDIR:?}" "${BINDIR:?}"

# shellcheck disable=SC2016 # PROGRAM expands it
show=(sh -c 'printf "%s" "$LD_AUDIT"')
run "$LAUNCHER" "${show[@]}"
expect_output ''
run "$LAUNCHER" --deep "${show[@]}"
expect_output "$AUDIT"
run "$LAUNCHER" --deep "$LAUNCHER" --deep "${show[@]}"
expect_output "$AUDIT"
cp "$AUDIT" "$scratch/other-audit.so" || exit 99
run env LD_AUDIT="$scratch/other-audit.so" "$LAUNCHER" "${show[@]}"
expect_output "$scratch/other-audit.so"
run env LD_AUDIT="$scratch/other-audit.so" "$LAUNCHER" --deep "${show[@]}"
expect_output "$scratch/other-audit.so:$AUDIT"

# Installed, and where it is missing.
if [ "${BINDIR#/}" = "$BINDIR" ] && [ "${LIBDIR#/}" = "$LIBDIR" ]; then
  mkdir -p "$scratch/prefix/$BINDIR" "$scratch/prefix/$LIBDIR"
  cp "$LAUNCHER" "$scratch/prefix/$BINDIR" && cp "$PRELOAD" "$scratch/prefix/$LIBDIR" || exit 99
  run "$scratch/prefix/$BINDIR/${LAUNCHER##*/}" --deep true
  expect_status 125
  expect_one_message
  expect_in_messages 'cannot find libatomrt-audit.so'
  cp "$AUDIT" "$scratch/prefix/$LIBDIR" || exit 99
  run "$scratch/prefix/$BINDIR/${LAUNCHER##*/}" --deep "${show[@]}"
  expect_output "$scratch/prefix/$LIBDIR/${AUDIT##*/}"
fi

conclude
