// Owns: how kernels reach buffers. A build defines TEXEL (reads go through uniform texel buffers,
// the fast path of software drivers) or STORAGE. HALF reads and writes activations stored as fp16,
// NARROW reads fp32 and writes fp16, WIDEN the other way; texel buffers convert what they read.
// Tables (weights, parameters, norm tables, statistics) are always fp32. Every binding is read-only
// or write-only; writes are storage buffers everywhere.
//
//   TENSOR_IN(binding, name)    load4(name, texel)      activations
//   TENSOR_IN_EITHER(binding, name)  load4_either(name, half, texel)  of the type that half says
//   TABLE_IN(binding, name)     table4(name, word)      fp32 vec4 words
//   WORDS_IN(binding, name)     word_of(name, index)    the 32-bit words of a frame
//   TENSOR_OUT(binding, name)   store4(name, texel, v)
//   TABLE_OUT(binding, name)    name.data[word] = v
//   WIDE_TABLE_OUT(binding, name)  store_wide(name, word, v)  the same, in the widest words there are
#ifndef IMPASTO_LIB_TENSOR
#define IMPASTO_LIB_TENSOR

#ifdef TEXEL
#extension GL_ARB_gpu_shader_int64 : require
#define TENSOR_IN(index, name) layout(set = 0, binding = index) uniform samplerBuffer name;
#define TABLE_IN(index, name) layout(set = 0, binding = index) uniform samplerBuffer name;
#define load4(name, texel) texelFetch(name, texel)
#define TENSOR_IN_EITHER(index, name) TENSOR_IN(index, name)
#define load4_either(name, half, texel) load4(name, texel)
#define table4(name, word) texelFetch(name, word)
#define WORDS_IN(index, name) layout(set = 0, binding = index) uniform usamplerBuffer name;
#define word_of(name, index) texelFetch(name, index).x
#else
#if defined(HALF) || defined(WIDEN)
#define TENSOR_IN(index, name) \
  layout(set = 0, binding = index, std430) readonly buffer name##_block { uvec2 data[]; } name;
#define load4(name, texel) unpack_half4(name.data[texel])
#else
#define TENSOR_IN(index, name) \
  layout(set = 0, binding = index, std430) readonly buffer name##_block { vec4 data[]; } name;
#define load4(name, texel) name.data[texel]
#endif
#define TENSOR_IN_EITHER(index, name)                                                              \
  layout(set = 0, binding = index, std430) readonly buffer name##_block { vec4 data[]; } name;     \
  layout(set = 0, binding = index, std430) readonly buffer name##_half_block { uvec2 data[]; } \
  name##_half;
#define load4_either(name, half, texel) \
  ((half) != 0 ? unpack_half4(name##_half.data[texel]) : name.data[texel])
#define TABLE_IN(index, name) \
  layout(set = 0, binding = index, std430) readonly buffer name##_block { vec4 data[]; } name;
#define table4(name, word) name.data[word]
#define WORDS_IN(index, name) \
  layout(set = 0, binding = index, std430) readonly buffer name##_block { uint data[]; } name;
#define word_of(name, index) name.data[index]
#endif

#define TABLE_OUT(index, name) \
  layout(set = 0, binding = index, std430) writeonly buffer name##_block { vec4 data[]; } name;

// Software drivers store word by word: half as many words of twice the size take three quarters of the
// time. (The product of conv_winograd, all arithmetic, is slower with them.)
#ifdef TEXEL
#define WIDE_TABLE_OUT(index, name) \
  layout(set = 0, binding = index, std430) writeonly buffer name##_block { u64vec2 data[]; } name;
#define store_wide(name, word, value) name.data[word] = wide_words(value)
u64vec2 wide_words(vec4 value) {
  const uvec4 words = floatBitsToUint(value);
  return u64vec2(packUint2x32(words.xy), packUint2x32(words.zw));
}
#else
#define WIDE_TABLE_OUT(index, name) TABLE_OUT(index, name)
#define store_wide(name, word, value) name.data[word] = value
#endif

#if defined(HALF) || defined(NARROW)
#define TENSOR_OUT(index, name) \
  layout(set = 0, binding = index, std430) writeonly buffer name##_block { uvec2 data[]; } name;
#define store4(name, texel, value) name.data[texel] = pack_half4(value)
#else
#define TENSOR_OUT(index, name) WIDE_TABLE_OUT(index, name)
#define store4(name, texel, value) store_wide(name, texel, value)
#endif

vec4 unpack_half4(uvec2 bits) { return vec4(unpackHalf2x16(bits.x), unpackHalf2x16(bits.y)); }
// Saturates: an infinity in one pixel would turn a whole normalized channel into NaN.
uvec2 pack_half4(vec4 value) {
  value = clamp(value, -65504.0, 65504.0);
  return uvec2(packHalf2x16(value.xy), packHalf2x16(value.zw));
}

// Declares the specialization constants of a list in abi.h.
#define CONSTANT(id, member, NAME, value) layout(constant_id = id) const int NAME = value;

#endif
