# SPDX-License-Identifier: MIT
"""Holds atomrt against its rivals; bench/compare is the command."""
