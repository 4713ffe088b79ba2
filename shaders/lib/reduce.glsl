// Owns: sums over a workgroup, in an order fixed by the lane numbers. Subgroup arithmetic first, then
// shared memory; with SHARED defined, shared memory alone (devices without subgroup arithmetic).
// Every invocation of the workgroup must call these; the result is the same in all of them.
#ifndef IMPASTO_LIB_REDUCE
#define IMPASTO_LIB_REDUCE

shared vec4 reduce_scratch[gl_WorkGroupSize.x];

vec4 workgroup_sum(vec4 value) {
  const uint lane = gl_LocalInvocationID.x;
#ifdef SHARED
  const uint count = gl_WorkGroupSize.x;
  reduce_scratch[lane] = value;
#else
  const uint count = gl_NumSubgroups;
  vec4 part = subgroupAdd(value);
  if (subgroupElect()) reduce_scratch[gl_SubgroupID] = part;
#endif
  barrier();
  vec4 sum = vec4(0.0);
  for (uint i = 0u; i < count; ++i) sum += reduce_scratch[i];
  barrier();
  return sum;
}

#endif
