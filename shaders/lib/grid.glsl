// Owns: the number of a workgroup in a flat grid, which spans x and z because a 4K frame has more
// tiles than some devices allow in one dimension (graph/draft.h, Draft::groups); y is the planes.
// The last workgroups may lie past the end of the grid. Included after the workgroup's size is
// declared: before, it is 1.
#ifndef IMPASTO_LIB_GRID
#define IMPASTO_LIB_GRID

int flat_group() { return int(gl_WorkGroupID.z * gl_NumWorkGroups.x + gl_WorkGroupID.x); }

int flat_invocation() {
  return flat_group() * int(gl_WorkGroupSize.x) + int(gl_LocalInvocationID.x);
}

// n / d for n >= 0, d > 0 and a quotient below 2^21, where a float is off by one at most: CPU drivers
// divide integers lane by lane.
int quotient(int n, int d) {
  const int near = int(float(n) / float(d));
  const int rest = n - near * d;
  return near + int(rest >= d) - int(rest < 0);
}

#endif
