// Owns: the one queue between threads: short, bounded, closable.
// Depends on: the standard library only. Any number of producers and consumers.
#pragma once

#include <cassert>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace impasto {

/// A first-in first-out queue of at most `capacity` items. Files push() and so wait for a slow
/// consumer; cameras push_dropping_oldest() and so stay current.
template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) { assert(capacity > 0); }

  /// Waits for room. False (and the item is dropped) once the queue is closed.
  bool push(T item) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return closed_ || items_.size() < capacity_; });
    if (closed_) return false;
    items_.push_back(std::move(item));
    filled_.notify_one();
    return true;
  }

  /// Never waits: a full queue loses its oldest item. Returns how many items were lost (the new one
  /// itself when the queue is closed).
  std::size_t push_dropping_oldest(T item) {
    std::unique_lock lock(mutex_);
    if (closed_) return 1;
    std::size_t lost = 0;
    if (items_.size() == capacity_) {
      items_.pop_front();
      lost = 1;
    }
    items_.push_back(std::move(item));
    filled_.notify_one();
    return lost;
  }

  /// Waits for an item. Empty once the queue is closed and drained.
  std::optional<T> pop() {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [&] { return closed_ || !items_.empty(); });
    return take();
  }

  /// No more pushes; consumers still get what is queued.
  void close() {
    std::unique_lock lock(mutex_);
    closed_ = true;
    filled_.notify_all();
    room_.notify_all();
  }

  /// No more pushes, and what is queued is dropped: wakes everybody up for a shutdown.
  void abort() {
    std::deque<T> dropped;  // destroyed after the lock is released
    std::unique_lock lock(mutex_);
    closed_ = true;
    dropped.swap(items_);
    filled_.notify_all();
    room_.notify_all();
    lock.unlock();
  }

  std::size_t size() const {
    std::unique_lock lock(mutex_);
    return items_.size();
  }
  bool closed() const {
    std::unique_lock lock(mutex_);
    return closed_;
  }

 private:
  std::optional<T> take() {
    if (items_.empty()) return std::nullopt;
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    room_.notify_one();
    return item;
  }

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable filled_;
  std::condition_variable room_;
  std::deque<T> items_;
  bool closed_ = false;
};

}  // namespace impasto
