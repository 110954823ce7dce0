// SPDX-License-Identifier: MIT
// pending: a scan of memory that changes while it is read, of either word size. The memory is the test's: an array, its
// first byte at address BASE.
#include "chain/pending.h"

#include "unit.h"

namespace {

using namespace atomrt::chain;

constexpr std::uint64_t BASE = 0x10000;
constexpr std::uint32_t SLOT_BYTES = 128, SLOTS = 4;
constexpr std::uint32_t POINTER = 8, ENGINE = 64, CHUNK = 512, LANE = 1536;

struct Image {
  unsigned char bytes[2048] = {};
  int word_bytes;
  int slot_reads = 0;
  void (*when_slot_is_read)(Image&, int) = nullptr;  // before the copy is made
  void (*when_slot_was_read)(Image&, int) = nullptr;
  bool is_gone = false;

  explicit Image(int word) : word_bytes(word) {
    put_word(POINTER, BASE + ENGINE);
    put(ENGINE, std::uint32_t{1});  // started
    put(ENGINE + 8, std::uint32_t{1});
    put_word(ENGINE + 16, BASE + CHUNK);
    for (std::uint32_t i = 0; i < SLOTS; ++i) put(CHUNK + i * SLOT_BYTES, i + 1);
  }
  template <typename T>
  void put(std::uint32_t at, T value) {
    memcpy(bytes + at, &value, sizeof value);
  }
  void put_word(std::uint32_t at, std::uint64_t value) {
    word_bytes == 8 ? put(at, value) : put(at, static_cast<std::uint32_t>(value));
  }
  // The request of that slot, of a generation that its block and its length show.
  void stand(std::uint32_t slot, std::uint32_t generation, Place place) {
    const std::uint32_t at = CHUNK + slot * SLOT_BYTES;
    put(at + 8, std::uint64_t{generation} << 32 | static_cast<std::uint32_t>(place));
    put_word(at + 16, generation * 1000);
    put(at + 32, generation * 1000);
  }

