#include "engine/video/live_player.h"

#include <algorithm>
#include <cmath>

#include "engine/video/cameras.h"
#include "engine/video/input.h"

namespace impasto::video {
namespace {

// A camera that is silent for so long is in trouble, and is opened anew after as long again.
constexpr auto longest_silence = std::chrono::milliseconds(2500);

std::function<Instant()> clock_of(const LiveOptions& options) {
  if (options.now) return options.now;
  return [] { return std::chrono::steady_clock::now(); };
}

}  // namespace

void RateMeter::count(Instant instant, std::size_t frames) {
  recent_.insert(recent_.end(), frames, instant);
  while (instant - recent_.front() > std::chrono::seconds(2)) recent_.pop_front();
}

double RateMeter::rate(Instant now) const {
  const auto first = std::find_if(recent_.begin(), recent_.end(), [&](Instant instant) {
    return now - instant <= std::chrono::seconds(1);
  });
  if (recent_.end() - first < 2) return 0.0;
  const double seconds = std::chrono::duration<double>(recent_.back() - *first).count();
  return seconds > 0 ? static_cast<double>(recent_.end() - first - 1) / seconds : 0.0;
}

LiveSource::LiveSource(const LiveOptions& options)
    : implementation_(std::make_unique<Implementation>(options)) {}
LiveSource::~LiveSource() = default;
std::optional<LiveFrame> LiveSource::poll() {
  return implementation_->poll();
}
LiveStatus LiveSource::status() const {
  return implementation_->status();
}
std::int64_t LiveSource::play_time() const {
  return implementation_->play_time();
}
void LiveSource::pause() {
  implementation_->pause();
}
void LiveSource::resume() {
  implementation_->resume();
}
void LiveSource::step() {
  implementation_->step();
}
void LiveSource::step_back() {
  implementation_->step_back();
}
void LiveSource::seek(double seconds) {
  implementation_->seek(seconds);
}
void LiveSource::set_loop(bool loop) {
  implementation_->set_loop(loop);
}
void LiveSource::set_volume(double volume) {
  implementation_->set_volume(volume);
}
void LiveSource::set_sound_listener(SoundListener listener) {
  implementation_->set_sound_listener(std::move(listener));
}

LiveSource::Implementation::Implementation(const LiveOptions& options)
    : options_(options),
      camera_(camera_path(options.source.input)),
      clock_(clock_of(options), options.begin),
      paused_(!options.play),
      loop_(options.loop),
      offset_(options.begin),
      last_time_(options.begin - 1),
      polled_time_(options.begin - 1),
      last_sign_(clock_.instant()) {
  options_.source.cancel = &interrupt_;
  options_.source.copy_streams = false;
  options_.source.frame_limit = 0;
  status_.is_camera = status_.is_live = !camera_.empty();
  status_.camera = camera_;
  clock_.run(!paused_);
  thread_ = std::thread([this] { run(); });
}

LiveSource::Implementation::~Implementation() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    interrupt_ = true;
  }
  changed_.notify_all();
  thread_.join();
  output_.reset();
}

std::optional<LiveFrame> LiveSource::Implementation::poll() {
  const std::lock_guard lock(mutex_);
  // Ends the waiting inside the driver; the thread opens it anew.
  if (silent(2 * longest_silence)) interrupt_ = true;
  const std::int64_t now = clock_.now();
  const auto due =
      status_.is_live ? frames_.end()
                      : std::find_if(frames_.begin(), frames_.end(), [&](const LiveFrame& waiting) {
                          return waiting.frame.pts > now;
                        });
  if (due == frames_.begin()) return std::nullopt;
  const auto count = static_cast<std::size_t>(due - frames_.begin());
  LiveFrame newest = std::move(*(due - 1));
  frames_.erase(frames_.begin(), due);
  changed_.notify_all();
  ++status_.frames;
  polled_time_ = newest.frame.pts;
  status_.dropped += count - 1;
  status_.position = newest.position;
  if (!status_.is_live) {
    const Instant instant = clock_.instant();
    newest.captured = instant - std::chrono::microseconds(now - newest.frame.pts);
    rate_.count(instant, count);
  }
  return newest;
}

