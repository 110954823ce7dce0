// SPDX-License-Identifier: MIT
// Spawner: who asks waits for nobody; it is there as long as it is needed; and nobody counts on a thread that it may
// make. Operations are fake, and pthread_create is wrapped.
#include "exec/spawner.h"

#include <optional>

#include "exec/fake_engine.h"

namespace {

using namespace atomrt::unit;
using atomrt::chain::Chain;
using atomrt::exec::MayStart;
using atomrt::exec::Spawner;
using atomrt::exec::Verdict;

constexpr std::int64_t LONG = WorkersFixture::LONG;

// A client whose work is the test's.
struct Client {
  std::atomic<int> runs{0}, thread{0}, more{0};
  Gate* gate = nullptr;
  static bool run(void* self) {
    Client& client = *static_cast<Client*>(self);
    client.thread.store(gettid());
    client.runs.fetch_add(1);
    if (client.gate != nullptr) client.gate->pass();
    return client.more.fetch_sub(1) > 0;
  }
};

// One that has not run yet has no name.
bool is_gone(const Spawner& spawner) {
  return eventually([&] { return !spawner.is_present() && threads_named("atomrt-spawner") == 0; });
}

struct Fixture {
  Spawner& spawner = zeroed<Spawner>();
  Client& client = zeroed<Client>();
  explicit Fixture(std::int64_t idle_ns = LONG) {
    thread_fault.start_over();
    spawner.configure(idle_ns);
    spawner.start(&client, Client::run);
  }
  ~Fixture() {
    spawner.configure(0);
    {
      const Spawner::Use use(spawner);
      assert_true(spawner.ask());  // it looks at the idle time
    }
    assert_true(is_gone(spawner));
  }
};

void without_a_spawner_who_asks_is_told_so(void**) {
  Fixture f;
  assert_false(f.spawner.is_present());
  assert_false(f.spawner.ask());
  thread_fault.refused.store(1);
  {
    const Spawner::Use use(f.spawner);
    assert_false(f.spawner.ask());
  }
  assert_int_equal(f.client.runs, 0);
}

void a_submitter_makes_it_and_it_does_what_is_asked(void**) {
  Fixture f;
  const Spawner::Use use(f.spawner), again(f.spawner);
  assert_int_equal(thread_fault.asked, 1);
  for (int i = 1; i <= 100; ++i) {
    assert_true(f.spawner.ask());
    assert_true(eventually([&] { return f.client.runs == i; }));
  }
  assert_int_not_equal(f.client.thread, gettid());
  assert_int_equal(threads_named("atomrt-spawner"), 1);
}

void what_has_more_to_do_is_run_again(void**) {
  Fixture f;
  const Spawner::Use use(f.spawner);
  f.client.more.store(5);
  assert_true(f.spawner.ask());
  assert_true(eventually([&] { return f.client.runs == 6; }));
}

void who_asks_one_that_is_stuck_goes_on(void**) {
  Fixture f;
  Gate& gate = zeroed<Gate>();
  f.client.gate = &gate;
  const Spawner::Use use(f.spawner);
  assert_true(f.spawner.ask());
  assert_true(eventually([&] { return gate.arrived() == 1; }));
  for (int i = 0; i < 1000; ++i) assert_true(f.spawner.ask());
  assert_int_equal(f.client.runs, 1);
  gate.open();
  assert_true(eventually([&] { return f.client.runs == 2; }));  // all that was asked meanwhile at once
}

void it_stays_while_it_is_needed_and_leaves_afterwards(void**) {
  Fixture f(1);
  f.spawner.enter(MayStart::YES);  // a request is in flight
  for (int i = 0; i < 100; ++i) pause_briefly();
  assert_true(f.spawner.is_present());
  f.spawner.leave();
  assert_true(is_gone(f.spawner));
  const Spawner::Use use(f.spawner);
  assert_int_equal(thread_fault.asked, 2);
}

void who_may_make_none_only_keeps_the_one_that_is_there(void**) {
  Fixture f;
  const Spawner::Use use(f.spawner, MayStart::ASKS);
  assert_false(f.spawner.is_present());
  assert_int_equal(thread_fault.asked, 0);
}

// It leaves all the time.
void nothing_that_was_asked_is_lost_to_one_that_leaves(void**) {
  Fixture f(1);
  constexpr int EACH = 2000;
  std::atomic<int> lost{0};
  const auto ask_many = [&] {
    for (int i = 0; i < EACH || thread_fault.asked < 3; ++i) {
      {
        const Spawner::Use use(f.spawner);
        const int runs = f.client.runs.load();
        if (!f.spawner.ask()) abort();
        if (!eventually([&] { return f.client.runs.load() != runs; })) lost.fetch_add(1);
      }
      for (int pause = 0; pause < i % 7; ++pause) sched_yield();
    }
  };
  Thread first(ask_many), second(ask_many);
  first.join();
  second.join();
  assert_int_equal(lost, 0);
}

// ---- workers that ask one that is stuck ----

struct Host {
  Client* client;
  atomrt::exec::Workers* workers;
};

struct Stuck : Fixture {
  Host& host = zeroed<Host>();
  Gate& gate = zeroed<Gate>();
  std::optional<Spawner::Use> use;
  WorkersFixture workers;
  explicit Stuck(unsigned limit) : workers(limit) {
    client.gate = &gate;
    use.emplace(spawner);
    host.client = &client;
    host.workers = &workers.workers;
    spawner.start(&host, [](void* self) {
      const Host& both = *static_cast<Host*>(self);
      const bool has_more = Client::run(both.client);
      both.workers->make_asked();
      return has_more;
    });
    workers.workers.spawn_by(spawner);
    assert_true(spawner.ask());
    assert_true(eventually([&] { return gate.arrived() == 1; }));
  }
  ~Stuck() {
    gate.open();
    use.reset();
  }
  Job& asked(Kind kind) {
    Job& job = workers.job(kind);
    assert_int_equal(workers.workers.submit(*job.chain, MayStart::ASKS), Verdict::ACCEPTED);
    return job;
  }
};

void a_thread_that_is_asked_for_keeps_none_asleep(void**) {
  Stuck f(4);
  Gate gate;
  Job& busy = f.workers.begun(gate);
  Job& asked = f.asked(Kind::READ);  // a second thread is asked for, and does not come
  gate.open();
  f.workers.comes_through(busy);
  f.workers.comes_through(asked);
  f.workers.comes_through(f.asked(Kind::READ));  // the first is asleep
  assert_int_equal(f.workers.workers.created(), 1);
  f.gate.open();
  assert_true(eventually([&] { return f.client.runs >= 1; }));
}

void a_submitter_counts_on_no_thread_that_was_asked_for(void**) {
  Stuck f(1);
  Job& asked = f.asked(Kind::READ);  // no thread is there
  assert_int_equal(f.workers.workers.created(), 0);
  Job& submitted = f.workers.submitted(Kind::READ);
  f.workers.comes_through(submitted);
  f.workers.comes_through(asked);
  assert_int_equal(f.workers.workers.created(), 1);
}

void a_held_request_has_a_thread_before_it_is_let_go(void**) {
  Stuck f(1);
  f.workers.workers.ensure_one();
  f.workers.workers.ensure_one();
  assert_int_equal(f.workers.workers.created(), 1);
  f.workers.comes_through(f.asked(Kind::READ));
}

// Nobody could make another for what is held now.
void the_last_worker_stays_while_requests_are_in_flight(void**) {
  Stuck f(2);
  Gate gate;
  Job& first = f.workers.submitted(Kind::READ, &gate);
  Job& second = f.workers.submitted(Kind::READ, &gate);
  assert_true(eventually([&] { return gate.arrived() == 2; }));
  f.workers.workers.configure(2, 1);
  gate.open();
  f.workers.comes_through(first);
  f.workers.comes_through(second);
  assert_true(eventually([] { return threads_named("atomrt-worker") == 1; }));
  for (int i = 0; i < 100; ++i) pause_briefly();
  assert_int_equal(threads_named("atomrt-worker"), 1);
  f.gate.open();
  f.use.reset();
  assert_true(eventually([] { return threads_named("atomrt-worker") == 0; }));
}

void who_waits_for_a_peer_gives_way_where_no_other_thread_comes(void**) {
  Stuck f(1);
  f.workers.engine.polls_for_long.store(false);
  Job& stream = f.workers.submitted(Kind::STREAM_READ);
  assert_true(eventually([&] { return place_of(*stream.chain) == atomrt::chain::Place::BLOCKED; }));
  f.workers.comes_through(f.asked(Kind::READ));
  stream.ready.store(true);
  f.workers.comes_through(stream);
  assert_int_equal(f.workers.workers.created(), 1);
}

// It makes threads for the program then, and may be stuck in that like anybody.
void a_worker_is_absent_only_where_another_one_comes_back(void**) {
  Stuck f(2);
  Gate gate;
  Job& only = f.workers.begun(gate);
  assert_false(f.workers.workers.begin_absence());
  Job& other = f.workers.submitted(Kind::READ, &gate);
  assert_true(eventually([&] { return gate.arrived() == 2; }));
  assert_true(f.workers.workers.begin_absence());  // as one of the two
  assert_false(f.workers.workers.begin_absence());
  f.workers.workers.end_absence();
  gate.open();
  f.workers.comes_through(only);
  f.workers.comes_through(other);
}

void who_is_asleep_serves_what_an_absent_worker_leaves(void**) {
  Stuck f(3);
  Gate gate, third_gate;
  Job& first = f.workers.submitted(Kind::READ, &gate);
  Job& second = f.workers.submitted(Kind::READ, &gate);
  Job& third = f.workers.submitted(Kind::READ, &third_gate);
  assert_true(eventually([&] { return gate.arrived() + third_gate.arrived() == 3; }));
  third_gate.open();
  f.workers.comes_through(third);
  f.workers.workers.configure(2, 1'000'000'000'000);
  Job& left = f.asked(Kind::READ);
  assert_int_equal(place_of(*left.chain), atomrt::chain::Place::QUEUED);  // two run, as many as may
  assert_true(f.workers.workers.begin_absence());
  f.workers.comes_through(left);
  f.workers.workers.end_absence();
  gate.open();
  f.workers.comes_through(first);
  f.workers.comes_through(second);
}

void functions_have_a_second_worker_where_the_limit_has_room(void**) {
  for (const unsigned limit : {1U, 4U}) {
    Stuck f(limit);
    Job& told = f.workers.job(Kind::READ);
    told.chain->notification.by = atomrt::chain::NotifyBy::THREAD;
    assert_int_equal(f.workers.workers.submit(*told.chain, MayStart::YES), Verdict::ACCEPTED);
    f.workers.comes_through(told);
    assert_int_equal(f.workers.workers.created(), limit == 1 ? 1 : 2);
  }
}

// Unless it is not needed any more.
void what_was_asked_for_is_made_when_it_goes_on(void**) {
  Stuck f(4);
  Job& asked = f.asked(Kind::READ);
  f.gate.open();
  f.workers.comes_through(asked);
  assert_true(eventually([&] { return f.workers.workers.created() == 1; }));  // counted when it may have come already
}

void where_none_can_be_made_what_counted_on_it_fails(void**) {
  Stuck f(4);
  thread_fault.refused.store(ALL);
  Job& asked = f.asked(Kind::READ);
  f.gate.open();
  assert_true(eventually([&] { return asked.completed == 1; }));
  assert_int_equal(asked.outcome, -EAGAIN);
  thread_fault.refused.store(0);
  f.workers.comes_through(f.asked(Kind::READ));
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(without_a_spawner_who_asks_is_told_so),
           cmocka_unit_test(a_submitter_makes_it_and_it_does_what_is_asked),
           cmocka_unit_test(what_has_more_to_do_is_run_again), cmocka_unit_test(who_asks_one_that_is_stuck_goes_on),
           cmocka_unit_test(it_stays_while_it_is_needed_and_leaves_afterwards),
           cmocka_unit_test(who_may_make_none_only_keeps_the_one_that_is_there),
           cmocka_unit_test(nothing_that_was_asked_is_lost_to_one_that_leaves),
           cmocka_unit_test(a_thread_that_is_asked_for_keeps_none_asleep),
           cmocka_unit_test(a_submitter_counts_on_no_thread_that_was_asked_for),
           cmocka_unit_test(a_held_request_has_a_thread_before_it_is_let_go),
           cmocka_unit_test(the_last_worker_stays_while_requests_are_in_flight),
           cmocka_unit_test(who_waits_for_a_peer_gives_way_where_no_other_thread_comes),
           cmocka_unit_test(a_worker_is_absent_only_where_another_one_comes_back),
           cmocka_unit_test(who_is_asleep_serves_what_an_absent_worker_leaves),
           cmocka_unit_test(functions_have_a_second_worker_where_the_limit_has_room),
           cmocka_unit_test(what_was_asked_for_is_made_when_it_goes_on),
           cmocka_unit_test(where_none_can_be_made_what_counted_on_it_fails))
