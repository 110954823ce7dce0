// List<T, LINK>: an intrusive doubly linked list; the elements carry a Link<T>. Order of insertion is kept, removal
// from the middle takes constant time, nothing is allocated. All-zero memory is a valid empty list and an unlinked
// element, as the engine's memory starts out so. Not locked: its owner's lock protects it.
#pragma once

namespace atomrt::base {

template <typename T>
struct Link {
  T* next;
  T* previous;
  bool linked;
};

template <typename T, Link<T> T::*LINK>
class List {
 public:
  [[nodiscard]] bool empty() const { return first_ == nullptr; }
  [[nodiscard]] T* first() const { return first_; }
  [[nodiscard]] static T* next(const T& element) { return (element.*LINK).next; }
  [[nodiscard]] static bool is_linked(const T& element) { return (element.*LINK).linked; }

  void push_back(T& element) {
    element.*LINK = {nullptr, last_, true};
    (last_ != nullptr ? (last_->*LINK).next : first_) = &element;
    last_ = &element;
  }

  void push_front(T& element) {
    element.*LINK = {first_, nullptr, true};
    (first_ != nullptr ? (first_->*LINK).previous : last_) = &element;
    first_ = &element;
  }

  // The element must be in this list.
  void remove(T& element) {
    Link<T>& link = element.*LINK;
    (link.previous != nullptr ? (link.previous->*LINK).next : first_) = link.next;
    (link.next != nullptr ? (link.next->*LINK).previous : last_) = link.previous;
    link = {};
  }

  // The first element, taken out; null where the list is empty.
  T* pop_front() {
    T* element = first_;
    if (element != nullptr) remove(*element);
    return element;
  }

 private:
  T* first_;
  T* last_;
};

}  // namespace atomrt::base
