// A picture in a tensor (R, G, B of low..high) -> the planes of a frame: range, curve, matrix, chroma
// averaged over its cell around its position, codes, blended with the source's.
// Tile: a block of pixels per invocation, EMIT_CELLS chroma samples wide and one high: whole chunks of every
// plane, so that each 32-bit word has one writer and a pixel is read once for all planes (twice or
// more where cells reach over the block's edge); slots of no sample are 0.
// x: blocks of a row, y: rows of blocks.
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
layout(set = 0, binding = 4, std430) writeonly buffer planes_block { uint data[]; } target;
PUSH(EmitPush)

const int BLOCK_WIDTH = EMIT_CELLS << LOG2_X;
const int BLOCK_HEIGHT = 1 << LOG2_Y;
// Luma samples around the first one of a cell that its chroma is made of.
const int CELL_TOP = (SITE_Y + 1 - (1 << LOG2_Y)) >> 1;
const int CELL_BOTTOM = (SITE_Y + (1 << LOG2_Y)) >> 1;
const int CELL_LEFT = (SITE_X + 1 - (1 << LOG2_X)) >> 1;
const int CELL_RIGHT = (SITE_X + (1 << LOG2_X)) >> 1;
const int BOTTOM = CELL_BOTTOM < BLOCK_HEIGHT ? BLOCK_HEIGHT - 1 : CELL_BOTTOM;
const int LAST_CELL = (EMIT_CELLS - 1) << LOG2_X;
const int RIGHT =
    LAST_CELL + CELL_RIGHT < BLOCK_WIDTH ? BLOCK_WIDTH - 1 : LAST_CELL + CELL_RIGHT;
const int COLUMNS = RIGHT - CELL_LEFT + 1;
const int ROWS = BOTTOM - CELL_TOP + 1;

struct Pixel {
  vec3 result;
  vec4 source;
};

// Of the pixels from CELL_TOP, CELL_LEFT of the block on.
vec3 results[ROWS * COLUMNS];
vec4 sources[ROWS * COLUMNS];

