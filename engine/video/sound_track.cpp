#include "engine/video/sound_track.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/video/sound_reader.h"

namespace impasto::video {
namespace {

// Sound further than this from its time is moved there.
constexpr std::int64_t tolerance = 40'000;
// Decoded ahead, samples of one channel: longer than any disk or decoder pauses.
constexpr std::size_t most_waiting = sound_rate / 2;

std::int64_t duration_of(std::size_t count) {
  return static_cast<std::int64_t>(count) * 1'000'000 / sound_rate;
}

std::size_t count_of(std::int64_t duration) {
  return static_cast<std::size_t>(std::max<std::int64_t>(duration, 0) * sound_rate / 1'000'000);
}

}  // namespace

SoundTrack::SoundTrack(const SourceOptions& options, PlayClock& clock, bool loop,
                       std::int64_t loop_length)
    : options_([&] {
        SourceOptions own = options;
        own.cancel = &cancel_;
        return own;
      }()),
      clock_(clock),
      loop_(loop),
      loop_length_(loop_length),
      thread_([this] { run(); }) {}

SoundTrack::~SoundTrack() {
  cancel_ = true;
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void SoundTrack::seek(std::int64_t position, std::int64_t play_time) {
  const std::lock_guard lock(mutex_);
  jump_ = {position, play_time};
  at_end_ = false;
  chunks_.clear();
  waiting_ = 0;
  aligned_ = false;
  changed_.notify_all();
}

void SoundTrack::set_loop(bool loop) {
  const std::lock_guard lock(mutex_);
  loop_ = loop;
  at_end_ = at_end_ && !loops();
  changed_.notify_all();
}

void SoundTrack::set_loop_length(std::int64_t length) {
  const std::lock_guard lock(mutex_);
  loop_length_ = length;
  at_end_ = at_end_ && !loops();
  changed_.notify_all();
}

void SoundTrack::set_listener(SoundListener listener) {
  const std::lock_guard lock(listener_mutex_);
  listener_ = std::move(listener);
}

bool SoundTrack::ready(std::size_t count) const {
  const std::lock_guard lock(mutex_);
  return waiting_ >= count || at_end_ || !failure_.empty();
}

std::string SoundTrack::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void SoundTrack::run() {
  try {
    SoundReader reader(options_);
    play(reader);
  } catch (const Error& error) {
    const std::lock_guard lock(mutex_);
    if (!closing_) failure_ = error.what();
  }
}

void SoundTrack::play(SoundReader& reader) {
  std::int64_t offset = 0;  // play time of the file's beginning
  for (;;) {
    std::optional<Jump> jump;
    {
      const std::lock_guard lock(mutex_);
      if (closing_) return;
      jump.swap(jump_);
    }
    if (jump) {
      offset = jump->play_time - jump->position;
      reader.seek(jump->position);
    }
    std::optional<SoundReader::Piece> piece = reader.read();
    if (piece) {
      add({piece->time + offset, 0, std::move(piece->samples)});
    } else if (!wait_at_end(offset, reader)) {
      return;
    }
  }
}

/// False when closing; `offset` moves where a loop begins anew.
bool SoundTrack::wait_at_end(std::int64_t& offset, SoundReader& reader) {
  {
    std::unique_lock lock(mutex_);
    at_end_ = !jump_ && !loops();
    changed_.wait(lock, [&] { return closing_ || jump_ || loops(); });
    at_end_ = false;
    if (closing_) return false;
    if (jump_) return true;
    offset += loop_length_;
  }
  reader.seek(0);
  return true;
}

/// Waits for room; sound from before a jump is dropped.
void SoundTrack::add(Chunk chunk) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return closing_ || jump_ || waiting_ < most_waiting; });
  if (closing_ || jump_) return;
  waiting_ += chunk.left();
  chunks_.push_back(std::move(chunk));
}

void SoundTrack::discard(std::size_t count) {
  Chunk& front = chunks_.front();
  front.used += count;
  front.time += duration_of(count);
  waiting_ -= count;
  if (front.left() == 0) chunks_.pop_front();
  changed_.notify_all();
}

void SoundTrack::pull(float* samples, std::size_t count, PlayClock::Instant heard) {
  std::fill_n(samples, count * sound_channels, 0.0F);
  const std::lock_guard listening(listener_mutex_);
  const std::lock_guard lock(mutex_);
  if (!clock_.running()) {
    aligned_ = false;
    return;
  }
  const std::int64_t wanted = clock_.at(heard);
  std::size_t done = 0;
  while (done < count && !chunks_.empty()) {
    const Chunk& front = chunks_.front();
    const std::int64_t ahead = front.time - (wanted + duration_of(done));
    const std::int64_t allowed = aligned_ ? tolerance : 0;
    if (ahead < -allowed && count_of(-ahead) > 0) {
      aligned_ = false;
      discard(std::min(front.left(), count_of(-ahead)));
      continue;
    }
    if (ahead > allowed && count_of(ahead) > 0) {
      aligned_ = false;
      done += std::min(count - done, count_of(ahead));
      continue;
    }
    if (aligned_ && done == 0) clock_.follow(ahead);
    aligned_ = true;
    const std::size_t part = std::min(count - done, front.left());
    const float* from = front.samples.data() + front.used * sound_channels;
    std::copy_n(from, part * sound_channels, samples + done * sound_channels);
    if (listener_) listener_({front.time, from, part});
    done += part;
    discard(part);
  }
  if (done < count) aligned_ = false;
}

}  // namespace impasto::video
