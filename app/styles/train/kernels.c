// Owns: the parts of a training step that PyTorch does slowly on a CPU, on float32 NHWC tensors:
// conditional instance norm with what surrounds it (activation, residual, upsampling, reflection
// padding), and the feature statistics (leaky ReLU, mean, covariance, mean pooling, padding).
// Depends on: nothing. kernels.py compiles, binds and checks it against plain PyTorch.
// Every channel count is a multiple of LANES, of features of 8; images are at least 2x2. Sums over
// pixels run in fp32 on values of order one, which is enough for gradients (the engine's norm is
// stricter).
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LANES 4
typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4)));
typedef int mask __attribute__((vector_size(4 * LANES), aligned(4)));
#define AT(pointer) (*(lanes *)(pointer))
#define READ(pointer) (*(const lanes *)(pointer))

static inline lanes keep_if(mask condition, lanes value) { return (lanes)((mask)value & condition); }
static inline lanes leaky(lanes value, lanes sign_source, float slope) {
  mask positive = sign_source > 0;
  return (lanes)(((mask)value & positive) | ((mask)(value * slope) & ~positive));
}
static inline int reflect(int i, int n) { return i < 0 ? -i : i >= n ? 2 * n - 2 - i : i; }

// Fills the one-pixel frame of a [height+2][width+2][channels] plane from its interior.
static void fill_frame(float *plane, int height, int width, int channels) {
  size_t row = (size_t)(width + 2) * channels, bytes = 4 * (size_t)channels;
  for (int y = 1; y <= height; y++) {
    float *r = plane + y * row;
    memcpy(r, r + 2 * channels, bytes);
    memcpy(r + (size_t)(width + 1) * channels, r + (size_t)(width - 1) * channels, bytes);
  }
  memcpy(plane, plane + 2 * row, 4 * row);
  memcpy(plane + (height + 1) * row, plane + (height - 1) * row, 4 * row);
}

// Adjoint of nearest upsampling by `up` followed by fill_frame: sums a padded gradient back.
static void fold_frame(const float *padded, float *out, int height, int width, int channels,
                       int up) {
  int big_height = up * height, big_width = up * width;
  memset(out, 0, (size_t)4 * height * width * channels);
  for (int y = -1; y <= big_height; y++) {
    const float *from = padded + (size_t)(y + 1) * (big_width + 2) * channels;
    float *to = out + (size_t)(reflect(y, big_height) / up) * width * channels;
    for (int x = -1; x <= big_width; x++, from += channels) {
      float *pixel = to + (size_t)(reflect(x, big_width) / up) * channels;
      for (int c = 0; c < channels; c += LANES) AT(pixel + c) += READ(from + c);
    }
  }
}

// in [N][H][W][C] -> out [N][up*H+2][up*W+2][C] = pad(upsample(activation(gamma*xhat+beta)+residual)).
// residual [N][H+2][W+2][C] (already padded) or NULL; statistics [N][2][C] receives mean, 1/deviation.
void style_norm_forward(const float *in, const float *gamma, const float *beta,
                        const float *residual, float *out, float *statistics, int count, int height,
                        int width, int channels, int relu, int up, float epsilon) {
  size_t pixels = (size_t)height * width, row = (size_t)(up * width + 2) * channels;
  float *scale = malloc(8 * channels), *shift = scale + channels;
  for (int n = 0; n < count; n++) {
    const float *x = in + n * pixels * channels;
    float *mean = statistics + (size_t)n * 2 * channels, *inverse = mean + channels;
    for (int c = 0; c < channels; c += LANES) {
      lanes pivot = READ(x + c), sum = {0}, squares = {0};  // the pivot keeps the squares small
      for (size_t p = 0; p < pixels; p++) {
        lanes d = READ(x + p * channels + c) - pivot;
        sum += d;
        squares += d * d;
      }
      sum /= (float)pixels;
      lanes variance = squares / (float)pixels - sum * sum;
      AT(mean + c) = sum + pivot;
      for (int i = 0; i < LANES; i++) {
        inverse[c + i] = 1.0f / sqrtf(fmaxf(variance[i], 0) + epsilon);
        scale[c + i] = gamma[n * channels + c + i] * inverse[c + i];
        shift[c + i] = beta[n * channels + c + i] - mean[c + i] * scale[c + i];
      }
    }
    float *plane = out + (size_t)n * (up * height + 2) * row;
    const float *extra = residual ? residual + (size_t)n * (height + 2) * (width + 2) * channels : 0;
    for (int y = 0; y < height; y++) {
      float *first = plane + (size_t)(up * y + 1) * row;
      for (int xx = 0; xx < width; xx++) {
        const float *from = x + ((size_t)y * width + xx) * channels;
        float *to = first + (size_t)(up * xx + 1) * channels;
        for (int c = 0; c < channels; c += LANES) {
          lanes v = READ(from + c) * READ(scale + c) + READ(shift + c);
          if (relu) v = keep_if(v > 0, v);
          if (extra) v += READ(extra + ((size_t)(y + 1) * (width + 2) + xx + 1) * channels + c);
          AT(to + c) = v;
          if (up == 2) AT(to + channels + c) = v;
        }
      }
      if (up == 2) memcpy(first + row, first, 4 * row);
    }
    fill_frame(plane, up * height, up * width, channels);
  }
  free(scale);
}

