#include "engine/graph/render_graph.h"

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <sstream>

namespace impasto::graph {
namespace {

const char* region_name(Region region) {
  switch (region) {
    case Region::arena:
      return "arena";
    case Region::constants:
      return "constants";
    case Region::parameters:
      return "parameters";
    case Region::frame_in:
      return "frame_in";
    case Region::frame_out:
      return "frame_out";
    case Region::features:
      return "features";
    case Region::scratch:
      return "scratch";
  }
  return "";
}

void write_range(std::ostream& out, const Binding& binding) {
  out << (binding.access == Access::storage_write ? " >" : " <")
      << region_name(binding.range.region);
  if (binding.range.block > 0) out << '#' << binding.range.block;
  out << '[' << binding.range.offset << '+' << binding.range.size << ']';
}

}  // namespace

std::uint64_t RenderGraph::arena_bytes() const {
  return std::accumulate(arena_blocks.begin(), arena_blocks.end(), std::uint64_t{0});
}

std::vector<Pass> lean_passes(std::vector<Pass> passes) {
  for (Pass& pass : passes) {
    if (!pass.lean) continue;
    pass.constants = pass.lean->constants;
    pass.groups = pass.lean->groups;
  }
  return passes;
}

std::string to_text(const RenderGraph& graph) {
  std::ostringstream out;
  for (std::size_t i = 0; i < graph.passes.size(); ++i) {
    const Pass& pass = graph.passes[i];
    out << i
        << (pass.meets     ? " | "
            : pass.barrier ? " : "
                           : "   ")
        << pass.kernel << " \"" << pass.name << "\" groups " << pass.groups[0] << 'x'
        << pass.groups[1] << 'x' << pass.groups[2] << " constants";
    for (const std::uint32_t constant : pass.constants) out << ' ' << static_cast<int>(constant);
    for (const Binding& binding : pass.bindings) write_range(out, binding);
    out << '\n';
  }
  for (const ConvLayer& layer : graph.convolutions) {
    out << "convolution " << layer.shape << ": " << layer.kernel << " of";
    for (const std::string& kernel : layer.kernels) out << ' ' << kernel;
    out << '\n';
  }
  return out.str();
}

std::string to_demands(const RenderGraph& graph) {
  // Of a compute unit: a streaming multiprocessor, a work group processor, a Xe core.
  constexpr std::uint64_t unit_shared_bytes = 64U << 10;
  constexpr std::uint32_t unit_invocations = 1536;
  std::ostringstream out;
  out << "computed; per unit: of 64 KiB and 1536 invocations, registers left aside\n"
      << "  groups  lanes  shared KiB  per unit     MFLOP       MB  FLOP/B  pass\n";
  for (const Pass& pass : graph.passes) {
    std::uint64_t per_unit = unit_invocations / std::max(1U, pass.workgroup());
    if (pass.shared_bytes > 0) per_unit = std::min(per_unit, unit_shared_bytes / pass.shared_bytes);
    char line[160];
    std::snprintf(line, sizeof line, "%8llu %6u %11.1f %9llu %9.1f %8.2f %7.1f  ",
                  static_cast<unsigned long long>(pass.groups[0]) * pass.groups[1] * pass.groups[2],
                  pass.workgroup(), static_cast<double>(pass.shared_bytes) / 1024,
                  static_cast<unsigned long long>(per_unit), pass.flops / 1e6, pass.bytes / 1e6,
                  pass.bytes > 0 ? pass.flops / pass.bytes : 0);
    out << line << pass.name << " (" << pass.kernel << ")\n";
  }
  return out.str();
}

std::string to_dot(const RenderGraph& graph) {
  std::ostringstream out;
  out << "digraph render_graph {\n  rankdir=LR; node [shape=box];\n";
  for (std::size_t i = 0; i < graph.passes.size(); ++i) {
    out << "  p" << i << " [label=\"" << graph.passes[i].name << "\\n"
        << graph.passes[i].kernel << "\"];\n";
  }
  // An edge from the last pass that wrote overlapping bytes to each pass that reads them.
  for (std::size_t reader = 0; reader < graph.passes.size(); ++reader) {
    for (const Binding& read : graph.passes[reader].bindings) {
      if (read.access == Access::storage_write) continue;
      for (std::size_t writer = reader; writer-- > 0;) {
        bool found = false;
        for (const Binding& write : graph.passes[writer].bindings) {
          found |= write.access == Access::storage_write && write.range.overlaps(read.range);
        }
        if (!found) continue;
        out << "  p" << writer << " -> p" << reader << ";\n";
        break;
      }
    }
  }
  out << "}\n";
  return out.str();
}

}  // namespace impasto::graph
