// A picture in a tensor (R, G, B of low..high) -> one plane of a frame: range, curve, matrix, chroma
// averaged over its cell around its position, codes, blended with the source's.
// Tile: one chunk of a row per invocation, so that each 32-bit word has one writer; slots of no
// sample are 0. x: chunks of a row, y: rows.
// variants: texel texel_half storage storage_half
#version 460
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "shaders/abi.h"
#include "shaders/frame_abi.h"
#include "shaders/lib/push.glsl"
#include "shaders/lib/tensor.glsl"

layout(local_size_x_id = 0) in;
EMIT_CONSTANTS(CONSTANT)

#include "shaders/lib/color.glsl"
#include "shaders/lib/samples.glsl"

TENSOR_IN(0, result)
TABLE_IN(1, source)  // SOURCE_TENSOR: the source's R, G, B, alpha at the frame's size, 0..1
TABLE_IN(2, live)    // LiveValues: strength, keep_colors
layout(set = 0, binding = 3, std430) readonly buffer frame_block { uint data[]; } frame;
layout(set = 0, binding = 4, std430) writeonly buffer plane_block { uint data[]; } target;
PUSH(EmitPush)

struct Pixel {
  vec3 result;
  vec4 source;
};

Pixel pixel_at(int y, int x, float keep_colors) {
  Pixel pixel = Pixel(vec3(0.0), vec4(0.0));
  vec3 value = load4(result, y * push.row_stride + x).xyz;
  if (SPLAT != 0) value = value.xxx;
  pixel.result = from_network(CURVE, (value - push.low) * push.scale);
  if (SOURCE_TENSOR != 0) {
    const vec4 texel = table4(source, y * push.width + x);
    pixel.source = vec4(from_network(CURVE, texel.xyz), texel.w);
    if (KEEP == KEEP_DIFFERENCES) {
      const vec3 luma = vec3(push.luma[0], push.luma[1], push.luma[2]);
      const float change = dot(luma, pixel.result - pixel.source.xyz);
      const vec3 kept = clamp(pixel.source.xyz + change, 0.0, 1.0);
      pixel.result = mix(pixel.result, kept, keep_colors);
    }
  }
  return pixel;
}

// The average of the luma samples around chroma sample (y, x): weights 1 within the width of a
// cell around its position, 1/2 on the edge; samples that do not exist are left out.
Pixel cell_at(int y, int x, float keep_colors) {
  const float half_y = 0.5 * float(1 << LOG2_Y);
  const float half_x = 0.5 * float(1 << LOG2_X);
  const int from_y = int(floor(0.5 * float(SITE_Y) - half_y + 0.5));
  const int from_x = int(floor(0.5 * float(SITE_X) - half_x + 0.5));
  const int to_y = int(ceil(0.5 * float(SITE_Y) + half_y - 0.5));
  const int to_x = int(ceil(0.5 * float(SITE_X) + half_x - 0.5));
  Pixel sum = Pixel(vec3(0.0), vec4(0.0));
  float total = 0.0;
  [[unroll]] for (int i = from_y; i <= to_y; ++i) {
    [[unroll]] for (int j = from_x; j <= to_x; ++j) {
      const float weight_y = clamp(half_y + 0.5 - abs(float(i) - 0.5 * float(SITE_Y)), 0.0, 1.0);
      const float weight_x = clamp(half_x + 0.5 - abs(float(j) - 0.5 * float(SITE_X)), 0.0, 1.0);
      const int row = (y << LOG2_Y) + i;
      const int column = (x << LOG2_X) + j;
      const int near_row = clamp(row, 0, push.height - 1);
      const int near_column = clamp(column, 0, push.width - 1);
      const float weight = row == near_row && column == near_column ? weight_y * weight_x : 0.0;
      const Pixel pixel = pixel_at(near_row, near_column, keep_colors);
      sum.result += weight * pixel.result;
      sum.source += weight * pixel.source;
      total += weight;
    }
  }
  return Pixel(sum.result / total, sum.source / total);
}

float code_of(int component, vec4 pixel) {
  float code = pixel.w * float(MAXIMUM);
  [[unroll]] for (int c = 0; c < 3; ++c) {
    if (c == component) {
      code = dot(vec3(push.matrix[4 * c], push.matrix[4 * c + 1], push.matrix[4 * c + 2]),
                 pixel.xyz) +
             push.matrix[4 * c + 3];
    }
  }
  return clamp(code, 0.0, float(MAXIMUM));
}

// The code of slot j of a chunk; 0 where no sample lies there.
uint slot_code(int y, int chunk, const int j, uint source_code, vec4 values) {
  int component = -1;
  int position = 0;
  [[unroll]] for (int c = 0; c < 4; ++c) {
    if (plane_of(c) != PLANE) continue;
    if (step_of(c) == 3) {  // the only step that does not divide a chunk
      const int whole = (4 * chunk + j) / 3;
      if (4 * chunk + j - 3 * whole == offset_of(c)) component = c;
      position = whole;
    } else if ((j + step_of(c) - offset_of(c)) % step_of(c) == 0) {
      component = c;
      position = chunk * (4 / step_of(c)) + (j - offset_of(c)) / step_of(c);
    }
  }
  if (component < 0) return 0u;
  const bool chroma = subsampled(component);
  const int columns = cells(push.width, chroma ? LOG2_X : 0);
  const int x = min(position, columns - 1);
  Pixel pixel;
  if (chroma) {
    pixel = cell_at(y, x, values.y);
  } else {
    pixel = pixel_at(y, x, values.y);
  }
  float strength = values.x;
  if (KEEP == KEEP_CHROMA && (component == 1 || component == 2)) strength *= 1.0 - values.y;
  if (component == 3) strength = 0.0;
  const float old_code = SAME_LAYOUT != 0 ? float(source_code) : code_of(component, pixel.source);
  const float new_code = code_of(component, vec4(pixel.result, 0.0));
  // Each end exactly, whatever the other code is.
  const uint code = uint(floor(old_code * (1.0 - strength) + new_code * strength + 0.5));
  return position < columns ? code << uint(SHIFT) : 0u;
}

void main() {
  read_push();
  const int chunk = int(gl_GlobalInvocationID.x);
  if (chunk >= push.chunks) return;
  const int y = int(gl_WorkGroupID.y);
  const vec4 values = table4(live, 0);
  uvec4 source_codes = uvec4(0u);
  if (SAME_LAYOUT != 0) {
    const int word = push.source_word + y * push.source_pitch + (chunk << WIDE);
    source_codes = slots_of(frame.data[word], WIDE != 0 ? frame.data[word + WIDE] : 0u);
  }
  uvec4 slots;
  [[unroll]] for (int j = 0; j < 4; ++j) {
    slots[j] = slot_code(y, chunk, j, source_codes[j], values);
  }
  const int word = y * push.pitch + (chunk << WIDE);
  if (WIDE == 0) {
    target.data[word] = slots.x | slots.y << 8 | slots.z << 16 | slots.w << 24;
  } else {
    target.data[word] = slots.x | slots.y << 16;
    target.data[word + 1] = slots.z | slots.w << 16;
  }
}