// Gradients of style_norm_forward. grad_residual is NULL where there was no residual.
void style_norm_backward(const float *in, const float *gamma, const float *beta,
                         const float *statistics, const float *grad_out, float *grad_in,
                         float *grad_gamma, float *grad_beta, float *grad_residual, int count,
                         int height, int width, int channels, int relu, int up) {
  size_t pixels = (size_t)height * width;
  for (int n = 0; n < count; n++) {
    const float *x = in + n * pixels * channels;
    const float *mean = statistics + (size_t)n * 2 * channels, *inverse = mean + channels;
    float *g = grad_in + n * pixels * channels;
    fold_frame(grad_out + (size_t)n * (up * height + 2) * (up * width + 2) * channels, g, height,
               width, channels, up);
    if (grad_residual) {
      size_t row = (size_t)(width + 2) * channels;
      float *r = grad_residual + (size_t)n * (height + 2) * row;
      memset(r, 0, 4 * (height + 2) * row);
      for (int y = 0; y < height; y++)
        memcpy(r + (y + 1) * row + channels, g + (size_t)y * width * channels,
               (size_t)4 * width * channels);
    }
    for (int c = 0; c < channels; c += LANES) {
      lanes m = READ(mean + c), inv = READ(inverse + c), ga = READ(gamma + n * channels + c);
      lanes be = READ(beta + n * channels + c), sum = {0}, product = {0};
      for (size_t p = 0; p < pixels; p++) {
        lanes normalized = (READ(x + p * channels + c) - m) * inv, d = READ(g + p * channels + c);
        if (relu) AT(g + p * channels + c) = d = keep_if(ga * normalized + be > 0, d);
        sum += d;
        product += d * normalized;
      }
      AT(grad_beta + n * channels + c) = sum;
      AT(grad_gamma + n * channels + c) = product;
      sum /= (float)pixels;
      product /= (float)pixels;
      for (size_t p = 0; p < pixels; p++) {
        lanes normalized = (READ(x + p * channels + c) - m) * inv;
        AT(g + p * channels + c) =
            inv * ga * (READ(g + p * channels + c) - sum - normalized * product);
      }
    }
  }
}

