#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Each way around a preload is around it, and not around --deep.
. "${0%/*}/launcher_common.sh"
: "${AUDIT:?}"

for module in lazy now noplt; do
  library=$HELPERS/libloader-module-$module.so
  run "$LAUNCHER" "$HELPERS/deep_client" "$library" module_write "$scratch/data"
  expect_output atomrt
  for way in module_write_by_dlsym_of_libc module_write_by_dlvsym_of_libc module_write_by_dlsym_of_librt deepbind \
    deepbind-now deepbind-pointer old-lists; do
    run "$LAUNCHER" "$HELPERS/deep_client" "$library" "$way" "$scratch/data"
    [ "$status" -eq 77 ] || expect_output glibc
    run "$LAUNCHER" --deep "$HELPERS/deep_client" "$library" "$way" "$scratch/data"
    [ "$status" -eq 77 ] && continue # not on this machine
    expect_output atomrt
    expect_no_messages
  done
  run "$LAUNCHER" --deep "$HELPERS/deep_client" "$library" module_write "$scratch/data"
  expect_output atomrt
done

# Where libc's symbols must stay as they are, calls are reached as they are bound; addresses in data are not.
deny=("$HELPERS/launcher_filter" writable "$LAUNCHER" --deep "$HELPERS/deep_client" "$HELPERS/libloader-module-lazy.so")
for way in module_write_by_dlsym_of_libc module_write_by_dlvsym_of_libc deepbind deepbind-now deepbind-behind-librt; do
  run "${deny[@]}" "$way" "$scratch/data"
  [ "$status" -eq 77 ] || expect_output atomrt
done
run "${deny[@]}" deepbind-pointer "$scratch/data"
[ "$output" != atomrt ] || complain 'the filter is in force: not atomrt'

# Bound at start and late, in the program itself.
for LD_BIND_NOW in 1 ''; do
  export LD_BIND_NOW
  run "$LAUNCHER" --deep "$HELPERS/launcher_client" "$scratch/data"
  expect_in_output 'atomrt '
done
unset LD_BIND_NOW

# It needs the preload: alone it changes nothing.
run env LD_AUDIT="$AUDIT" "$HELPERS/deep_client" "$HELPERS/libloader-module-lazy.so" deepbind "$scratch/data"
expect_output glibc
expect_no_messages

conclude