bool LiveSource::Implementation::silent(Instant::duration longest) const {
  return status_.is_camera && !paused_ && clock_.instant() - last_sign_ > longest;
}

bool LiveSource::Implementation::at_the_end() const {
  return read_all_ && !jump_ && !loops() && frames_.empty() && !status_.is_image &&
         (status_.is_live || clock_.now() >= offset_ + loop_length_);
}

LiveStatus LiveSource::Implementation::status() const {
  const std::lock_guard lock(mutex_);
  LiveStatus status = status_;
  if (status.state == LiveState::playing) {
    if (at_the_end()) {
      status.state = LiveState::ended;
    } else if (paused_) {
      status.state = LiveState::paused;
    }
  }
  if (status.state != LiveState::waiting && silent(longest_silence)) {
    status.state = LiveState::waiting;
    status.problem = LiveProblem::no_frames;
    status.message = no_frames_message(camera_);
  }
  status.looping = loops();
  status.fps = rate_.rate(clock_.instant());
  if (track_) {
    const std::string failure = track_->failure();
    const std::optional<bool> audible = output_->audible();
    status.sound = !failure.empty()         ? SoundState::none
                   : audible.value_or(true) ? SoundState::playing
                                            : SoundState::silent;
    status.sound_message = !failure.empty() ? failure : output_->message();
  }
  return status;
}

std::int64_t LiveSource::Implementation::play_time() const {
  const std::lock_guard lock(mutex_);
  return std::max(clock_.now(), polled_time_);
}

void LiveSource::Implementation::pause() {
  const std::lock_guard lock(mutex_);
  paused_ = true;
  clock_.run(false);
}

void LiveSource::Implementation::resume() {
  const std::lock_guard lock(mutex_);
  if (at_the_end() && (can_loop_ || status_.is_live)) jump(0);
  paused_ = false;
  last_sign_ = clock_.instant();
  clock_.run(true);
  changed_.notify_all();
}

void LiveSource::Implementation::step() {
  const std::lock_guard lock(mutex_);
  paused_ = true;
  clock_.run(false);
  if (status_.is_live || (read_all_ && frames_.empty())) return;
  const std::int64_t now = clock_.now();
  const auto next = std::find_if(frames_.begin(), frames_.end(),
                                 [&](const LiveFrame& waiting) { return waiting.frame.pts > now; });
  step_ = next == frames_.end();
  if (!step_) clock_.advance_to(next->frame.pts);
}

void LiveSource::Implementation::step_back() {
  constexpr std::int64_t before = 1000;  // within the frame before, in the coarsest time base
  const std::lock_guard lock(mutex_);
  if (!status_.seekable) return;
  paused_ = true;
  clock_.run(false);
  jump(std::max<std::int64_t>(std::llround(status_.position * 1e6) - before, 0));
}

void LiveSource::Implementation::seek(double seconds) {
  const std::lock_guard lock(mutex_);
  if (!status_.seekable || std::isnan(seconds)) return;
  jump(std::llround(std::clamp(seconds, 0.0, status_.duration) * 1e6));
}

/// The picture and the sound go there; play time stands until the picture has come.
void LiveSource::Implementation::jump(std::int64_t position) {
  clock_.hold();
  clock_.advance_to(polled_time_ + 1);  // later than what was seen, and due at once
  const std::int64_t play_time = clock_.now();
  jump_ = {position, play_time};
  frames_.clear();
  last_time_ = polled_time_;
  step_ = false;
  if (track_) track_->seek(position, play_time);
  changed_.notify_all();
}

void LiveSource::Implementation::set_loop(bool loop) {
  const std::lock_guard lock(mutex_);
  loop_ = loop;
  if (track_) track_->set_loop(loop);
  changed_.notify_all();
}

void LiveSource::Implementation::set_sound_listener(SoundListener listener) {
  const std::lock_guard lock(mutex_);
  listener_ = listener;
  if (track_) track_->set_listener(std::move(listener));
}

}  // namespace impasto::video
