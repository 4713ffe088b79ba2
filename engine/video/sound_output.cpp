#include "engine/video/sound_output.h"

#include <SDL.h>
#include <dlfcn.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "engine/video/sound_block.h"

namespace impasto::video {
namespace {

// Samples of one channel that the device asks for at a time: 21 ms.
constexpr int device_samples = 1024;

/// SDL counts how often its sound was opened, but not under a lock.
std::mutex& sdl_mutex() {
  static std::mutex mutex;
  return mutex;
}

void ignore_message(const char*, int, const char*, int, const char*, ...) {}

/// ALSA writes its own lines to stderr where there is no device; SDL has loaded it, or not.
void quiet_alsa() {
  using Handler = void (*)(const char*, int, const char*, int, const char*, ...);
  void* library = ::dlopen("libasound.so.2", RTLD_LAZY | RTLD_NOLOAD);
  if (library == nullptr) return;
  void* function = ::dlsym(library, "snd_lib_error_set_handler");
  if (function != nullptr) {
    reinterpret_cast<int (*)(Handler)>(function)(ignore_message);
  }
  ::dlclose(library);
}

class Device {
 public:
  Device(const SoundOutput::Fill& fill, const std::function<SoundOutput::Instant()>& now)
      : fill_(fill), now_(now) {
    const std::lock_guard lock(sdl_mutex());
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");  // signals are the program's
    SDL_SetHint(SDL_HINT_APP_NAME, "Impasto");
    open_ = SDL_InitSubSystem(SDL_INIT_AUDIO) == 0;
    if (!open_) return;
    quiet_alsa();
    SDL_AudioSpec wanted{};
    wanted.freq = sound_rate;
    wanted.format = AUDIO_F32SYS;
    wanted.channels = sound_channels;
    wanted.samples = device_samples;
    wanted.callback = [](void* self, Uint8* stream, int bytes) {
      static_cast<Device*>(self)->fill(reinterpret_cast<float*>(stream), bytes);
    };
    wanted.userdata = this;
    id_ = SDL_OpenAudioDevice(nullptr, 0, &wanted, nullptr, 0);
    if (id_ != 0) SDL_PauseAudioDevice(id_, 0);
  }
  ~Device() {
    const std::lock_guard lock(sdl_mutex());
    if (id_ != 0) SDL_CloseAudioDevice(id_);  // waits for the callback
    if (open_) SDL_QuitSubSystem(SDL_INIT_AUDIO);
  }
  bool works() const { return id_ != 0; }

 private:
  void fill(float* samples, int bytes) {
    // What was filled last is being played; what is filled now comes after it.
    constexpr auto buffered = std::chrono::microseconds(2'000'000LL * device_samples / sound_rate);
    const auto count = static_cast<std::size_t>(bytes) / (sizeof(float) * sound_channels);
    fill_(samples, count, now_() + buffered);
  }

  const SoundOutput::Fill& fill_;
  const std::function<SoundOutput::Instant()>& now_;
  bool open_ = false;
  SDL_AudioDeviceID id_ = 0;
};

}  // namespace

SoundOutput::SoundOutput(Fill fill, std::function<Instant()> now)
    : fill_(std::move(fill)), now_(std::move(now)), thread_([this] { run(); }) {}

SoundOutput::~SoundOutput() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

std::optional<bool> SoundOutput::audible() const {
  const std::lock_guard lock(mutex_);
  return audible_;
}

std::string SoundOutput::message() const {
  const std::lock_guard lock(mutex_);
  return message_;
}

void SoundOutput::run() {
  const auto device = std::make_unique<Device>(fill_, now_);
  const std::string reason = device->works() ? "" : SDL_GetError();
  std::unique_lock lock(mutex_);
  audible_ = device->works();
  if (*audible_) {
    changed_.wait(lock, [&] { return closing_; });
    return;
  }
  message_ = "no sound device works (" + reason + "); the sound is not heard";
  run_silent(lock);
}

void SoundOutput::run_silent(std::unique_lock<std::mutex>& lock) {
  std::vector<float> samples;
  Instant heard = now_();
  while (!changed_.wait_for(lock, std::chrono::milliseconds(10), [&] { return closing_; })) {
    const auto passed =
        std::chrono::duration_cast<std::chrono::microseconds>(now_() - heard).count();
    // After a long pause of the machine there is nothing to catch up with.
    const std::int64_t count = std::min<std::int64_t>(passed * sound_rate / 1'000'000, sound_rate);
    if (count <= 0) continue;
    samples.resize(static_cast<std::size_t>(count) * sound_channels);
    lock.unlock();
    fill_(samples.data(), static_cast<std::size_t>(count), heard);
    lock.lock();
    heard += std::chrono::microseconds(count * 1'000'000 / sound_rate);
    if (passed > 1'000'000) heard = now_();
  }
}

}  // namespace impasto::video
