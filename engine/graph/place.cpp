#include "engine/graph/place.h"

#include <algorithm>
#include <numeric>

#include "engine/base/error.h"

namespace impasto::graph {
namespace {

struct Lifetime {
  int first = -1;
  int last = -1;
  bool meets(const Lifetime& other) const { return first <= other.last && other.first <= last; }
};

struct Placed {
  Lifetime lifetime;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

std::vector<Lifetime> find_lifetimes(const Draft& draft) {
  std::vector<Lifetime> lifetimes(draft.resources.size());
  for (std::size_t i = 0; i < draft.passes.size(); ++i) {
    for (const DraftBinding& binding : draft.passes[i].bindings) {
      Lifetime& lifetime = lifetimes[static_cast<std::size_t>(binding.resource)];
      if (lifetime.first < 0) lifetime.first = static_cast<int>(i);
      lifetime.last = static_cast<int>(i);
    }
  }
  return lifetimes;
}

// What is written over what: by resource, the one whose bytes it takes, which for most is itself;
// the lifetime of that one becomes that of both.
std::vector<std::size_t> find_owners(const Draft& draft, std::vector<Lifetime>& lifetimes) {
  std::vector<std::size_t> owners(draft.resources.size());
  std::iota(owners.begin(), owners.end(), std::size_t{0});
  const auto placed_here = [&](std::size_t id) {
    return draft.resources[id].region == Region::arena && !draft.resources[id].at;
  };
  std::vector<Lifetime> own = lifetimes;
  for (std::size_t i = 0; i < draft.passes.size(); ++i) {
    const DraftPass& pass = draft.passes[i];
    const auto written = std::ranges::find(pass.bindings, Access::storage_write,
                                           [](const DraftBinding& b) { return b.access; });
    for (const ResourceId candidate : pass.replaceable) {
      const auto read = static_cast<std::size_t>(candidate);
      const auto result = static_cast<std::size_t>(written->resource);
      if (own[read].last != static_cast<int>(i) || own[result].first != static_cast<int>(i) ||
          draft.resources[read].bytes != draft.resources[result].bytes || !placed_here(read) ||
          !placed_here(result)) {
        continue;
      }
      owners[result] = owners[read];
      lifetimes[owners[read]].last = own[result].last;
      break;
    }
  }
  return owners;
}

// The smallest hole among the resources alive at the same time that holds `bytes`; the end of the
// last one where no hole does.
std::uint64_t best_fit(const std::vector<Placed>& block, const Lifetime& lifetime,
                       std::uint64_t bytes) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> taken;
  for (const Placed& placed : block) {
    if (placed.lifetime.meets(lifetime)) taken.emplace_back(placed.begin, placed.end);
  }
  std::sort(taken.begin(), taken.end());
  std::uint64_t end = 0;
  std::uint64_t best = 0;
  std::uint64_t best_size = UINT64_MAX;
  for (const auto& [begin, taken_end] : taken) {
    if (begin > end && begin - end >= bytes && begin - end < best_size) {
      best = end;
      best_size = begin - end;
    }
    end = std::max(end, taken_end);
  }
  return best_size == UINT64_MAX ? end : best;
}

// Gives resources addresses one after another.
void place_in_order(const Draft& draft, const std::vector<std::size_t>& order,
                    const std::vector<Lifetime>& lifetimes, Placement& result) {
  std::vector<std::vector<Placed>> blocks;
  for (const std::size_t id : order) {
    const Resource& resource = draft.resources[id];
    const std::uint64_t bytes = draft.aligned(resource.bytes);
    if (bytes > draft.device().max_allocation) {
      throw Error(ExitCode::gpu, resource.name + ": " + std::to_string(bytes >> 20) +
                                     " MiB exceed the device's allocation limit of " +
                                     std::to_string(draft.device().max_allocation >> 20) + " MiB");
    }
    for (std::size_t block = 0;; ++block) {
      if (block == blocks.size()) blocks.emplace_back();
      const std::uint64_t begin = best_fit(blocks[block], lifetimes[id], bytes);
      if (begin + bytes > draft.device().max_allocation) continue;
      blocks[block].push_back({lifetimes[id], begin, begin + bytes});
      result.ranges[id] = {Region::arena, static_cast<std::uint32_t>(block), begin, resource.bytes};
      break;
    }
  }
  for (const auto& block : blocks) {
    std::uint64_t end = 0;
    for (const Placed& placed : block) end = std::max(end, placed.end);
    result.arena_blocks.push_back(end);
  }
}

}  // namespace

Placement place(const Draft& draft) {
  std::vector<Lifetime> lifetimes = find_lifetimes(draft);
  const std::vector<std::size_t> owners = find_owners(draft, lifetimes);
  Placement best;
  Placement result;
  result.ranges.resize(draft.resources.size());
  std::vector<std::size_t> order;
  std::vector<std::uint64_t> change(draft.passes.size() + 1, 0);
  for (std::size_t i = 0; i < draft.resources.size(); ++i) {
    const Resource& resource = draft.resources[i];
    result.ranges[i] =
        resource.at.value_or(Range{resource.region, 0, resource.offset, resource.bytes});
    if (resource.at || resource.region != Region::arena || lifetimes[i].first < 0) continue;
    if (owners[i] != i) continue;
    order.push_back(i);
    change[static_cast<std::size_t>(lifetimes[i].first)] += resource.bytes;
    change[static_cast<std::size_t>(lifetimes[i].last) + 1] -= resource.bytes;  // wraps and back
  }
  std::uint64_t live = 0;
  for (const std::uint64_t step : change) {
    live += step;
    result.live_bytes = std::max(result.live_bytes, live);
  }
  // The largest first is the best order for most graphs, not for all: the smallest result is taken.
  using Before = bool (*)(const Resource&, const Lifetime&, const Resource&, const Lifetime&);
  static constexpr Before rules[] = {
      [](const Resource& a, const Lifetime&, const Resource& b, const Lifetime&) {
        return a.bytes > b.bytes;
      },
      [](const Resource&, const Lifetime& a, const Resource&, const Lifetime& b) {
        return a.last - a.first > b.last - b.first;
      },
      [](const Resource&, const Lifetime& a, const Resource&, const Lifetime& b) {
        return a.first < b.first;
      }};
  std::uint64_t least = UINT64_MAX;
  for (const Before before : rules) {
    std::vector<std::size_t> sorted = order;
    std::stable_sort(sorted.begin(), sorted.end(), [&](std::size_t a, std::size_t b) {
      return before(draft.resources[a], lifetimes[a], draft.resources[b], lifetimes[b]);
    });
    Placement attempt = result;
    place_in_order(draft, sorted, lifetimes, attempt);
    for (std::size_t i = 0; i < owners.size(); ++i) attempt.ranges[i] = attempt.ranges[owners[i]];
    const std::uint64_t bytes =
        std::accumulate(attempt.arena_blocks.begin(), attempt.arena_blocks.end(), std::uint64_t{0});
    if (bytes >= least) continue;
    least = bytes;
    best = std::move(attempt);
  }
  return best;
}

}  // namespace impasto::graph
