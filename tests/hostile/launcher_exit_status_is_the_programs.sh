#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# As with env, nice and stdbuf: PROGRAM's own status, 127 not found, 126 not executable; signals pass through.
. "${0%/*}/launcher_common.sh"

for code in 0 1 7 125 255; do
  run "$LAUNCHER" sh -c "exit $code"
  expect_status "$code"
  expect_no_messages
done

# exec, not fork: the caller sees the signal itself.
run "$LAUNCHER" sh -c 'kill -TERM $$'
expect_status $((128 + 15))

run "$LAUNCHER" no-such-program-anywhere
expect_status 127
expect_one_message
run "$LAUNCHER" ./no/such/program
expect_status 127
expect_one_message
run "$LAUNCHER" /dev/null/program
expect_status 126
expect_one_message

printf 'no program\n' >"$scratch/data"
run "$LAUNCHER" "$scratch/data"
expect_status 126
expect_one_message
run "$LAUNCHER" "$scratch"
expect_status 126
expect_one_message

# A missing interpreter is what the kernel calls not found.
printf '#!/no/such/interpreter\n' >"$scratch/script"
chmod +x "$scratch/script"
run "$LAUNCHER" "$scratch/script"
expect_status 127
expect_one_message
expect_in_messages 'its interpreter /no/such/interpreter: '

# A file without #! goes to the shell, as with execvp.
printf 'exit 9\n' >"$scratch/plain"
chmod +x "$scratch/plain"
run "$LAUNCHER" "$scratch/plain"
expect_status 9

conclude
