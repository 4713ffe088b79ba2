// variants: chains8 chains16 chains24
// The device's arithmetic peak: chains of x = x * a + b, 8, 16 or 24 of them independent per lane,
// all in registers. One store per lane keeps the result alive. Which number of chains hides the
// latency of a multiply-add without spilling differs by device, hence the variants.
#version 460

layout(local_size_x_id = 0) in;
layout(set = 0, binding = 0) writeonly buffer Result { float result[]; };
layout(push_constant) uniform Push {
  uint iterations;  // of 8 steps each
  float a;          // below 1: the chains converge to b / (1 - a), away from denormals
  float b;
};

#define EACH8(F) F(x0) F(x1) F(x2) F(x3) F(x4) F(x5) F(x6) F(x7)
#define EACH16(F) EACH8(F) F(x8) F(x9) F(x10) F(x11) F(x12) F(x13) F(x14) F(x15)
#define EACH24(F) EACH16(F) F(x16) F(x17) F(x18) F(x19) F(x20) F(x21) F(x22) F(x23)
#if defined(CHAINS8)
#define EACH EACH8
#elif defined(CHAINS16)
#define EACH EACH16
#else
#define EACH EACH24
#endif

#define BEGIN(x) \
  float x = seed; \
  seed += 0.25;
#define STEP(x) x = x * a + b;
#define END(x) sum += x;

void main() {
  float seed = float(gl_GlobalInvocationID.x & 255u);
  EACH(BEGIN)
  for (uint i = 0; i < iterations; ++i) {
    EACH(STEP) EACH(STEP) EACH(STEP) EACH(STEP)
    EACH(STEP) EACH(STEP) EACH(STEP) EACH(STEP)
  }
  float sum = 0.0;
  EACH(END)
  result[gl_GlobalInvocationID.x] = sum;
}
