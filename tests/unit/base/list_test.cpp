// SPDX-License-Identifier: MIT
// List: order, removal from anywhere, and zeroed memory as an empty list.
#include "base/list.h"

#include "unit.h"

namespace {

struct Element {
  int value;
  atomrt::base::Link<Element> link;
  atomrt::base::Link<Element> other;
};
using Elements = atomrt::base::List<Element, &Element::link>;

// The list's values as decimal digits, and the links back must tell the same.
long digits(const Elements& list) {
  long forwards = 0;
  const Element* last = nullptr;
  for (const Element* element = list.first(); element != nullptr; element = Elements::next(*element)) {
    if (last != nullptr) assert_ptr_equal(element->link.previous, last);
    assert_true(Elements::is_linked(*element));
    forwards = forwards * 10 + element->value;
    last = element;
  }
  if (last != nullptr) assert_ptr_equal(list.first()->link.previous, last);
  assert_int_equal(list.empty(), forwards == 0);
  return forwards;
}

struct Fixture {
  Elements list;
  Element elements[5];
  Fixture() : list{}, elements{} {
    for (int i = 0; i < 5; ++i) elements[i].value = i + 1;
  }
  Element& operator()(int value) { return elements[value - 1]; }
};

void zeroed_memory_is_an_empty_list(void**) {
  auto& list = atomrt::unit::zeroed<Elements>();
  auto& element = atomrt::unit::zeroed<Element>();
  assert_true(list.empty());
  assert_null(list.first());
  assert_null(list.pop_front());
  assert_false(Elements::is_linked(element));
}

void push_back_keeps_the_order(void**) {
  Fixture f;
  for (int i = 1; i <= 4; ++i) f.list.push_back(f(i));
  assert_int_equal(digits(f.list), 1234);
}

void push_front_goes_before_all(void**) {
  Fixture f;
  f.list.push_front(f(3));
  f.list.push_front(f(2));
  f.list.push_back(f(4));
  f.list.push_front(f(1));
  assert_int_equal(digits(f.list), 1234);
}

void remove_takes_from_anywhere(void**) {
  Fixture f;
  for (int i = 1; i <= 5; ++i) f.list.push_back(f(i));
  f.list.remove(f(3));
  assert_int_equal(digits(f.list), 1245);
  assert_false(Elements::is_linked(f(3)));
  f.list.remove(f(1));
  assert_int_equal(digits(f.list), 245);
  f.list.remove(f(5));
  assert_int_equal(digits(f.list), 24);
  f.list.push_back(f(3));  // behind the new last one
  assert_int_equal(digits(f.list), 243);
  f.list.remove(f(4));
  f.list.remove(f(2));
  f.list.remove(f(3));
  assert_int_equal(digits(f.list), 0);
  f.list.push_front(f(5));
  f.list.push_back(f(1));
  assert_int_equal(digits(f.list), 51);
}

void pop_front_takes_the_oldest(void**) {
  Fixture f;
  for (int i = 1; i <= 3; ++i) f.list.push_back(f(i));
  for (int i = 1; i <= 3; ++i) {
    Element* element = f.list.pop_front();
    assert_ptr_equal(element, &f(i));
    assert_false(Elements::is_linked(*element));
  }
  assert_null(f.list.pop_front());
  assert_true(f.list.empty());
}

void an_element_may_be_in_lists_by_different_links(void**) {
  Fixture f;
  atomrt::base::List<Element, &Element::other> others{};
  f.list.push_back(f(1));
  f.list.push_back(f(2));
  others.push_back(f(2));
  others.push_back(f(1));
  f.list.remove(f(1));
  assert_int_equal(digits(f.list), 2);
  assert_ptr_equal(others.first(), &f(2));
  assert_true(others.is_linked(f(1)));
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(zeroed_memory_is_an_empty_list), cmocka_unit_test(push_back_keeps_the_order),
           cmocka_unit_test(push_front_goes_before_all), cmocka_unit_test(remove_takes_from_anywhere),
           cmocka_unit_test(pop_front_takes_the_oldest),
           cmocka_unit_test(an_element_may_be_in_lists_by_different_links))
