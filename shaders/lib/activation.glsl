// Owns: the activation functions of net::ActivationKind on vec4.
// exp is computed here because drivers' own differ by up to 1e-5: Cody-Waite reduction and the
// degree-6 Taylor polynomial (|error| < 2e-7 relative on [-ln2/2, ln2/2]).
#ifndef IMPASTO_LIB_ACTIVATION
#define IMPASTO_LIB_ACTIVATION

vec4 accurate_exp(vec4 x) {
  x = clamp(x, -87.0, 88.0);
  vec4 k = roundEven(x * 1.44269504);
  vec4 r = (x - k * 0.693359375) + k * 2.12194440e-4;
  vec4 p = 1.0 + r * (1.0 + r * (0.5 + r * (1.0 / 6.0 + r * (1.0 / 24.0 + r * (1.0 / 120.0 + r *
           (1.0 / 720.0))))));
  return p * intBitsToFloat((ivec4(k) + 127) << 23);
}

vec4 accurate_sigmoid(vec4 x) { return 1.0 / (1.0 + accurate_exp(-x)); }

// Clamped by accurate_exp: some drivers' own tanh is NaN above 88.
vec4 accurate_tanh(vec4 x) {
  vec4 e = accurate_exp(-2.0 * abs(x));
  vec4 magnitude = (1.0 - e) / (1.0 + e);
  return mix(magnitude, -magnitude, lessThan(x, vec4(0.0)));
}

// kind is a constant; slope is used by PRELU alone.
vec4 activate(int kind, vec4 x, float a, float b, vec4 slope) {
  switch (kind) {
    case ACTIVATION_RELU: return max(x, 0.0);
    case ACTIVATION_LEAKY_RELU: return mix(x, a * x, lessThan(x, vec4(0.0)));
    case ACTIVATION_PRELU: return mix(x, slope * x, lessThan(x, vec4(0.0)));
    case ACTIVATION_ELU: return mix(x, a * (accurate_exp(x) - 1.0), lessThan(x, vec4(0.0)));
    case ACTIVATION_SIGMOID: return accurate_sigmoid(x);
    case ACTIVATION_TANH: return accurate_tanh(x);
    case ACTIVATION_CLIP: return clamp(x, a, b);
    case ACTIVATION_HARD_SIGMOID: return clamp(a * x + b, 0.0, 1.0);
    case ACTIVATION_HARD_SWISH: return x * clamp(x / 6.0 + 0.5, 0.0, 1.0);
    case ACTIVATION_SQRT: return sqrt(x);
    case ACTIVATION_RECIPROCAL: return 1.0 / x;
    case ACTIVATION_EXP: return accurate_exp(x);
    case ACTIVATION_ABS: return abs(x);
    case ACTIVATION_NEG: return -x;
    default: return x;
  }
}

vec4 combine(int kind, vec4 x, vec4 y) {
  switch (kind) {
    case BINARY_ADD: return x + y;
    case BINARY_SUB: return x - y;
    case BINARY_MUL: return x * y;
    case BINARY_DIV: return x / y;
    case BINARY_MIN: return min(x, y);
    case BINARY_MAX: return max(x, y);
    default: break;
  }
  // GLSL's pow is undefined below zero; ONNX networks square centred values with it.
  vec4 power = pow(abs(x), y);
  bvec4 odd = equal(abs(mod(y, 2.0)), vec4(1.0));
  power = mix(power, -power, bvec4(uvec4(odd) & uvec4(lessThan(x, vec4(0.0)))));
  power = mix(power, x * x, equal(y, vec4(2.0)));
  return mix(power, vec4(1.0), equal(y, vec4(0.0)));
}

#endif
