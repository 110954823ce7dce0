// SPDX-License-Identifier: MIT
// List<T, LINK>: an intrusive doubly linked list; the elements carry a Link<T>. Order of insertion is kept, removal
// from the middle takes constant time, nothing is allocated. All-zero memory is a valid empty list and an unlinked
// element, as the engine's memory starts out so. Not locked: its owner's lock protects it.
//
// The list itself is one pointer, as there are many of them: the first element's `previous` is the last one (itself,
// where it is alone), so that an element is linked where its `previous` is not null.
#pragma once

namespace atomrt::base {

template <typename T>
struct Link {
  T* next;
  T* previous;
};

template <typename T, Link<T> T::*LINK>
class List {
 public:
  [[nodiscard]] bool empty() const { return first_ == nullptr; }
  [[nodiscard]] T* first() const { return first_; }
  [[nodiscard]] static T* next(const T& element) { return (element.*LINK).next; }
  [[nodiscard]] static bool is_linked(const T& element) { return (element.*LINK).previous != nullptr; }

  void push_back(T& element) {
    element.*LINK = {nullptr, first_ != nullptr ? last() : &element};
    (first_ != nullptr ? (last()->*LINK).next : first_) = &element;
    (first_->*LINK).previous = &element;
  }

  void push_front(T& element) {
    element.*LINK = {first_, first_ != nullptr ? last() : &element};
    if (first_ != nullptr) (first_->*LINK).previous = &element;
    first_ = &element;
  }

  // Inserts it before another element, which must be in this list.
  void insert_before(T& behind, T& element) {
    if (first_ == &behind) return push_front(element);
    T& before = *(behind.*LINK).previous;
    element.*LINK = {&behind, &before};
    (before.*LINK).next = &element;
    (behind.*LINK).previous = &element;
  }

  // The element must be in this list.
  void remove(T& element) {
    Link<T>& link = element.*LINK;
    const bool is_first = first_ == &element;
    if (is_first) {
      first_ = link.next;
    } else {
      (link.previous->*LINK).next = link.next;
    }
    // The next one, or the first if the last was removed; null if the list is empty now.
    T* behind = link.next != nullptr ? link.next : first_;
    if (behind != nullptr) (behind->*LINK).previous = link.previous;
    link = {};
  }

  // The first element, taken out; null where the list is empty.
  T* pop_front() {
    T* element = first_;
    if (element != nullptr) remove(*element);
    return element;
  }

 private:
  [[nodiscard]] T* last() const { return (first_->*LINK).previous; }

  T* first_;
};

}  // namespace atomrt::base
