#include <algorithm>

#include "engine/graph/winograd_plan.h"

namespace impasto::graph {
namespace {

class Lowering {
 public:
  Lowering(Draft& draft, const ConvTask& task, const WinogradPlan& plan)
      : draft_(draft), task_(task), op_(*task.op), form_(plan.form), plan_(plan) {
    run_.layer = static_cast<std::uint32_t>(draft.passes.size());
    run_.count = static_cast<std::uint32_t>(plan.runs.size());
  }

  void run() {
    const auto words = static_cast<std::uint64_t>(plan_.most_tiles);
    const ResourceId sums =
        draft_.scratch(task_.name + " sums", words * form_.input_count() * in_planes());
    const ResourceId products = draft_.scratch(
        task_.name + " products", words * form_.product_count() * task_.result.planes(),
        draft_.aligned(draft_.resources[static_cast<std::size_t>(sums)].bytes));
    const ResourceId filters =
        draft_.constant(task_.name + (form_.doubled ? " doubled filters" : " filters"),
                        winograd_filters(op_, form_, plan_.block_planes));
    for (const WinogradRun& run : plan_.runs) {
      transform_input(run, sums);
      multiply(run, sums, filters, products);
      transform_output(run, products);
      ++run_.index;
    }
  }

 private:
  int in_planes() const { return task_.source.tensor.planes(); }

  void transform_input(const WinogradRun& run, ResourceId sums) {
    abi::WinogradInputConstants constants;
    constants.workgroup = draft_.lanes();
    constants.norm = task_.source.norm_table >= 0 ? 1 : 0;
    constants.activation = task_.source.activation.kind;
    constants.pad = task_.source.pad;
    constants.upsample = task_.source.upsample;
    constants.tile_side = form_.tile_side;
    constants.doubled = form_.doubled ? 1 : 0;
    abi::WinogradInputPush push{};
    push.view = view_push(task_.source);
    push.in_planes = in_planes();
    push.tiles_x = plan_.tiles_x;
    push.first_tile = run.first;
    push.last_tile = plan_.tile_count - 1;
    push.tile_pitch = run.count;
    DraftPass pass;
    pass.name = task_.name + " input";
    pass.kernel =
        draft_.tensor_kernel("conv_winograd_input", task_.source.tensor, task_.source.tensor);
    pass.constants = constant_words(constants);
    pass.bindings = {draft_.tensor_in(task_.source.tensor),
                     draft_.table_in(task_.source.norm_table), draft_.table_out(sums)};
    pass.push = push_bytes(push);
    pass.groups = draft_.groups(run.count / constants.workgroup, in_planes());
    pass.run = run_;
    draft_.add(std::move(pass));
  }

  void multiply(const WinogradRun& run, ResourceId sums, ResourceId filters, ResourceId products) {
    abi::WinogradMultiplyConstants constants;
    constants.workgroup = draft_.lanes();
    constants.lanes = constants.workgroup;
    constants.out_planes = plan_.block_planes;
    constants.tiles = plan_.tile_groups;
    constants.tile_side = form_.tile_side;
    constants.doubled = form_.doubled ? 1 : 0;
    abi::WinogradMultiplyPush push{};
    push.in_planes = in_planes();
    push.out_planes = task_.result.planes();
    push.tile_pitch = run.count;
    const int blocks = div_up(push.out_planes, plan_.block_planes);
    DraftPass pass;
    pass.name = task_.name + " multiply";
    pass.kernel = draft_.table_kernel("conv_winograd_multiply");
    pass.constants = constant_words(constants);
    pass.bindings = {draft_.table_in(sums), draft_.table_in(filters), draft_.table_out(products)};
    pass.push = push_bytes(push);
    pass.groups = draft_.groups(run.count / (constants.workgroup * plan_.tile_groups),
                                form_.product_count() * blocks);
    pass.subgroup_size = draft_.device().subgroup_size;
    pass.flops =
        2.0 * run.count * form_.product_count() * push.in_planes * blocks * plan_.block_planes * 16;
    pass.run = run_;
    draft_.add(std::move(pass));
  }

  void transform_output(const WinogradRun& run, ResourceId products) {
    const bool has_bias = op_.bias != net::none;
    abi::WinogradOutputConstants constants;
    constants.workgroup = draft_.lanes();
    constants.lanes = constants.workgroup;
    constants.bias = has_bias ? 1 : 0;
    constants.out_activation = task_.store.activation.kind;
    constants.statistics = task_.store.statistics ? 1 : 0;
    constants.tile_side = form_.tile_side;
    constants.doubled = form_.doubled ? 1 : 0;
    abi::WinogradOutputPush push{};
    push.planes = task_.result.planes();
    push.tiles_x = plan_.tiles_x;
    push.first_tile = run.first;
    push.tile_count = plan_.tile_count;
    push.tile_pitch = run.count;
    push.out_plane_stride = task_.result.plane_texels();
    push.out_row_stride = task_.result.width;
    push.out_height = task_.grid_height;
    push.out_width = task_.grid_width;
    push.out_step = task_.out_step;
    push.out_offset_y = task_.out_offset_y;
    push.out_offset_x = task_.out_offset_x;
    push.record_first = task_.tile_first + run.first / constants.workgroup;
    push.record_stride = task_.tile_stride;
    push.a = task_.store.activation.a;
    push.b = task_.store.activation.b;
    const ResourceId bias =
        has_bias ? draft_.parameter(op_.bias, static_cast<std::size_t>(op_.out_channels),
                                    op_.out_channels)
                 : -1;
    // Workgroups past the last tile would write records that nobody counted.
    const int groups =
        div_up(std::min(run.count, plan_.tile_count - run.first), constants.workgroup);
    draft_.for_plane_windows(task_.result, [&](int first, int count) {
      push.first_plane = first;
      DraftPass pass;
      pass.name = task_.name;
      pass.kernel = draft_.tensor_kernel("conv_winograd_output", task_.result, task_.result);
      pass.constants = constant_words(constants);
      pass.bindings = {draft_.table_in(products), draft_.table_in(bias),
                       draft_.tensor_out(task_.result, first, count),
                       task_.partials < 0 ? draft_.tensor_out(task_.result, first, count)
                                          : draft_.table_out(task_.partials)};
      pass.push = push_bytes(push);
      pass.groups = draft_.groups(groups, count);
      pass.subgroup_size = draft_.device().subgroup_size;
      pass.run = run_;
      draft_.add(std::move(pass));
    });
  }

  Draft& draft_;
  const ConvTask& task_;
  const net::Conv& op_;
  const WinogradForm& form_;
  const WinogradPlan& plan_;
  Run run_;  // that is being added
};

}  // namespace

void lower_conv_winograd(Draft& draft, const ConvTask& task, int tile_side) {
  const WinogradPlan plan = plan_winograd(draft, task, tile_side);
  Lowering(draft, task, plan).run();
}

}  // namespace impasto::graph