// in [N][H][W][C] -> feature = leaky(in), mean [N][C], covariance [N][C][C] (centred, NULL: none),
// pooled [N][H/2+2][W/2+2][C] = pad(mean of 2x2) or NULL.
void feature_forward(const float *in, float *feature, float *mean, float *covariance, float *pooled,
                     int count, int height, int width, int channels, float slope) {
  size_t pixels = (size_t)height * width;
  for (int n = 0; n < count; n++) {
    float *f = feature + n * pixels * channels;
    for (size_t i = 0; i < pixels * channels; i += LANES) {
      lanes v = READ(in + n * pixels * channels + i);
      AT(f + i) = leaky(v, v, slope);
    }
    if (covariance) {
      float *m = mean + (size_t)n * channels;
      float *cov = covariance + (size_t)n * channels * channels;
      for (int c = 0; c < channels; c += LANES) {
        lanes sum = {0};
        for (size_t p = 0; p < pixels; p++) sum += READ(f + p * channels + c);
        AT(m + c) = sum / (float)pixels;
      }
      // Blocks of 8 rows by LANES columns stay in registers; the lower triangle is mirrored.
      for (int i = 0; i < channels; i += 8)
        for (int j = i / LANES * LANES; j < channels; j += LANES) {
          lanes sum[8] = {{0}};
          for (size_t p = 0; p < pixels; p++) {
            const float *q = f + p * channels;
            lanes b = READ(q + j);
            for (int k = 0; k < 8; k++) sum[k] += q[i + k] * b;
          }
          for (int k = 0; k < 8; k++)
            AT(cov + (size_t)(i + k) * channels + j) = sum[k] / (float)pixels - m[i + k] * READ(m + j);
        }
      for (int i = 0; i < channels; i++)
        for (int j = 0; j < i / LANES * LANES; j++)
          cov[(size_t)i * channels + j] = cov[(size_t)j * channels + i];
    }
    if (pooled) {
      int half_height = height / 2, half_width = width / 2;
      size_t row = (size_t)(half_width + 2) * channels;
      float *plane = pooled + (size_t)n * (half_height + 2) * row;
      for (int y = 0; y < half_height; y++)
        for (int x = 0; x < half_width; x++) {
          const float *q = f + ((size_t)2 * y * width + 2 * x) * channels;
          const float *below = q + (size_t)width * channels;
          float *to = plane + (y + 1) * row + (size_t)(x + 1) * channels;
          for (int c = 0; c < channels; c += LANES)
            AT(to + c) = 0.25f * (READ(q + c) + READ(q + channels + c) + READ(below + c) +
                                  READ(below + channels + c));
        }
      fill_frame(plane, half_height, half_width, channels);
    }
  }
}

// Gradient of feature_forward. pair [N][C][C] and offset [N][C] are the gradient of the statistics
// brought to the form grad_feature(p) = offset + pair * feature(p) (NULL: none); grad_pooled and
// grad_feature may be NULL.
void feature_backward(const float *feature, const float *pair, const float *offset,
                      const float *grad_pooled, const float *grad_feature, float *grad_in,
                      int count, int height, int width, int channels, float slope) {
  size_t pixels = (size_t)height * width;
  int half_height = height / 2, half_width = width / 2;
  float *folded = malloc(4 * ((size_t)half_height * half_width + 1) * channels);
  for (int n = 0; n < count; n++) {
    const float *f = feature + n * pixels * channels;
    float *g = grad_in + n * pixels * channels;
    if (pair) {
      const float *matrix = pair + (size_t)n * channels * channels;
      const float *start = offset + (size_t)n * channels;
      for (size_t p = 0; p < pixels; p += 8) {
        int block = pixels - p < 8 ? (int)(pixels - p) : 8;
        for (int j = 0; j < channels; j += LANES) {
          lanes sum[8];
          for (int i = 0; i < 8; i++) sum[i] = READ(start + j);
          const float *q = f + p * channels;
          if (block == 8)
            for (int k = 0; k < channels; k++) {
              lanes b = READ(matrix + (size_t)k * channels + j);
              for (int i = 0; i < 8; i++) sum[i] += q[(size_t)i * channels + k] * b;
            }
          else
            for (int k = 0; k < channels; k++)
              for (int i = 0; i < block; i++)
                sum[i] += q[(size_t)i * channels + k] * READ(matrix + (size_t)k * channels + j);
          for (int i = 0; i < block; i++) AT(g + (p + i) * channels + j) = sum[i];
        }
      }
    } else {
      memset(g, 0, 4 * pixels * channels);
    }
    if (grad_pooled) {
      fold_frame(grad_pooled + (size_t)n * (half_height + 2) * (half_width + 2) * channels, folded,
                 half_height, half_width, channels, 1);
      for (int y = 0; y < 2 * half_height; y++)
        for (int x = 0; x < 2 * half_width; x++)
          for (int c = 0; c < channels; c += LANES)
            AT(g + ((size_t)y * width + x) * channels + c) +=
                0.25f * READ(folded + ((size_t)(y / 2) * half_width + x / 2) * channels + c);
    }
    for (size_t i = 0; i < pixels * channels; i += LANES) {
      lanes v = READ(g + i);
      if (grad_feature) v += READ(grad_feature + n * pixels * channels + i);
      AT(g + i) = leaky(v, READ(f + i), slope);
    }
  }
  free(folded);
}
