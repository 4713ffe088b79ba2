#include "engine/stylizer_team.h"

#include <algorithm>
#include <chrono>

#include "engine/base/cores.h"
#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/gpu/instance.h"

namespace impasto {
namespace {

// Memory and latency grow with each, and with this many few cores are left waiting.
constexpr unsigned most_members = 4;

// 0: none but the thread of the device's queue.
unsigned threads_of_member(unsigned members) {
  const unsigned share = core_count() / members;
  return share > 1 ? share : 0;
}

}  // namespace

StylizerTeam::StylizerTeam(net::Model model, const StylizerOptions& options, int size)
    : model_(std::make_shared<const net::Model>(std::move(model))),
      options_(options),
      size_(size > 0 ? static_cast<unsigned>(size) : std::clamp(core_count(), 1U, most_members)),
      look_(default_look(model_->info())) {
  std::optional<gpu::DriverThreads> threads;
  if (size_ > 1) threads.emplace(threads_of_member(size_));
  members_.push_back({std::make_unique<Stylizer>(model_, options)});
  if (!threads || !threads->in_effect() || !device().obeys_thread_count) size_ = 1;
}

StylizerTeam::~StylizerTeam() = default;

void StylizerTeam::prepare(const video::FrameFormat& source, const video::FrameFormat& output) {
  members_.front().stylizer->share_memory(size_);
  try {
    members_.front().stylizer->prepare(source, output);
  } catch (const Error& error) {
    if (size_ == 1 || error.code() != ExitCode::gpu) throw;
    size_ = 1;  // a share of the memory was not enough; if that was not why, it fails again
    members_.front().stylizer = std::make_unique<Stylizer>(model_, options_);
    members_.front().stylizer->prepare(source, output);
  }
  while (members_.size() + recruits_.size() < size_) recruit(source, output);
}

void StylizerTeam::recruit(const video::FrameFormat& source, const video::FrameFormat& output) {
  StylizerOptions options = options_;
  // Kernels that the first one has timed are on disk now.
  if (options.tuning != Tuning::off) options.tuning = Tuning::kept;
  const gpu::DriverThreads threads(threads_of_member(size_));
  Recruit recruit{std::make_unique<Stylizer>(model_, options), {}};
  recruit.stylizer->share_memory(size_);
  recruit.ready = std::async(std::launch::async, [stylizer = recruit.stylizer.get(), source,
                                                  output] { stylizer->prepare(source, output); });
  recruits_.push_back(std::move(recruit));
}

// One that cannot work is no reason to stop: the others do.
void StylizerTeam::admit_recruits() {
  std::erase_if(recruits_, [&](Recruit& recruit) {
    if (recruit.ready.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return false;
    try {
      recruit.ready.get();
      members_.push_back({std::move(recruit.stylizer)});
    } catch (const Error& error) {
      log::warning(std::string("fewer frames at a time than cores: ") + error.what());
      --size_;
    }
    return true;
  });
}

StylizerTeam::Member& StylizerTeam::idlest() {
  return *std::min_element(members_.begin(), members_.end(), [](const Member& a, const Member& b) {
    return a.in_flight < b.in_flight;
  });
}

bool StylizerTeam::full() {
  admit_recruits();
  return idlest().stylizer->full();
}

void StylizerTeam::submit(const video::Frame& frame, const video::FrameFormat& output) {
  admit_recruits();
  Member& member = idlest();
  member.stylizer->set_look(look_);
  member.stylizer->submit(frame, output);
  ++member.in_flight;
  order_.push_back(static_cast<std::size_t>(&member - members_.data()));
}

std::optional<video::Frame> StylizerTeam::receive() {
  if (order_.empty()) return std::nullopt;
  Member& member = members_[order_.front()];
  order_.pop_front();
  --member.in_flight;
  return member.stylizer->receive();
}

StylizerStats StylizerTeam::stats() const {
  StylizerStats all = members_.front().stylizer->stats();
  for (std::size_t i = 1; i < members_.size(); ++i) {
    const StylizerStats stats = members_[i].stylizer->stats();
    all.allocated_bytes += stats.allocated_bytes;
    all.frames += stats.frames;
  }
  return all;
}

}  // namespace impasto
