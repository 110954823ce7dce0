#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# --compare runs PROGRAM as often as asked on each side, in turn, measures what it takes, and tells how it ended.
. "${0%/*}/launcher_common.sh"

# Each side once a round, each with its own environment; which comes first alternates. The client tells who serves it.
cat >"$scratch/client" <<END
#!/bin/sh
"$HELPERS/launcher_client" "$scratch/data" >>"$scratch/served"
exit 5
END
chmod +x "$scratch/client"
run "$LAUNCHER" --compare=3 -- "$scratch/client"
expect_status 0
expect_no_messages
expect_in_output '3, exit status 5 each time'
version=$("$LAUNCHER" --version)
served=$(tr '\n' ',' <"$scratch/served")
[ "$served" = "glibc,$version,$version,glibc,glibc,$version," ] || complain "served in turn, not $served"

# What a side takes is seen: atomrt's, known by its environment, sleeps for longer and computes less.
cat >"$scratch/slower" <<'END'
#!/bin/sh
if [ -n "$LD_PRELOAD" ]; then
  sleep 0.5
else
  i=0
  while [ $i -lt 100000 ]; do i=$((i + 1)); done
fi
END
chmod +x "$scratch/slower"
run "$LAUNCHER" --compare=2 --json "$scratch/slower"
expect_status 0
echo "$output" >"$scratch/json"
python3 -B - "$scratch/json" "$scratch/slower" <<'END' || complain 'JSON tells what each side takes'
import json, sys
result = json.load(open(sys.argv[1]))
assert result["program"] == [sys.argv[2]] and result["rounds"] == 2 and result["same_end"] is True, result
glibc, atomrt = result["glibc"], result["atomrt"]
assert glibc["ends"] == atomrt["ends"] == [0, 0], result
assert atomrt["wall_s"]["least"] >= 0.5, result
assert glibc["user_s"]["median"] > 0 and atomrt["user_s"]["median"] < glibc["user_s"]["median"], result
for side in glibc, atomrt:
    for name in "wall_s", "user_s", "system_s":
        assert side[name]["least"] <= side[name]["median"] <= side[name]["most"], result
assert result["ratio"]["least"] <= result["ratio"]["median"] <= result["ratio"]["most"], result
END

# Another end under one of them is told, and is the exit status.
# shellcheck disable=SC2016 # for that shell
run "$LAUNCHER" --compare=2 sh -c 'test -z "$LD_PRELOAD" || kill -TERM $$'
expect_status 1
expect_in_output 'DIFFER'
expect_in_output 'SIGTERM SIGTERM'
expect_in_output 'glibc    0 0'

# Input and output are not its business, messages are.
run "$LAUNCHER" --compare=1 -- sh -c 'echo out; cat; echo message >&2'
expect_status 0
case $output in *out*) complain 'the output of PROGRAM is not shown' ;; esac
[ "$messages" = $'message\nmessage' ] || complain 'messages of PROGRAM are shown'

run "$LAUNCHER" --compare no-such-program-anywhere
expect_status 127
expect_one_message
run "$LAUNCHER" --compare "$scratch"
expect_status 126
expect_one_message
run env LD_PRELOAD="$PRELOAD" "$LAUNCHER" --compare true
expect_status 125
expect_one_message

conclude
