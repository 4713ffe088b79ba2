#include "engine/video/streams.h"

namespace impasto::video {

void PacketRelay::connect(Consumer consumer) {
  std::lock_guard lock(mutex_);
  consumer_ = std::move(consumer);
  deliver();
}

void PacketRelay::add(PacketPtr packet, std::int64_t time) {
  std::lock_guard lock(mutex_);
  bytes_ += static_cast<std::size_t>(packet->size);
  waiting_.push_back({std::move(packet), time == AV_NOPTS_VALUE ? INT64_MIN : time});
  deliver();
}

void PacketRelay::advance(std::int64_t time) {
  std::lock_guard lock(mutex_);
  due_ = std::max(due_, time);
  deliver();
}

void PacketRelay::end(bool complete) {
  std::lock_guard lock(mutex_);
  if (complete) {
    due_ = INT64_MAX;
  } else {
    std::erase_if(waiting_, [&](const Waiting& waiting) { return waiting.time > due_; });
  }
  deliver();
}

void PacketRelay::deliver() {
  if (!consumer_) return;
  // Streams are not perfectly interleaved: one that is ahead must not hold the others back.
  for (auto waiting = waiting_.begin(); waiting != waiting_.end();) {
    if (waiting->time > due_ && bytes_ <= most_bytes) {
      ++waiting;
      continue;
    }
    bytes_ -= static_cast<std::size_t>(waiting->packet->size);
    PacketPtr packet = std::move(waiting->packet);
    waiting = waiting_.erase(waiting);
    consumer_(std::move(packet));
  }
}

}  // namespace impasto::video
