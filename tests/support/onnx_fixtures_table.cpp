// The fixtures that are not run with their first input as the picture, with the reason.
#include "tests/support/onnx_fixtures.h"

namespace impasto::test {

const std::vector<std::string_view>& onnx_fixture_ops() {
  // clang-format off
  static const std::vector<std::string_view> ops = {
      "Conv", "ConvTranspose", "InstanceNormalization", "BatchNormalization", "GroupNormalization",
      "LayerNormalization", "Pad", "Resize", "Upsample", "MaxPool", "AveragePool",
      "GlobalAveragePool", "GlobalMaxPool", "Relu", "LeakyRelu", "PRelu", "Elu", "Sigmoid", "Tanh",
      "Clip", "HardSwish", "HardSigmoid", "Add", "Sub", "Mul", "Div", "Concat", "Slice", "Split",
      "DepthToSpace", "SpaceToDepth", "ReduceMean", "Sqrt", "Pow", "Identity", "Cast", "Constant",
      "Dropout", "Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Shape", "Size",
      "Gather", "Floor", "Ceil", "Expand", "Neg", "Abs", "Exp", "Reciprocal", "Min", "Max", "Sum",
      "Range", "ConstantOfShape", "Where", "Equal", "MatMul", "Gemm", "ReduceSum", "Tile"};
  // clang-format on
  return ops;
}

const std::vector<OnnxFixtureException>& onnx_fixture_exceptions() {
  using enum OnnxFixtureEntry::Mode;
  static constexpr const char* volume = "three spatial dimensions";
  static constexpr const char* batch = "statistics over several pictures";
  static constexpr const char* cubic = "cubic interpolation";
  static constexpr const char* text = "strings";
  static constexpr const char* empty = "a tensor without elements";
  static constexpr const char* rounding =
      "a picture is not rounded to bfloat16, nor a constant infinite";
  static constexpr const char* moving = "a picture's axes are not exchanged";
  static constexpr const char* one_axis = "a picture's mean is taken over rows and columns";
  static constexpr const char* sizes = "computes sizes and constants";
  static constexpr const char* styles = "computes what depends on the style";
  static const std::vector<OnnxFixtureException> table = {
      {"node/test_averagepool_3d_*", skipped, volume},
      {"node/test_convtranspose_3d", skipped, volume},
      {"node/test_maxpool_3d_*", skipped, volume},
      {"pytorch-converted/test_AvgPool3d*", skipped, volume},
      {"pytorch-converted/test_Conv3d*", skipped, volume},
      {"pytorch-converted/test_MaxPool3d*", skipped, volume},
      {"node/test_batchnorm_epsilon_training_mode", skipped, batch},
      {"node/test_batchnorm_example_training_mode", skipped, batch},
      {"node/test_mvn_expanded", skipped, batch},
      {"node/test_resize_downsample_scales_cubic*", skipped, cubic},
      {"node/test_resize_downsample_sizes_cubic*", skipped, cubic},
      {"node/test_resize_upsample_scales_cubic*", skipped, cubic},
      {"node/test_resize_upsample_sizes_cubic*", skipped, cubic},
      {"node/test_training_dropout*", skipped, "its result is random"},
      {"node/test_cast_FLOAT_to_STRING", skipped, text},
      {"node/test_cast_STRING_to_FLOAT", skipped, text},
      {"node/test_castlike_FLOAT_to_STRING_expanded", skipped, text},
      {"node/test_castlike_STRING_to_FLOAT_expanded", skipped, text},
      {"node/test_identity_opt", skipped, "an optional, no tensor"},
      {"node/test_identity_sequence", skipped, "a sequence, no tensor"},
      {"node/test_constantofshape_int_shape_zero", skipped, empty},
      {"node/test_reshape_allowzero_reordered", skipped, empty},
      {"node/test_slice_start_out_of_bounds", skipped, empty},
      {"node/test_split_zero_size_splits", skipped, empty},
      {"node/test_cast_FLOAT_to_BFLOAT16", skipped, rounding},
      {"node/test_castlike_FLOAT_to_BFLOAT16_expanded", skipped, rounding},
      {"node/test_div_uint8", folded, "integers are computed on the host"},
      {"node/test_transpose_all_permutations_5", folded, moving},
      {"node/test_transpose_default", folded, moving},
      {"node/test_gather_2d_indices", folded, "a picture is gathered by a list"},
      {"pytorch-converted/test_Embedding*", folded, "the input is a list of indices"},
      {"node/test_reduce_mean_do_not_keepdims_*", folded, one_axis},
      {"node/test_reduce_mean_keepdims_*", folded, one_axis},
      {"node/test_reduce_mean_negative_axes_keepdims_*", folded, one_axis},
      {"pytorch-operator/test_operator_reduced_mean*", folded, one_axis},
      {"node/test_ceil*", folded, sizes},
      {"node/test_constant", folded, sizes},
      {"node/test_constantofshape_*", folded, sizes},
      {"node/test_equal*", folded, sizes},
      {"node/test_expand_dim_*", folded, sizes},
      {"node/test_floor*", folded, sizes},
      {"node/test_range_*", folded, sizes},
      {"node/test_shape*", folded, sizes},
      {"node/test_size*", folded, sizes},
      {"node/test_tile*", folded, sizes},
      {"node/test_where_*", folded, sizes},
      {"pytorch-operator/test_operator_repeat*", folded, sizes},
      {"simple/test_expand_shape_model*", folded, sizes},
      {"node/test_gemm_*", folded, styles},
      {"node/test_matmul_*", folded, styles},
      {"node/test_reduce_sum_*", folded, styles},
      {"pytorch-converted/test_Linear*", folded, styles},
      {"pytorch-operator/test_operator_addmm", folded, styles},
      {"pytorch-operator/test_operator_mm", folded, styles},
      {"pytorch-operator/test_operator_reduced_sum*", folded, styles},
  };
  return table;
}

}  // namespace impasto::test
