// out[i] = texel i of a texel buffer, whatever its format.
#version 460
layout(local_size_x_id = 0) in;
layout(set = 0, binding = 0) uniform samplerBuffer source;
layout(set = 0, binding = 1) writeonly buffer Target { vec4 target[]; };
void main() {
  const uint i = gl_GlobalInvocationID.x;
  if (i < uint(target.length())) target[i] = texelFetch(source, int(i));
}
