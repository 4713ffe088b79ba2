// out[i] = the size of the subgroup that invocation i runs in.
#version 460
#extension GL_KHR_shader_subgroup_basic : require
layout(local_size_x_id = 0) in;
layout(set = 0, binding = 0) writeonly buffer Target { uint target[]; };
void main() { target[gl_GlobalInvocationID.x] = gl_SubgroupSize; }
