// SPDX-License-Identifier: MIT
// policy: what goes to the direct context and to the ring, by ATOMRT_CONTEXTS (the test runs once with each set of meson.build).
#include "engine/policy.h"

#include "chain/chains.h"
#include "engine/config.h"

namespace {

using namespace atomrt::unit;
using atomrt::chain::Chain;
using atomrt::chain::ChainPool;
using atomrt::engine::config;
using atomrt::engine::is_for_direct;
using atomrt::engine::is_for_ring;

Chain& chain_of(Kind kind) { return adopted(zeroed<ChainPool>(), request_of(kind)); }

// A read that must wait for storage of this machine.
Chain& uncached_read() {
  Chain& chain = chain_of(Kind::READ);
  chain.is_local = true;
  return chain;
}

// With the ring and threads; with the ring alone everything is its business.
bool is_shared() { return config().use_ring && config().use_threads; }

Chain& direct_read() {
  Chain& chain = chain_of(Kind::READ);
  chain.direct = true;
  chain.is_local = true;
  return chain;
}

Chain& direct_write() {
  Chain& chain = chain_of(Kind::DIRECT_WRITE);
  chain.is_disk = true;
  return chain;
}

// Its server's EAGAIN and its short results are results.
void transfers_of_other_machines_are_neither_direct_nor_the_rings(void**) {
  Chain& chain = direct_read();
  chain.is_local = false;
  assert_false(is_for_direct(chain));
  assert_false(is_for_ring(chain));
}

void transfers_of_files_opened_for_them_are_direct(void**) {
  assert_int_equal(is_for_direct(direct_read()), config().use_direct);
  assert_int_equal(is_for_direct(direct_write()), config().use_direct);
}

void all_others_are_not_direct(void**) {
  for (const Kind kind : {Kind::READ, Kind::WRITE, Kind::APPEND, Kind::SYNC, Kind::STREAM_READ, Kind::STREAM_WRITE,
                          Kind::STREAM_SYNC}) {
    assert_false(is_for_direct(chain_of(kind)));
  }
}

// Its descriptor may have O_DIRECT, too.
void syncs_streams_and_appends_are_never_direct(void**) {
  for (const Kind kind : {Kind::APPEND, Kind::SYNC, Kind::STREAM_READ, Kind::STREAM_WRITE, Kind::STREAM_SYNC}) {
    Chain& chain = chain_of(kind);
    chain.direct = true;
    assert_false(is_for_direct(chain));
  }
  Chain& data_only = chain_of(Kind::SYNC);
  data_only.operation = atomrt::chain::Operation::FDATASYNC;
  data_only.direct = true;
  assert_false(is_for_direct(data_only));
}

// The error comes from threads.
void a_negative_offset_is_never_direct(void**) {
  Chain& chain = direct_read();
  chain.offset = -1;
  assert_false(is_for_direct(chain));
  chain.offset = 0;
  assert_int_equal(is_for_direct(chain), config().use_direct);
}

void without_the_ring_nothing_is_for_it(void**) {
  if (config().use_ring) return;
  for (const Kind kind : {Kind::READ, Kind::WRITE, Kind::DIRECT_WRITE, Kind::SYNC, Kind::STREAM_READ, Kind::STREAM_WRITE}) {
    assert_false(is_for_ring(chain_of(kind)));
  }
  assert_false(is_for_ring(uncached_read()));
}

void streams_wait_in_the_ring(void**) {
  assert_int_equal(is_for_ring(chain_of(Kind::STREAM_READ)), config().use_ring);
  assert_int_equal(is_for_ring(chain_of(Kind::STREAM_WRITE)), config().use_ring);
}

void reads_that_wait_for_storage_go_to_the_ring(void**) {
  assert_int_equal(is_for_ring(uncached_read()), config().use_ring);
}

// Who waits for it runs it himself.
void a_single_request_of_a_file_goes_to_threads(void**) {
  Chain& read = uncached_read();
  read.company = 1;
  assert_int_equal(is_for_ring(read), config().use_ring && !config().use_threads);
  read.company = 2;
  assert_int_equal(is_for_ring(read), config().use_ring);
  Chain& stream = chain_of(Kind::STREAM_READ);
  stream.company = 1;
  assert_int_equal(is_for_ring(stream), config().use_ring);
}

void direct_requests_go_to_the_ring(void**) {
  assert_int_equal(is_for_ring(direct_write()), config().use_ring);
}

// The kernel would hand each of them to a thread of its own.
void what_the_kernel_does_in_a_thread_goes_to_ours(void**) {
  if (!is_shared()) return;
  assert_false(is_for_ring(chain_of(Kind::WRITE)));
  assert_false(is_for_ring(chain_of(Kind::APPEND)));
  assert_false(is_for_ring(chain_of(Kind::SYNC)));
  assert_false(is_for_ring(chain_of(Kind::STREAM_SYNC)));
  Chain& elsewhere = uncached_read();
  elsewhere.is_local = false;
  assert_false(is_for_ring(elsewhere));
  Chain& without_nowait = uncached_read();
  without_nowait.refuses_nowait = true;
  assert_false(is_for_ring(without_nowait));
  Chain& copied = uncached_read();
  copied.is_modest = true;
  assert_false(is_for_ring(copied));
}

void without_threads_everything_is_for_the_ring(void**) {
  if (!config().use_ring || config().use_threads) return;
  for (const Kind kind : {Kind::READ, Kind::WRITE, Kind::APPEND, Kind::DIRECT_WRITE, Kind::SYNC, Kind::STREAM_SYNC,
                          Kind::STREAM_READ, Kind::STREAM_WRITE}) {
    Chain& chain = chain_of(kind);
    chain.is_local = true;
    assert_true(is_for_ring(chain));
  }
}

// To io_uring -1 is the file's own position.
void a_negative_offset_is_never_for_the_ring(void**) {
  for (const Kind kind : {Kind::READ, Kind::WRITE, Kind::DIRECT_WRITE}) {
    Chain& chain = chain_of(kind);
    chain.is_local = true;
    chain.offset = -1;
    assert_false(is_for_ring(chain));
  }
  // A stream has no offsets.
  Chain& stream = chain_of(Kind::STREAM_READ);
  stream.offset = -1;
  assert_int_equal(is_for_ring(stream), config().use_ring);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(transfers_of_files_opened_for_them_are_direct),
           cmocka_unit_test(transfers_of_other_machines_are_neither_direct_nor_the_rings),
           cmocka_unit_test(all_others_are_not_direct), cmocka_unit_test(syncs_streams_and_appends_are_never_direct),
           cmocka_unit_test(a_negative_offset_is_never_direct),
           cmocka_unit_test(without_the_ring_nothing_is_for_it), cmocka_unit_test(streams_wait_in_the_ring),
           cmocka_unit_test(reads_that_wait_for_storage_go_to_the_ring),
           cmocka_unit_test(a_single_request_of_a_file_goes_to_threads),
           cmocka_unit_test(direct_requests_go_to_the_ring),
           cmocka_unit_test(what_the_kernel_does_in_a_thread_goes_to_ours),
           cmocka_unit_test(without_threads_everything_is_for_the_ring),
           cmocka_unit_test(a_negative_offset_is_never_for_the_ring))
