#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# From the build tree and installed, from any folder, through symbolic links, and after the installed tree was moved.
. "${0%/*}/launcher_common.sh"
: "${BINDIR:?}" "${LIBDIR:?}"

cd / || exit 99
run "$LAUNCHER" --print-preload
expect_output "$PRELOAD"

cd "${LAUNCHER%/*}" || exit 99
run "./${LAUNCHER##*/}" --print-preload
expect_output "$PRELOAD"

mkdir -p "$scratch/links"
ln -s "$LAUNCHER" "$scratch/links/atomrt-by-another-name"
PATH=$scratch/links:$PATH
run atomrt-by-another-name --print-preload
expect_output "$PRELOAD"

# An installed tree, wherever it stands now.
if [ "${BINDIR#/}" = "$BINDIR" ] && [ "${LIBDIR#/}" = "$LIBDIR" ]; then
  mkdir -p "$scratch/prefix/$BINDIR" "$scratch/prefix/$LIBDIR"
  cp "$LAUNCHER" "$scratch/prefix/$BINDIR" || exit 99
  cp "$PRELOAD" "$scratch/prefix/$LIBDIR" || exit 99
  run "$scratch/prefix/$BINDIR/${LAUNCHER##*/}" --print-preload
  expect_output "$scratch/prefix/$LIBDIR/${PRELOAD##*/}"
  run "$scratch/prefix/$BINDIR/${LAUNCHER##*/}" "$HELPERS/launcher_client" "$scratch/data"
  expect_in_output 'atomrt '
  mv "$scratch/prefix" "$scratch/moved"
  run "$scratch/moved/$BINDIR/${LAUNCHER##*/}" --print-preload
  expect_output "$scratch/moved/$LIBDIR/${PRELOAD##*/}"

  # LD_PRELOAD has no way to quote.
  mv "$scratch/moved" "$scratch/with space"
  run "$scratch/with space/$BINDIR/${LAUNCHER##*/}" true
  expect_status 125
  expect_one_message
  expect_in_messages 'LD_PRELOAD cannot hold'
fi

conclude