  bool read(std::uint64_t address, void* to, std::size_t size) {
    const bool is_slot = size == SLOT_BYTES;
    if (is_slot && when_slot_is_read != nullptr) when_slot_is_read(*this, slot_reads);
    if (is_gone || address < BASE || address - BASE + size > sizeof bytes) return false;
    memcpy(to, bytes + (address - BASE), size);
    if (is_slot && when_slot_was_read != nullptr) when_slot_was_read(*this, slot_reads);
    slot_reads += is_slot;
    return true;
  }
};

Layout layout_of(const Image& image) {
  const auto word = static_cast<std::uint16_t>(image.word_bytes);
  Layout layout{};
  memcpy(layout.magic, Layout::MAGIC, sizeof layout.magic);
  layout.form = Layout::FORM;
  layout.bytes = sizeof layout;
  layout.word_bytes = word;
  layout.slot_bytes = SLOT_BYTES;
  layout.chunk_slots = SLOTS;
  layout.most_chunks = 1;
  layout.chunk_count = 8;
  layout.chunks = 16;
  layout.counters = 24;
  layout.number = {0, 4};
  layout.state = {8, 8};
  layout.block = {16, word};
  layout.offset = {24, 8};
  layout.length = {32, 4};
  layout.moved = {36, 4};
  layout.submitted_ns = {40, 8};
  layout.fd = {48, 4};
  layout.io_fd = {52, 4};
  layout.operation = {56, 1};
  layout.order = {57, 1};
  layout.lane = {64, word};
  layout.submitter = {72, 4};
  layout.runner = {76, 4};
  layout.lane_active_read = 0;
  layout.lane_active_write = 8;
  layout.lane_first = 16;
  layout.order_reads = 1;
  layout.order_sync = 5;
  layout.engine.address = BASE + POINTER;
  return layout;
}

struct Seen {
  Pending requests[SLOTS];
  unsigned count = 0;
  Scan scan = Scan::DONE;
};

Seen look(Image& image) {
  static unsigned char chunk[Layout::MOST_CHUNK_BYTES];
  const Layout layout = layout_of(image);
  Seen seen{};
  Scanner scanner(image, layout);
  seen.scan = scanner.visit_all(chunk, [&](const Pending& request) { seen.requests[seen.count++] = request; });
  return seen;
}

void requests_of_either_word_size_are_found(void**) {
  for (const int word : {4, 8}) {
    Image image(word);
    image.stand(1, 7, Place::QUEUED);
    const std::uint32_t at = CHUNK + SLOT_BYTES;
    image.put(at + 24, std::int64_t{1} << 40);
    image.put(at + 36, std::uint32_t{12});
    image.put(at + 40, std::int64_t{55});
    image.put(at + 48, 3);
    image.put(at + 52, 9);
    image.put(at + 56, static_cast<std::uint8_t>(Operation::WRITE));
    image.put(at + 72, std::uint32_t{4711});
    image.put(at + 76, RING_POLLS);
    const Seen seen = look(image);
    assert_int_equal(seen.count, 1);
    const Pending& request = seen.requests[0];
    assert_true(request.number == 2 && request.block == 7000 && request.length == 7000 && request.moved == 12);
    assert_true(request.offset == std::int64_t{1} << 40 && request.submitted_ns == 55);
    assert_true(request.fd == 3 && request.io_fd == 9 && request.submitter == 4711);
    assert_true(request.is_polled && request.runner == 0);
    assert_true(request.operation == Operation::WRITE && request.place == Place::QUEUED);
  }
}

void nothing_is_found_before_an_engine_runs(void**) {
  Image image(8);
  image.stand(0, 1, Place::QUEUED);
  image.put(ENGINE, std::uint32_t{0});
  assert_int_equal(look(image).count, 0);
  image.put_word(POINTER, 0);
  assert_int_equal(look(image).count, 0);
  assert_true(look(image).scan == Scan::DONE);
}

void counters_are_where_the_engine_says(void**) {
  for (const int word : {4, 8}) {
    Image image(word);
    const Layout layout = layout_of(image);
    Scanner scanner(image, layout);
    assert_true(scanner.counters() == 0);
    image.put_word(ENGINE + 24, 4711);
    assert_true(scanner.counters() == 4711);
    image.put(ENGINE, std::uint32_t{0});
    assert_true(scanner.counters() == 0);
  }
}

// The slot becomes another request's between its word of state and its fields: never a mixture of both.
void a_chain_that_is_used_again_is_never_half_of_each(void**) {
  Image image(8);
  image.stand(0, 1, Place::RUNNING);
  image.when_slot_is_read = [](Image& changing, int read) {
    if (read == 0) changing.put(CHUNK + 32, std::uint32_t{2000});  // the next one's length alone, as far as it has come
  };
  image.when_slot_was_read = [](Image& changing, int read) {
    if (read == 0) changing.stand(0, 2, Place::QUEUED);
  };
  const Seen seen = look(image);
  assert_int_equal(seen.count, 1);
  assert_true(seen.requests[0].block == 2000 && seen.requests[0].length == 2000);
  assert_true(seen.requests[0].place == Place::QUEUED);
  assert_int_equal(image.slot_reads, 2);
}

void what_ends_meanwhile_is_not_shown(void**) {
  Image image(8);
  image.stand(0, 1, Place::RUNNING);
  image.stand(2, 1, Place::IN_RING);
  image.when_slot_was_read = [](Image& changing, int read) {
    if (read == 0) changing.stand(0, 2, Place::FREE);
  };
  const Seen seen = look(image);
  assert_int_equal(seen.count, 1);
  assert_int_equal(seen.requests[0].number, 3);
}

// One that is elsewhere at each look is shown all the same.
void what_never_rests_is_shown_where_it_was_last(void**) {
  Image image(8);
  image.stand(0, 1, Place::RUNNING);
  image.when_slot_was_read = [](Image& changing, int read) {
    changing.stand(0, 1, read % 2 == 0 ? Place::MOVING : Place::RUNNING);
  };
  assert_int_equal(look(image).count, 1);
}

void who_is_held_names_whom_he_waits_for(void**) {
  for (const int word : {4, 8}) {
    Image image(word);
    image.put_word(LANE, BASE + CHUNK);                       // the active read: request 1
    image.put_word(LANE + 8, BASE + CHUNK + SLOT_BYTES);      // the active write: 2
    image.put_word(LANE + 16, BASE + CHUNK + 2 * SLOT_BYTES);  // the oldest: 3
    image.stand(3, 1, Place::HELD);
    image.put_word(CHUNK + 3 * SLOT_BYTES + 64, BASE + LANE);
    for (const auto& [order, expected] : {std::pair{1, 1}, {2, 2}, {5, 3}}) {
      image.put(CHUNK + 3 * SLOT_BYTES + 57, static_cast<std::uint8_t>(order));
      assert_int_equal(look(image).requests[0].behind, expected);
    }
    image.put_word(LANE + 16, 0);  // has just left
    assert_int_equal(look(image).requests[0].behind, 0);
  }
}

// It waits for itself, or its lane has gone since.
void who_is_held_behind_nobody_names_nobody(void**) {
  Image image(8);
  image.put_word(LANE, BASE + CHUNK + 3 * SLOT_BYTES);  // the active read: request 4 itself
  image.stand(3, 1, Place::HELD);
  image.put(CHUNK + 3 * SLOT_BYTES + 57, std::uint8_t{1});
  image.put_word(CHUNK + 3 * SLOT_BYTES + 64, BASE + LANE);
  assert_int_equal(look(image).requests[0].behind, 0);
  image.put_word(LANE, BASE + CHUNK);
  assert_int_equal(look(image).requests[0].behind, 1);
  image.put_word(CHUNK + 3 * SLOT_BYTES + 64, 0);
  assert_int_equal(look(image).requests[0].behind, 0);
}

// Its state is what it was before, but the copy shows another one.
void a_chain_that_is_back_where_it_was_is_copied_again(void**) {
  Image image(8);
  image.stand(0, 1, Place::RUNNING);
  image.when_slot_is_read = [](Image& changing, int read) { changing.stand(0, read == 0 ? 2 : 1, Place::RUNNING); };
  image.when_slot_was_read = [](Image& changing, int) { changing.stand(0, 1, Place::RUNNING); };
  const Seen seen = look(image);
  assert_int_equal(seen.count, 1);
  assert_true(seen.requests[0].block == 1000);
  assert_int_equal(image.slot_reads, 2);
}

// Another request each time: what is there at the last look may be half of each, and is left out.
void a_slot_of_ever_new_requests_is_left_out(void**) {
  Image image(8);
  image.stand(0, 1, Place::RUNNING);
  image.when_slot_was_read = [](Image& changing, int read) {
    changing.stand(0, static_cast<std::uint32_t>(read) + 2, Place::RUNNING);
  };
  assert_int_equal(look(image).count, 0);
  assert_int_equal(image.slot_reads, 16);
}

void chunks_beyond_the_layouts_and_missing_ones_are_not_looked_at(void**) {
  Image image(8);
  image.stand(0, 1, Place::QUEUED);
  image.put(ENGINE + 8, std::uint32_t{1000});
  assert_int_equal(look(image).count, 1);
  image.put_word(ENGINE + 16, 0);
  assert_int_equal(look(image).count, 0);
  assert_true(look(image).scan == Scan::DONE);
}

void a_place_that_there_is_not_is_no_request(void**) {
  Image image(8);
  image.stand(0, 1, static_cast<Place>(PLACES));
  image.stand(1, 1, Place::QUEUED);
  const Seen seen = look(image);
  assert_int_equal(seen.count, 1);
  assert_int_equal(seen.requests[0].number, 2);
}

void memory_that_cannot_be_read_is_a_failure(void**) {
  Image image(8);
  image.stand(0, 1, Place::QUEUED);
  image.put_word(ENGINE + 16, BASE + 100'000);
  assert_true(look(image).scan == Scan::FAILED);
  image.is_gone = true;
  assert_true(look(image).scan == Scan::FAILED);
  for (const bool is_before : {true, false}) {  // the copy of a slot, and the look at its state after that
    Image leaving(8);
    leaving.stand(0, 1, Place::QUEUED);
    const auto leave = [](Image& changing, int) { changing.is_gone = true; };
    (is_before ? leaving.when_slot_is_read : leaving.when_slot_was_read) = leave;
    assert_true(look(leaving).scan == Scan::FAILED);
  }
  Image elsewhere(8);
  elsewhere.put_word(POINTER, BASE + 100'000);
  assert_true(look(elsewhere).scan == Scan::FAILED);
}

void another_form_is_recognised(void**) {
  const Image image(8);
  assert_true(layout_of(image).is_of_this_form());
  assert_true(layout_of(Image(4)).is_of_this_form());
  const auto is_taken = [&](auto change) {
    Layout layout = layout_of(image);
    change(layout);
    return layout.is_of_this_form();
  };
  assert_false(is_taken([](Layout& layout) { layout.magic[0] = 'x'; }));
  assert_false(is_taken([](Layout& layout) { ++layout.form; }));
  assert_false(is_taken([](Layout& layout) { layout.bytes = 8; }));
  assert_false(is_taken([](Layout& layout) { layout.word_bytes = 2; }));
  assert_false(is_taken([](Layout& layout) { layout.slot_bytes = 0; }));
  assert_false(is_taken([](Layout& layout) { layout.slot_bytes = Layout::MOST_SLOT_BYTES + 1; }));
  assert_false(is_taken([](Layout& layout) { layout.chunk_slots = UINT32_MAX; }));
  assert_true(is_taken([](Layout& layout) { layout.bytes += 8; }));  // fields behind those of this form
}

void a_line_says_what_where_and_how_long(void**) {
  const auto line_of = [](const Pending& request) {
    static char text[600];
    PendingLine line{};
    describe(request, 2'000'000'000, line);
    snprintf(text, sizeof text, "%.*s", static_cast<int>(line.view().size()), line.view().data());
    return text;
  };
  Pending request{};
  request.number = 17;
  request.place = Place::BLOCKED;
  request.fd = request.io_fd = 5;
  request.length = 4096;
  request.submitter = 11;
  request.runner = 12;
  request.block = 0xabc;
  request.submitted_ns = 500'000'000;
  assert_string_equal(line_of(request),
                      "     1.500       17 read           5                0       4096          0       11"
                      "              0xabc  waits for its peer in thread 12; ");
  request.is_polled = true;
  assert_non_null(strstr(line_of(request), "  waits for its peer in the ring; "));
  request.place = Place::IN_RING;  // the rest of a stream's transfer
  assert_non_null(strstr(line_of(request), "  waits for its peer in the ring; "));
  request.is_polled = false;
  assert_non_null(strstr(line_of(request), "  in the ring; "));
  request.place = Place::HELD;
  request.behind = 3;
  request.operation = Operation::FDATASYNC;
  request.io_fd = 6;
  assert_non_null(strstr(line_of(request), " fdatasync      5                -          -          -"));
  assert_non_null(strstr(line_of(request), "  held behind request 3, closed by the program; "));
  for (std::uint32_t place = 0; place < PLACES; ++place) {
    request.place = static_cast<Place>(place);
    assert_non_null(strstr(line_of(request), "; "));
    assert_true(strcmp(name_of(request.place), "unknown") != 0);
  }
  request.behind = request.runner = request.submitter = 0;  // nothing more is known
  const std::pair<Place, const char*> short_ones[] = {{Place::HELD, "  held, closed"}, {Place::BLOCKED, "  waits for its peer, closed"},
                                                      {Place::MOVING, "  on its way, closed"}, {Place::RUNNING, "  runs, closed"}};
  for (const auto& [place, words] : short_ones) {
    request.place = place;
    assert_non_null(strstr(line_of(request), words));
    assert_non_null(strstr(line_of(request), "        ?  "));
  }
}

// As another process's memory, or a core's, may show them.
void numbers_without_a_name_are_unknown(void**) {
  assert_string_equal(name_of(static_cast<Operation>(99)), "unknown");
  assert_string_equal(name_of(static_cast<Place>(PLACES)), "unknown");
  const unsigned char bytes[16] = {1};
  assert_true(value_of(bytes, {0, 16}) == 0);
}

void the_oldest_comes_first(void**) {
  Pending older{}, younger{};
  older.submitted_ns = 5;
  older.number = 2;
  younger.submitted_ns = 6;
  younger.number = 1;
  assert_true(is_older(older, younger) && !is_older(younger, older));
  younger.submitted_ns = 5;
  assert_true(is_older(younger, older) && !is_older(older, younger));
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(requests_of_either_word_size_are_found),
           cmocka_unit_test(nothing_is_found_before_an_engine_runs),
           cmocka_unit_test(counters_are_where_the_engine_says),
           cmocka_unit_test(a_chain_that_is_used_again_is_never_half_of_each),
           cmocka_unit_test(what_ends_meanwhile_is_not_shown),
           cmocka_unit_test(what_never_rests_is_shown_where_it_was_last),
           cmocka_unit_test(who_is_held_names_whom_he_waits_for),
           cmocka_unit_test(who_is_held_behind_nobody_names_nobody),
           cmocka_unit_test(a_chain_that_is_back_where_it_was_is_copied_again),
           cmocka_unit_test(a_slot_of_ever_new_requests_is_left_out),
           cmocka_unit_test(chunks_beyond_the_layouts_and_missing_ones_are_not_looked_at),
           cmocka_unit_test(a_place_that_there_is_not_is_no_request), cmocka_unit_test(numbers_without_a_name_are_unknown),
           cmocka_unit_test(memory_that_cannot_be_read_is_a_failure), cmocka_unit_test(another_form_is_recognised),
           cmocka_unit_test(a_line_says_what_where_and_how_long), cmocka_unit_test(the_oldest_comes_first))
