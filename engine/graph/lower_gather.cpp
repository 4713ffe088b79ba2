#include <algorithm>

#include "engine/graph/lower.h"

namespace impasto::graph {
namespace {

constexpr int workgroup = 64;

// A part of the result: planes [first_plane, end_plane), texels from an offset on.
struct Part {
  int first_plane = 0;
  int end_plane = 0;
  int offset_y = 0;
  int offset_x = 0;
  int height = 0;
  int width = 0;
};

Part whole(const TensorRef& result) {
  return {0, result.planes(), 0, 0, result.height, result.width};
}

abi::GatherPush affine_push() {
  abi::GatherPush push{};
  push.channel_step = 1;
  push.step_y = 1;
  push.step_x = 1;
  return push;
}

void lower_gather(Draft& draft, const std::string& name, abi::GatherConstants constants,
                  abi::GatherPush push, const TensorView& source, const TensorRef& result,
                  const Part& part) {
  constants.workgroup = workgroup;
  constants.norm = source.norm_table >= 0 ? 1 : 0;
  constants.activation = source.activation.kind;
  constants.pad = source.pad;
  constants.upsample = source.upsample;
  constants.in_channels = source.tensor.channels;
  push.view = view_push(source);
  push.height = part.height;
  push.width = part.width;
  push.out_plane_stride = result.plane_texels();
  push.out_row_stride = result.width;
  push.out_offset_y = part.offset_y;
  push.out_offset_x = part.offset_x;
  draft.for_plane_windows(result, [&](int window_first, int window_count) {
    const int first = std::max(window_first, part.first_plane);
    const int count = std::min(window_first + window_count, part.end_plane) - first;
    if (count <= 0) return;
    push.first_plane = first;
    push.out_lead = draft.out_lead(result, first);
    DraftPass pass;
    pass.name = name;
    pass.kernel = draft.tensor_kernel("gather", source.tensor, result);
    pass.constants = constant_words(constants);
    pass.bindings = {draft.tensor_in(source.tensor), draft.table_in(source.norm_table),
                     draft.tensor_out(result, first, count)};
    pass.push = push_bytes(push);
    pass.groups = draft.groups(
        (static_cast<std::int64_t>(part.height) * part.width + workgroup - 1) / workgroup, count);
    draft.add(std::move(pass));
  });
}

constexpr abi::GatherConstants affine_constants{.mode = abi::GATHER_AFFINE};

// A pass per plane where there are few: its channels, and with them the cells, are then constants.
void lower_blocks(Draft& draft, const std::string& name, abi::GatherConstants constants,
                  const TensorView& source, const TensorRef& result) {
  constexpr int few_planes = 4;
  Part part = whole(result);
  if (result.planes() > few_planes) {
    return lower_gather(draft, name, constants, affine_push(), source, result, part);
  }
  for (int plane = 0; plane < result.planes(); ++plane) {
    constants.plane = plane;
    part.first_plane = plane;
    part.end_plane = plane + 1;
    lower_gather(draft, name, constants, affine_push(), source, result, part);
  }
}

// Where an output channel of a concatenation comes from.
struct Origin {
  int source = 0;
  int channel = 0;
};

std::vector<Origin> channel_origins(const std::vector<TensorView>& sources) {
  std::vector<Origin> origins;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    for (int channel = 0; channel < sources[i].tensor.channels; ++channel) {
      origins.push_back({static_cast<int>(i), channel});
    }
  }
  // Lanes past the last channel repeat it: padding is finite.
  while (origins.size() % 4 != 0) origins.push_back(origins.back());
  return origins;
}

void lower_join(Draft& draft, const std::string& name, const Origin* origins,
                const std::vector<TensorView>& sources, const TensorRef& result, int plane) {
  abi::JoinPush push{};
  push.channel_0 = origins[0].channel;
  push.channel_1 = origins[1].channel;
  push.channel_2 = origins[2].channel;
  push.channel_3 = origins[3].channel;
  push.texels = result.plane_texels();
  push.out_lead = draft.out_lead(result, plane);
  DraftPass pass;
  pass.name = name;
  pass.kernel = draft.tensor_kernel(
      "join", sources[static_cast<std::size_t>(origins[0].source)].tensor, result);
  pass.constants = {workgroup};
  for (int lane = 0; lane < 4; ++lane) {
    const auto source = static_cast<std::size_t>(origins[lane].source);
    pass.bindings.push_back(draft.tensor_in(sources[source].tensor));
  }
  pass.bindings.push_back(draft.tensor_out(result, plane, 1));
  pass.push = push_bytes(push);
  pass.groups = draft.groups((result.plane_texels() + workgroup - 1) / workgroup, 1);
  draft.add(std::move(pass));
}

// One pass per run of planes that come from one source, and one per plane where sources meet.
void lower_concat_channels(Draft& draft, const std::string& name, std::vector<TensorView> sources,
                           const TensorRef& result) {
  const std::vector<Origin> origins = channel_origins(sources);
  const auto origin = [&](int channel) { return origins[static_cast<std::size_t>(channel)]; };
  const auto mixed = [&](int plane) {
    return origin(plane * 4).source != origin(plane * 4 + 3).source;
  };
  for (int plane = 0; plane < result.planes();) {
    if (mixed(plane)) {
      for (int lane = 0; lane < 4; ++lane) {
        TensorView& view = sources[static_cast<std::size_t>(origin(plane * 4 + lane).source)];
        // One kernel reads all of them: storage buffers of one type.
        const bool readable = draft.options().texel_reads || view.tensor.half == result.half;
        if (view.plain() && readable) continue;
        const TensorRef plain = draft.tensor(name + " input", view.tensor.channels, view.height(),
                                             view.width(), result.half);
        lower_map(draft, name + " input", view, {}, {}, -1, plain);
        view = TensorView{.tensor = plain};
      }
      lower_join(draft, name, &origins[static_cast<std::size_t>(plane) * 4], sources, result,
                 plane);
      ++plane;
      continue;
    }
    const Origin first = origin(plane * 4);
    Part part = whole(result);
    part.first_plane = plane;
    while (plane < result.planes() && !mixed(plane) && origin(plane * 4).source == first.source) {
      ++plane;
    }
    part.end_plane = plane;
    abi::GatherPush push = affine_push();
    push.channel_begin = first.channel - part.first_plane * 4;
    lower_gather(draft, name, affine_constants, push,
                 sources[static_cast<std::size_t>(first.source)], result, part);
  }
}

}  // namespace

