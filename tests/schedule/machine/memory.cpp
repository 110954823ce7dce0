// SPDX-License-Identifier: MIT
#include "machine/memory.h"

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "machine/address_table.h"
#include "machine/ordering.h"
#include "machine/report.h"
#include "machine/scheduler.h"

// The library's variables: meson.build gives their sections these names.
extern "C" char __start_library_data[], __stop_library_data[], __start_library_bss[], __stop_library_bss[];

namespace schedule {
namespace {

constexpr std::size_t SIZE = 48 * 1024 * 1024;
constexpr std::size_t PAGES = SIZE / PAGE;

enum class Page : std::uint8_t { FREE, LIVE, WIPED_IN_CHILD, HIDDEN_FROM_CHILD };

char* base;
Page pages[PAGES];
bool is_dirty[PAGES];
std::vector<std::uint32_t> dirty;
std::uint32_t highest;  // first page that this run has not used
std::size_t program_used;
bool is_forbidden[PROGRAM_SIZE];

std::vector<char> data_at_start, bss_at_start;

std::uint64_t births, run_birth;  // when the memory of a run, or of a mapping, became what it is
std::uint64_t page_births[PAGES];

const char* fresh_begin;
const char* fresh_end;
unsigned fresh_owner;

struct KeptPage {
  std::uint32_t page;
  char bytes[PAGE];
};
std::vector<KeptPage> parents;
std::vector<char> parents_data, parents_bss;
std::vector<Page> parents_pages;

std::size_t offset_of(const void* memory) { return static_cast<std::size_t>(static_cast<const char*>(memory) - base); }

void mark(const void* memory, std::size_t size, Page as) {
  const std::size_t first = offset_of(memory) / PAGE, count = (size + PAGE - 1) / PAGE;
  for (std::size_t page = first; page < first + count && page < PAGES; ++page) pages[page] = as;
}

std::vector<char> copy_of(const char* begin, const char* end) { return {begin, end}; }
void restore(char* begin, const std::vector<char>& bytes) {
  if (!bytes.empty()) std::memcpy(begin, bytes.data(), bytes.size());
}

}  // namespace

void reserve_memory() {
  void* memory = mmap(reinterpret_cast<void*>(0x200000000000), SIZE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  if (memory == MAP_FAILED) {
    std::perror("no memory to simulate");
    std::exit(99);
  }
  base = static_cast<char*>(memory);
  data_at_start = copy_of(__start_library_data, __stop_library_data);
  bss_at_start = copy_of(__start_library_bss, __stop_library_bss);
}

void reset_memory() {
  for (const std::uint32_t page : dirty) {
    std::memset(base + page * PAGE, 0, PAGE);
    is_dirty[page] = false;
  }
  dirty.clear();
  std::memset(pages, 0, sizeof pages);
  if (program_used != 0) std::memset(base, 0, program_used);
  std::memset(is_forbidden, 0, sizeof is_forbidden);
  program_used = 0;
  highest = PROGRAM_SIZE / PAGE;
  fresh_begin = fresh_end = nullptr;
  restore(__start_library_data, data_at_start);
  restore(__start_library_bss, bss_at_start);
}

// The first free range of that size: as in a real kernel, what was unmapped is soon mapped again.
void* map_pages(std::size_t size) {
  const std::uint32_t count = static_cast<std::uint32_t>((size + PAGE - 1) / PAGE);
  std::uint32_t first = PROGRAM_SIZE / PAGE, found = 0;
  for (std::uint32_t page = first; page < highest && found < count; ++page) {
    found = pages[page] == Page::FREE ? found + 1 : 0;
    if (found == 0) first = page + 1;
  }
  if (found < count && first + count > PAGES) return nullptr;
  for (std::uint32_t page = first; page < first + count; ++page) {
    pages[page] = Page::LIVE;
    if (is_dirty[page]) std::memset(base + page * PAGE, 0, PAGE);
  }
  if (first + count > highest) highest = first + count;
  forget_order_of_pages(first, count);
  fresh_begin = base + first * PAGE;
  fresh_end = fresh_begin + count * PAGE;
  fresh_owner = is_running() ? self().number : 0;
  return base + first * PAGE;
}

void unmap_pages(void* memory, std::size_t size) {
  mark(memory, size, Page::FREE);
  end_freshness();
}

void keep_from_child(void* memory, std::size_t size) { mark(memory, size, Page::WIPED_IN_CHILD); }
void hide_from_child(void* memory, std::size_t size) { mark(memory, size, Page::HIDDEN_FROM_CHILD); }

void enter_child_memory() {
  parents.clear();
  for (const std::uint32_t page : dirty) {
    KeptPage& kept = parents.emplace_back();
    kept.page = page;
    std::memcpy(kept.bytes, base + page * PAGE, PAGE);
    if (pages[page] == Page::WIPED_IN_CHILD) std::memset(base + page * PAGE, 0, PAGE);
  }
  parents_pages.assign(pages, pages + PAGES);
  for (std::uint32_t page = 0; page < highest; ++page) {
    if (pages[page] == Page::HIDDEN_FROM_CHILD) pages[page] = Page::FREE;
  }
  parents_data = copy_of(__start_library_data, __stop_library_data);
  parents_bss = copy_of(__start_library_bss, __stop_library_bss);
  end_freshness();
  forget_all_order();
}

void leave_child_memory() {
  for (const std::uint32_t page : dirty) std::memset(base + page * PAGE, 0, PAGE);
  for (const KeptPage& kept : parents) std::memcpy(base + kept.page * PAGE, kept.bytes, PAGE);
  std::memcpy(pages, parents_pages.data(), sizeof pages);
  restore(__start_library_data, parents_data);
  restore(__start_library_bss, parents_bss);
  forget_all_order();
}

void* program_memory(std::size_t size) {
  const std::size_t rounded = (size + 63) / 64 * 64;
  if (program_used + rounded > PROGRAM_SIZE) fail("the scenario wants more memory than there is");
  void* const memory = base + program_used;
  program_used += rounded;
  return memory;
}

void forbid(const void* memory, std::size_t size) { std::memset(is_forbidden + offset_of(memory), true, size); }
void allow(const void* memory, std::size_t size) { std::memset(is_forbidden + offset_of(memory), false, size); }

void note_access(const void* memory, std::size_t size, bool writes) {
  const std::size_t offset = offset_of(memory);
  if (offset >= SIZE) return;
  if (offset < PROGRAM_SIZE) {
    if (is_forbidden[offset] || is_forbidden[offset + size - 1]) {
      fail(writes ? "writes to an aiocb or a buffer after its end" : "reads an aiocb or a buffer after its end");
    }
    return;
  }
  const std::size_t last = (offset + (size != 0 ? size - 1 : 0)) / PAGE;
  for (std::size_t page = offset / PAGE; page <= last && page < PAGES; ++page) {
    if (pages[page] == Page::FREE) fail("touches memory that is not mapped");
    if (writes && !is_dirty[page]) {
      is_dirty[page] = true;
      dirty.push_back(static_cast<std::uint32_t>(page));
    }
  }
}

bool is_fresh(const void* memory) {
  const char* at = static_cast<const char*>(memory);
  return at >= fresh_begin && at < fresh_end && is_running() && fresh_owner == self().number;
}

std::uint64_t birth_of(const void* memory) {
  const std::size_t offset = offset_of(memory);
  const std::uint64_t own = offset < SIZE ? page_births[offset / PAGE] : 0;
  return own > run_birth ? own : run_birth;
}
void forget_all_order() { run_birth = ++births; }
void forget_order_of_pages(std::size_t first, std::size_t count) {
  ++births;
  for (std::size_t page = first; page < first + count; ++page) page_births[page] = births;
}

void end_freshness() { fresh_begin = fresh_end = nullptr; }

}  // namespace schedule
