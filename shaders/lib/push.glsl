// Owns: push constants as a global struct. PUSH(Type) declares it; main begins with read_push():
// software drivers read them as scalars only in uniform control flow, which ends at the first return,
// and gather them lane by lane after that.
#ifndef IMPASTO_LIB_PUSH
#define IMPASTO_LIB_PUSH

#define PUSH(Type)                                      \
  layout(push_constant) uniform Push { Type pushed; }; \
  Type push;                                           \
  void read_push() { push = pushed; }

#endif
