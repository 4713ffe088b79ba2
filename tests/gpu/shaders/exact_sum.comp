// The sum of `terms` numbers, added one after another in a loop that is to be unrolled, and for each
// what rounding lost of it, for the tests of specialised modules.
#version 460
#extension GL_EXT_control_flow_attributes : require
layout(local_size_x = 1) in;
layout(constant_id = 0) const int terms = 1;
layout(set = 0, binding = 0) readonly buffer Source { float source[]; };
layout(set = 0, binding = 1) writeonly buffer Target { float target[]; };
void main() {
  float sum = 0.0;
  float lost = 0.0;
  [[unroll]] for (int i = 0; i < terms; ++i) {
    precise float next = sum + source[i];
    precise float part = next - sum;
    precise float error = (sum - (next - part)) + (source[i] - part);
    sum = next;
    lost += error;
  }
  target[0] = sum;
  target[1] = lost;
}
