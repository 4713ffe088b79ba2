// Owns: stylizers that take frames in turn. On a CPU driver whose threads share every pass of one
// frame, cores wait for each other after each pass and fetch what the other has written from its
// caches; one core per frame does neither, and an encoder takes time from one frame only. Frames
// come out in their order, the same bit for bit. Costs memory and latency: for files, not for
// windows. Other devices get one stylizer. Depends on: stylizer.h. Not thread-safe, as that is not.
#pragma once

#include <deque>
#include <future>
#include <memory>
#include <optional>
#include <vector>

#include "engine/stylizer.h"

namespace impasto {

class StylizerTeam {
 public:
  /// `size`: stylizers at most; 0: as many as pay. Throws Error{gpu}.
  StylizerTeam(net::Model model, const StylizerOptions& options, int size = 0);
  ~StylizerTeam();
  StylizerTeam(const StylizerTeam&) = delete;
  StylizerTeam& operator=(const StylizerTeam&) = delete;

  const gpu::DeviceInfo& device() const { return members_.front().stylizer->device(); }
  /// As those of Stylizer.
  void set_look(const Look& look) { look_ = look; }
  /// Returns when one can begin; the others prepare in the background and join when they are ready.
  /// Where the memory is not enough for all there will be one.
  void prepare(const video::FrameFormat& source, const video::FrameFormat& output);
  bool full();
  void submit(const video::Frame& frame, const video::FrameFormat& output);
  std::optional<video::Frame> receive();
  /// Of the first, but frames and memory are those of all.
  StylizerStats stats() const;
  /// Those that are ready.
  std::size_t size() const { return members_.size(); }

 private:
  struct Member {
    std::unique_ptr<Stylizer> stylizer;
    std::size_t in_flight = 0;
  };
  struct Recruit {
    std::unique_ptr<Stylizer> stylizer;
    std::future<void> ready;  // last: waits for the thread before the stylizer goes
  };
  void recruit(const video::FrameFormat& source, const video::FrameFormat& output);
  void admit_recruits();
  Member& idlest();

  std::shared_ptr<const net::Model> model_;
  StylizerOptions options_;
  unsigned size_;  // that it shall have
  Look look_;
  std::vector<Member> members_;
  std::deque<std::size_t> order_;  // members that frames in flight are with, oldest first
  std::vector<Recruit> recruits_;
};

}  // namespace impasto