void lower_concat(Draft& draft, const std::string& name, const net::Concat& op,
                  const std::vector<TensorView>& sources, const TensorRef& result) {
  if (op.axis == 0) return lower_concat_channels(draft, name, sources, result);
  Part part = whole(result);
  for (const TensorView& source : sources) {
    part.height = source.height();
    part.width = source.width();
    lower_gather(draft, name, affine_constants, affine_push(), source, result, part);
    (op.axis == 1 ? part.offset_y : part.offset_x) +=
        op.axis == 1 ? source.height() : source.width();
  }
}

void lower_slice(Draft& draft, const std::string& name, const net::Slice& op,
                 const TensorView& source, const TensorRef& result) {
  abi::GatherPush push = affine_push();
  push.channel_begin = op.begin[0];
  push.channel_step = op.step[0];
  push.begin_y = op.begin[1];
  push.step_y = op.step[1];
  push.begin_x = op.begin[2];
  push.step_x = op.step[2];
  lower_gather(draft, name, affine_constants, push, source, result, whole(result));
}

void lower_depth_to_space(Draft& draft, const std::string& name, const net::DepthToSpace& op,
                          const TensorView& source, const TensorRef& result) {
  const int mode = op.column_row ? abi::GATHER_DEPTH_TO_SPACE_CRD : abi::GATHER_DEPTH_TO_SPACE;
  lower_blocks(draft, name, {.mode = mode, .block = op.block}, source, result);
}

void lower_space_to_depth(Draft& draft, const std::string& name, const net::SpaceToDepth& op,
                          const TensorView& source, const TensorRef& result) {
  lower_blocks(draft, name, {.mode = abi::GATHER_SPACE_TO_DEPTH, .block = op.block}, source,
               result);
}

}  // namespace impasto::graph
