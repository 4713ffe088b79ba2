// Owns: a kernel's one source tensor, read through its view. Declares bindings 0 and 1; needs
// VIEW_CONSTANTS declared before and a push constant with the View.
#ifndef IMPASTO_LIB_SOURCE
#define IMPASTO_LIB_SOURCE

#include "shaders/lib/tensor.glsl"
#include "shaders/lib/activation.glsl"
#include "shaders/lib/view.glsl"

TENSOR_IN(0, source)
TABLE_IN(1, source_table)

// One plane of the norm table; zeros where the view has none.
struct SourceNorm {
  vec4 mean_high;
  vec4 mean_low;
  vec4 scale;
  vec4 beta;
};

SourceNorm source_norm(int plane) {
  SourceNorm norm = SourceNorm(vec4(0.0), vec4(0.0), vec4(0.0), vec4(0.0));
  if (NORM != 0) {
    norm.mean_high = table4(source_table, plane * NORM_TABLE_WORDS);
    norm.mean_low = table4(source_table, plane * NORM_TABLE_WORDS + 1);
    norm.scale = table4(source_table, plane * NORM_TABLE_WORDS + 2);
    norm.beta = table4(source_table, plane * NORM_TABLE_WORDS + 3);
  }
  return norm;
}

// A stored value as the view shows it; `inside` as view_coordinate gives it.
vec4 source_transform(View view, SourceNorm norm, vec4 value, bool inside) {
  if (NORM != 0) {
    value = normalize_value(value, norm.mean_high, norm.mean_low, norm.scale, norm.beta);
  }
  value = activate(ACTIVATION, value, view.a, view.b, vec4(0.0));
  return PAD == PAD_CONSTANT && !inside ? vec4(view.pad_value) : value;
}

// The value at a stored texel.
vec4 source_texel(View view, SourceNorm norm, int texel, bool inside) {
  return source_transform(view, norm, load4(source, texel), inside);
}

// The texel behind (y, x) of the view; coordinates outside of it are clamped or padded.
int source_place(View view, int plane, int y, int x, out bool inside) {
  bool inside_y;
  bool inside_x;
  int row = view_coordinate(PAD, UPSAMPLE, y - view.offset_y, view.height, inside_y);
  int column = view_coordinate(PAD, UPSAMPLE, x - view.offset_x, view.width, inside_x);
  inside = inside_y && inside_x;
  return plane * view.plane_stride + row * view.row_stride + column * view.column_stride;
}

// The value at (y, x) of the view.
vec4 source_value(View view, SourceNorm norm, int plane, int y, int x) {
  bool inside;
  int texel = source_place(view, plane, y, x, inside);
  return source_texel(view, norm, texel, inside);
}

#endif
