#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# --explain tells what uses AIO and whether it would be served, for each kind of program, and runs nothing of it.
. "${0%/*}/launcher_common.sh"

explains() { # PROGRAM, STATUS, then: texts
  run "$LAUNCHER" --explain "$1"
  expect_status "$2"
  expect_no_messages
  shift 2
  for text in "$@"; do expect_in_output "$text"; done
}

cc=${CC:-cc}
cat >"$scratch/marks.c" <<END
#include <stdio.h>
__attribute__((constructor)) static void mark(void) { fclose(fopen("$scratch/was-run", "w")); }
END
printf '#include <aio.h>\nint of_library(void) { return aio_error((struct aiocb *)0); }\n' >"$scratch/library.c"
printf 'int of_library(void);\nint main(void) { return of_library(); }\n' >"$scratch/program.c"
printf 'int main(void) { return 0; }\n' >"$scratch/plain.c"
printf 'int aio_error(void *p) { return p == 0; }\nint main(void) { return aio_error(0); }\n' >"$scratch/own.c"
"$cc" -U_FILE_OFFSET_BITS -shared -fPIC -o "$scratch/libuser.so" "$scratch/library.c" "$scratch/marks.c" || exit 99
"$cc" -o "$scratch/program" "$scratch/program.c" -L"$scratch" -luser -Wl,-rpath,"$scratch" || exit 99
"$cc" -o "$scratch/plain" "$scratch/plain.c" || exit 99
"$cc" -rdynamic -o "$scratch/own" "$scratch/own.c" || exit 99

explains "$HELPERS/launcher_client" 0 'dynamically linked, glibc' 'uses AIO     itself: ' aio_write 'served       yes'
# Through a library, which is named; found by a path without a slash, too.
explains "$scratch/program" 0 "uses AIO     $scratch/libuser.so: aio_error" 'served       yes'
PATH=$scratch:$PATH explains program 0 "$scratch/libuser.so: aio_error"
[ ! -e "$scratch/was-run" ] || complain 'nothing of the program runs'
explains "$scratch/plain" 1 'uses AIO     none found' 'served       no: it uses no POSIX AIO'
explains "$scratch/own" 1 'has AIO      itself: aio_error' 'served       no: it has AIO functions of its own'

# A library that is not there.
rm "$scratch/libuser.so"
explains "$scratch/program" 1 'missing      1 libraries' 'served       unknown: libraries are missing'

# What no preload reaches.
if [ -x "$HELPERS/launcher_subject_static" ]; then
  explains "$HELPERS/launcher_subject_static" 1 'statically linked' 'served       no: a preload cannot reach it'
  printf '#!%s\n' "$HELPERS/launcher_subject_static" >"$scratch/script"
  chmod +x "$scratch/script"
  explains "$scratch/script" 1 "script of    $HELPERS/launcher_subject_static" 'obstacle     it is statically linked'
fi
[ ! -x "$HELPERS/launcher_subject_musl" ] || [ -e /lib/ld-musl-none.so.1 ] ||
  explains "$HELPERS/launcher_subject_musl" 1 'musl' 'obstacle     it is linked with musl, not glibc'
[ ! -x "$HELPERS/launcher_subject_32" ] || explains "$HELPERS/launcher_subject_32" 1 '32 bits' 'is a 32-bit program'
if [ "$(id -u)" -eq 0 ]; then
  case $(findmnt -no OPTIONS -T "$scratch") in *nosuid*) ;; *)
    cp "$HELPERS/launcher_client" "$scratch/setuid" && chown 65534 "$scratch/setuid" && chmod u+s "$scratch/setuid"
    explains "$scratch/setuid" 1 'obstacle     it is setuid' 'uses AIO     itself'
    ;;
  esac
fi

printf '#!%s/no/such\n' "$scratch" >"$scratch/lost"
chmod +x "$scratch/lost"
run "$LAUNCHER" --explain "$scratch/lost"
expect_status 127
expect_one_message
expect_in_messages "its interpreter $scratch/no/such"
run "$LAUNCHER" --explain no-such-program-anywhere
expect_status 127
expect_one_message

# A file that lies about itself ends nothing.
head -c 4000 "$HELPERS/launcher_client" >"$scratch/cut"
chmod +x "$scratch/cut"
run "$LAUNCHER" --explain "$scratch/cut"
expect_status 1

for order in "--explain --json $HELPERS/launcher_client" "--explain $HELPERS/launcher_client --json"; do
  # shellcheck disable=SC2086 # words
  run "$LAUNCHER" $order
  expect_status 0
  echo "$output" >"$scratch/json"
  python3 -B - "$scratch/json" "$HELPERS/launcher_client" <<'END' || complain 'JSON tells the same'
import json, sys
result = json.load(open(sys.argv[1]))
assert result["program"] == result["file"] == sys.argv[2] and result["is_script"] is False, result
assert result["is_served"] is True and result["obstacle"] is None and result["missing_libraries"] == 0, result
(itself,) = [entry for entry in result["objects"] if entry["file"] == sys.argv[2]]
assert {name.removesuffix("64") for name in itself["uses"]} >= {"aio_read", "aio_write", "aio_suspend"}, result
assert itself["has"] == [], result
END
done

conclude
