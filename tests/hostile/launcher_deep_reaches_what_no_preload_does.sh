#!/usr/bin/env bash
# Each way around a preload is around it, and not around --deep. An LD_AUDIT that is there stays, in front.
. "${0%/*}/launcher_common.sh"
: "${AUDIT:?}" "${LIBDIR:?}" "${BINDIR:?}"

for module in lazy now noplt; do
  library=$HELPERS/libloader-module-$module.so
  run "$LAUNCHER" "$HELPERS/deep_client" "$library" module_write "$scratch/data"
  expect_output atomrt
  for way in module_write_by_dlsym_of_libc module_write_by_dlvsym_of_libc module_write_by_dlsym_of_librt deepbind \
    deepbind-now deepbind-pointer old-lists; do
    run "$LAUNCHER" "$HELPERS/deep_client" "$library" "$way" "$scratch/data"
    [ "$status" -eq 77 ] || expect_output glibc
    run "$LAUNCHER" --deep "$HELPERS/deep_client" "$library" "$way" "$scratch/data"
    [ "$status" -eq 77 ] || expect_output atomrt
    expect_no_messages
  done
  run "$LAUNCHER" --deep "$HELPERS/deep_client" "$library" module_write "$scratch/data"
  expect_output atomrt
done

# Where libc's symbols must stay as they are, calls are reached as they are bound.
for way in module_write_by_dlsym_of_libc module_write_by_dlvsym_of_libc deepbind deepbind-now; do
  run "$HELPERS/launcher_filter" writable "$LAUNCHER" --deep "$HELPERS/deep_client" "$HELPERS/libloader-module-lazy.so" \
    "$way" "$scratch/data"
  [ "$status" -eq 77 ] || expect_output atomrt
done

# Bound at start and late, in the program itself.
for variable in LD_BIND_NOW=1 LD_BIND_NOW=; do
  run "$LAUNCHER" --deep env "$variable" "$HELPERS/launcher_client" "$scratch/data"
  expect_in_output 'atomrt '
done

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

# It needs the preload: alone it changes nothing.
run env LD_AUDIT="$AUDIT" "$HELPERS/deep_client" "$HELPERS/libloader-module-lazy.so" deepbind "$scratch/data"
expect_output glibc
expect_no_messages

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
