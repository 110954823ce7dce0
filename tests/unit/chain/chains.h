// SPDX-License-Identifier: MIT
// chains.h: requests and chains for tests that do no I/O.
#pragma once

#include "unit.h"

#include "chain/lane.h"
#include "chain/stand.h"

namespace atomrt::unit {

// What a request is, for the order of its lane.
enum class Kind { READ, DIRECT_WRITE, WRITE, APPEND, SYNC, STREAM_READ, STREAM_WRITE, STREAM_SYNC };

inline chain::Request request_of(Kind kind, struct aiocb* block = nullptr, int fd = 3) {
  using chain::Operation;
  chain::Request request{};
  request.block = block;
  request.fd = fd;
  request.length = 1;
  const bool streams = kind >= Kind::STREAM_READ;
  request.kind = streams ? os::FileKind::STREAM : os::FileKind::POSITIONAL;
  switch (kind) {
    case Kind::READ:
    case Kind::STREAM_READ:
      request.operation = Operation::READ;
      break;
    case Kind::SYNC:
    case Kind::STREAM_SYNC:
      request.operation = Operation::FSYNC;
      break;
    default:
      request.operation = Operation::WRITE;
      request.direct = kind == Kind::DIRECT_WRITE;
      request.append = kind == Kind::APPEND;
  }
  return request;
}

inline chain::Chain& adopted(chain::ChainPool& pool, const chain::Request& request) {
  chain::Chain* chain = chain::adopt(pool, request);
  if (chain == nullptr) abort();
  chain->order = chain::order_of(*chain);
  return *chain;
}

}  // namespace atomrt::unit
