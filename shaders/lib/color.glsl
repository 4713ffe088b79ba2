// Owns: what lies between the coded R, G, B of a frame (0..1) and those that the networks see.
// Ordinary transfers and HLG, which was made to look right on a display that takes it for gamma,
// are seen as coded. A PQ picture would be flat and dark: c = e (e + 0.05) / (e^2 - 0.28 e + 0.33)
// is within 0.06 of tone mapping it (PQ to light, 203 cd/m^2 = 1, L / (1 + L), gamma 2.4), monotone,
// maps 0..1 onto 0..1 and has an exact inverse without powers. Needs frame_abi.h.
#ifndef IMPASTO_LIB_COLOR
#define IMPASTO_LIB_COLOR

vec3 to_network(int curve, vec3 e) {
  e = clamp(e, 0.0, 1.0);
  if (curve == CURVE_PQ) e = e * (e + 0.05) / (e * (e - 0.28) + 0.33);
  return e;
}

// The root of (1 - c) e^2 + (0.05 + 0.28 c) e - 0.33 c in 0..1, in the form that does not cancel.
vec3 from_network(int curve, vec3 c) {
  c = clamp(c, 0.0, 1.0);
  if (curve == CURVE_PQ) {
    vec3 b = 0.05 + 0.28 * c;
    c = 0.66 * c / (b + sqrt(b * b + 1.32 * c * (1.0 - c)));
  }
  return c;
}

#endif
