// SPDX-License-Identifier: MIT
// One line for the user on stderr, "atomrt: …", by one write(2): no stdio, no lock, no descriptor of the library's own.
#pragma once

namespace atomrt::engine {

[[gnu::format(printf, 1, 2)]] void say(const char* format, ...);

}  // namespace atomrt::engine