Pixel load_pixel(int y, int x, float keep_colors) {
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

Pixel pixel_of(const int row, const int column) {
  const int index = (row - CELL_TOP) * COLUMNS + column - CELL_LEFT;
  return Pixel(results[index], sources[index]);
}

// The average of the luma samples around a chroma sample: weights 1 within the width of a cell
// around its position, 1/2 on the edge; samples that do not exist are left out.
Pixel cell_of(int block_y, int block_x, const int cell) {
  const float half_y = 0.5 * float(1 << LOG2_Y);
  const float half_x = 0.5 * float(1 << LOG2_X);
  Pixel sum = Pixel(vec3(0.0), vec4(0.0));
  float total = 0.0;
  [[unroll]] for (int i = CELL_TOP; i <= CELL_BOTTOM; ++i) {
    [[unroll]] for (int j = CELL_LEFT; j <= CELL_RIGHT; ++j) {
      const float weight_y = clamp(half_y + 0.5 - abs(float(i) - 0.5 * float(SITE_Y)), 0.0, 1.0);
      const float weight_x = clamp(half_x + 0.5 - abs(float(j) - 0.5 * float(SITE_X)), 0.0, 1.0);
      const int y = block_y * BLOCK_HEIGHT + i;
      const int x = block_x * BLOCK_WIDTH + (cell << LOG2_X) + j;
      const bool exists = y >= 0 && y < push.height && x >= 0 && x < push.width;
      const float weight = exists ? weight_y * weight_x : 0.0;
      const Pixel pixel = pixel_of(i, (cell << LOG2_X) + j);
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

// The code of a slot of a block's row in a plane; 0 where no sample lies there.
uint slot_code(const int plane, const int row, const int slot, int block_y, int block_x,
               uint source_code, vec4 values) {
  int component = -1;
  int position = 0;
  [[unroll]] for (int c = 0; c < 4; ++c) {
    const int ahead = slot - offset_of(c);
    if (plane_of(c) == plane && ahead >= 0 && ahead % step_of(c) == 0) {
      component = c;
      position = ahead / step_of(c);
    }
  }
  if (component < 0) return 0u;
  const int log2_x = subsampled(component) ? LOG2_X : 0;
  Pixel pixel;
  if (subsampled(component)) {
    pixel = cell_of(block_y, block_x, position);
  } else {
    pixel = pixel_of(row, position);
  }
  float strength = values.x;
  if (KEEP == KEEP_CHROMA && (component == 1 || component == 2)) strength *= 1.0 - values.y;
  if (component == 3) strength = 0.0;
  const float old_code = SAME_LAYOUT != 0 ? float(source_code) : code_of(component, pixel.source);
  const float new_code = code_of(component, vec4(pixel.result, 0.0));
  // Each end exactly, whatever the other code is.
  const uint code = uint(floor(old_code * (1.0 - strength) + new_code * strength + 0.5));
  const int x = (block_x * BLOCK_WIDTH >> log2_x) + position;
  return x < cells(push.width, log2_x) ? code << uint(SHIFT) : 0u;
}

int first_component(const int plane) {
  return plane_of(0) == plane ? 0 : plane_of(1) == plane ? 1 : plane_of(2) == plane ? 2 : 3;
}

// The chunks of a block in a plane. Called once per plane, not in a loop: drivers unroll from the
// inside, so the bounds of a loop must not depend on a loop around it.
void emit_plane(const int plane, int block_y, int block_x, vec4 values) {
  const int first = first_component(plane);
  const bool chroma = subsampled(first);
  const int rows = chroma ? 1 : BLOCK_HEIGHT;
  const int chunks = (chroma ? EMIT_CELLS : BLOCK_WIDTH) * step_of(first) / 4;
  [[unroll]] for (int row = 0; row < rows; ++row) {
    const int y = block_y * rows + row;
    [[unroll]] for (int i = 0; i < chunks; ++i) {
      const int column = (block_x * chunks + i) << WIDE;
      const int word = push.plane_word[plane] + y * push.plane_pitch[plane] + column;
      // Whole rows, so that the bytes between them are zero.
      if (plane_of(first) == plane && y < cells(push.height, chroma ? LOG2_Y : 0) &&
          column < push.plane_pitch[plane]) {
        uvec4 source_codes = uvec4(0u);
        if (SAME_LAYOUT != 0) {
          source_codes = slots_of(frame.data[word], WIDE != 0 ? frame.data[word + WIDE] : 0u);
        }
        uvec4 slots;
        [[unroll]] for (int j = 0; j < 4; ++j) {
          slots[j] = slot_code(plane, row, 4 * i + j, block_y, block_x, source_codes[j], values);
        }
        if (WIDE == 0) {
          target.data[word] = slots.x | slots.y << 8 | slots.z << 16 | slots.w << 24;
        } else {
          target.data[word] = slots.x | slots.y << 16;
          target.data[word + 1] = slots.z | slots.w << 16;
        }
      }
    }
  }
}

void main() {
  read_push();
  const int block_x = int(gl_GlobalInvocationID.x);
  const int block_y = int(gl_WorkGroupID.y);
  const vec4 values = table4(live, 0);
  [[unroll]] for (int i = 0; i < ROWS; ++i) {
    const int y = clamp(block_y * BLOCK_HEIGHT + CELL_TOP + i, 0, push.height - 1);
    [[unroll]] for (int j = 0; j < COLUMNS; ++j) {
      const int x = clamp(block_x * BLOCK_WIDTH + CELL_LEFT + j, 0, push.width - 1);
      const Pixel pixel = load_pixel(y, x, values.y);
      results[i * COLUMNS + j] = pixel.result;
      sources[i * COLUMNS + j] = pixel.source;
    }
  }
  emit_plane(0, block_y, block_x, values);
  emit_plane(1, block_y, block_x, values);
  emit_plane(2, block_y, block_x, values);
  emit_plane(3, block_y, block_x, values);
}
