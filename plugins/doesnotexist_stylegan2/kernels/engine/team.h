// The threads of one picture.

#pragma once

#include <atomic>
#include <system_error>
#include <thread>
#include <vector>

namespace {

// The threads of one picture. All run the same code; `each` hands its iterations out and waits for all.
// They live as long as the call: nothing to keep, nothing that a fork could lose.
class Team {
 public:
  template <class Body>
  void each(int count, Body&& body) {
    for (int i; (i = next_.fetch_add(1, std::memory_order_relaxed)) < count;) body(i);
    wait();
  }

  template <class Work>
  void run(int wanted, Work&& work) {
    std::vector<std::thread> others;
    std::atomic<bool> go{false};
    try {
      for (int id = 1; id < wanted; ++id)
        others.emplace_back([&, id] {
          while (!go.load(std::memory_order_acquire)) std::this_thread::yield();
          work(id);
        });
    } catch (const std::system_error&) {
      // fewer threads than wanted: slower, and the same picture
    }
    size_ = 1 + static_cast<int>(others.size());
    go.store(true, std::memory_order_release);
    work(0);
    for (auto& thread : others) thread.join();
  }

 private:
  void wait() {
    const int round = round_.load(std::memory_order_acquire);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == size_) {
      arrived_.store(0, std::memory_order_relaxed);
      next_.store(0, std::memory_order_relaxed);
      round_.store(round + 1, std::memory_order_release);
      return;
    }
    // A short spin, since phases are fractions of a millisecond; then leave the core to others.
    for (int spins = 0; round_.load(std::memory_order_acquire) == round; ++spins)
      if (spins > 2000) std::this_thread::yield();
  }

  int size_ = 1;
  alignas(64) std::atomic<int> next_{0};
  alignas(64) std::atomic<int> arrived_{0};
  alignas(64) std::atomic<int> round_{0};
};

}  // namespace
