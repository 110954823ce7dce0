// SPDX-License-Identifier: MIT
// Mailbox: letters come in order, each once, whoever posts meanwhile; without memory none is posted (os::map_memory is
// wrapped).
#include "exec/mailbox.h"

#include "unit.h"
#include "without_memory.h"

namespace {

using namespace atomrt::unit;
using atomrt::aiocb::RequestName;
using atomrt::exec::Mailbox;
using Wish = Mailbox::Wish;

struct Letters {
  int count = 0;
  RequestName names[16] = {};
  Wish wishes[16] = {};

  explicit Letters(Mailbox& mailbox) {
    mailbox.collect([this](Wish wish, RequestName name) {
      names[count % 16] = name;
      wishes[count % 16] = wish;
      ++count;
    });
  }
};

void a_new_mailbox_is_empty(void**) {
  auto& mailbox = zeroed<Mailbox>();
  assert_true(mailbox.is_empty());
  assert_int_equal(Letters(mailbox).count, 0);
}

void letters_come_in_order_and_once(void**) {
  auto& mailbox = zeroed<Mailbox>();
  for (std::uint32_t i = 1; i <= 5; ++i) {
    assert_true(mailbox.post(i == 3 ? Wish::FORGET : Wish::RUN, {i, 100 + i}));
    assert_false(mailbox.is_empty());
  }
  const Letters letters(mailbox);
  assert_int_equal(letters.count, 5);
  for (std::uint32_t i = 1; i <= 5; ++i) {
    assert_int_equal(letters.names[i - 1].number, i);
    assert_int_equal(letters.names[i - 1].generation, 100 + i);
    assert_int_equal(letters.wishes[i - 1], i == 3 ? Wish::FORGET : Wish::RUN);
  }
  assert_true(mailbox.is_empty());
  assert_int_equal(Letters(mailbox).count, 0);
}

// A reader completes requests, and who is released may be mailed at once.
void a_letter_posted_by_the_reader_is_for_the_next_time(void**) {
  auto& mailbox = zeroed<Mailbox>();
  assert_true(mailbox.post(Wish::RUN, {1, 1}));
  int read = 0;
  mailbox.collect([&](Wish, RequestName) {
    ++read;
    assert_true(mailbox.post(Wish::RUN, {2, 2}));
  });
  assert_int_equal(read, 1);
  const Letters letters(mailbox);
  assert_int_equal(letters.count, 1);
  assert_int_equal(letters.names[0].number, 2);
}

void letters_are_used_again(void**) {
  auto& mailbox = zeroed<Mailbox>();
  assert_true(mailbox.post(Wish::RUN, {1, 1}));
  assert_int_equal(Letters(mailbox).count, 1);
  const WithoutMemory none;
  for (int round = 0; round < 1000; ++round) {
    for (std::uint32_t i = 1; i <= 10; ++i) assert_true(mailbox.post(Wish::RUN, {i, 1}));
    assert_int_equal(Letters(mailbox).count, 10);
  }
}

void without_memory_no_letter_is_posted(void**) {
  auto& mailbox = zeroed<Mailbox>();
  {
    const WithoutMemory none;
    assert_false(mailbox.post(Wish::RUN, {1, 1}));
    assert_true(mailbox.is_empty());
  }
  assert_true(mailbox.post(Wish::RUN, {2, 2}));
  const Letters letters(mailbox);
  assert_int_equal(letters.count, 1);
  assert_int_equal(letters.names[0].number, 2);
}

// Three post, one reads at the same time: each writer's letters come in his order, none twice, none lost.
void letters_of_many_posters_at_once_come_each_once_and_in_order(void**) {
  constexpr std::uint32_t POSTERS = 3, EACH = 20'000;
  auto& mailbox = zeroed<Mailbox>();
  std::atomic<int> refused{0};
  const auto post_all = [&](std::uint32_t poster) {
    for (std::uint32_t i = 1; i <= EACH; ++i) refused.fetch_add(!mailbox.post(Wish::RUN, {poster, i}));
  };
  const auto post_first = [&] { post_all(0); };
  const auto post_second = [&] { post_all(1); };
  const auto post_third = [&] { post_all(2); };
  std::uint32_t last[POSTERS] = {};
  int out_of_order = 0;
  std::uint32_t read = 0;
  Thread first(post_first);
  Thread second(post_second);
  Thread third(post_third);
  const bool came = eventually([&] {
    mailbox.collect([&](Wish, RequestName name) {
      out_of_order += name.generation != last[name.number] + 1;
      last[name.number] = name.generation;
      ++read;
    });
    return read == POSTERS * EACH;
  });
  assert_true(came);
  assert_int_equal(refused, 0);
  assert_int_equal(out_of_order, 0);
}

void each_letter_is_read_by_one_of_two_readers(void**) {
  constexpr std::uint32_t LETTERS = 20'000;
  auto& mailbox = zeroed<Mailbox>();
  static std::atomic<int> read[LETTERS];
  for (auto& times : read) times.store(0);
  std::atomic<std::uint32_t> all{0};
  const auto collect = [&] {
    while (all.load() < LETTERS) {
      mailbox.collect([&](Wish, RequestName name) {
        read[name.number].fetch_add(1);
        all.fetch_add(1);
      });
    }
  };
  Thread first(collect), second(collect);
  for (std::uint32_t i = 0; i < LETTERS; ++i) assert_true(mailbox.post(Wish::RUN, {i, 1}));
  first.join();
  second.join();
  int wrong = 0;
  for (const auto& times : read) wrong += times.load() != 1;
  assert_int_equal(wrong, 0);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(a_new_mailbox_is_empty), cmocka_unit_test(letters_come_in_order_and_once),
           cmocka_unit_test(a_letter_posted_by_the_reader_is_for_the_next_time),
           cmocka_unit_test(letters_are_used_again), cmocka_unit_test(without_memory_no_letter_is_posted),
           cmocka_unit_test(letters_of_many_posters_at_once_come_each_once_and_in_order),
           cmocka_unit_test(each_letter_is_read_by_one_of_two_readers))
