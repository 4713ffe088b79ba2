// out[i] = in[i] * factor + offset, for the tests of specialisation and push constants.
#version 460
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const float factor = 1.0;
layout(set = 0, binding = 0) readonly buffer Source { float source[]; };
layout(set = 0, binding = 1) writeonly buffer Target { float target[]; };
layout(push_constant) uniform Push {
  uint count;
  float offset;
};
void main() {
  const uint i = gl_GlobalInvocationID.x;
  if (i < count) target[i] = source[i] * factor + offset;
}
