// Owns: what a consumer does while it loads (abi.h, View): coordinates through padding and nearest
// upsampling, values through the norm and the activation. Padding applies after both.
#ifndef IMPASTO_LIB_VIEW
#define IMPASTO_LIB_VIEW

// View coordinate -> stored coordinate along one axis of `size` (after upsampling) entries;
// `inside` is false where constant padding takes the place of a value.
int view_coordinate(int pad, int upsample, int coordinate, int size, out bool inside) {
  inside = coordinate >= 0 && coordinate < size;
  if (pad == PAD_REFLECT) {
    coordinate = abs(coordinate);
    coordinate = size - 1 - abs(size - 1 - coordinate);
  }
  if (pad == PAD_REFLECT_FAR) {
    int period = max(2 * (size - 1), 1);
    coordinate = abs(coordinate) % period;
    coordinate = min(coordinate, period - coordinate);
  }
  coordinate = clamp(coordinate, 0, size - 1);
  return upsample > 1 ? coordinate / upsample : coordinate;
}

// (x - mean) in two steps keeps the digits that x * scale + shift loses when mean >> deviation.
// words: mean high, mean low, scale, beta (abi.h, NORM_TABLE_WORDS).
vec4 normalize_value(vec4 x, vec4 mean_high, vec4 mean_low, vec4 scale, vec4 beta) {
  precise vec4 centred = (x - mean_high) - mean_low;
  return centred * scale + beta;
}

#endif
