#!/bin/sh
# SPDX-License-Identifier: MIT
# A test that can't be built here: says why, and is skipped.
echo "skipped: $*"
exit 77
