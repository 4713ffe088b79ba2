// Where devices that work at one frame together wait for one another, each on a thread of its own: the
// first dispatch counts the device in, and each waits until all have come as often, or were
// abandoned. Atomics of a CPU driver are those of the machine, so what a device wrote before is
// there for all after.
// A loop of some drivers ends by itself after 65535 rounds (about a millisecond). So a dispatch that
// has waited in vain leaves workgroups to another, which is dispatched indirectly, in place of none.
// Grid: workgroups that wait one after another, all but the first for nothing where all have come.
#version 460

// Full subgroups, of which one lane has something to do: CPU drivers let lanes beyond the workgroup's
// size stay in loops.
layout(local_size_x = 32) in;
// [0]: not 0 when nobody may wait any more. From pitch * (1 + i), of device i: how often it has come;
// the grid of the dispatch after this.
layout(set = 0, binding = 0) buffer Meeting { uint words[]; };
layout(push_constant) uniform Push {
  uint index;     // of this device
  uint count;     // of devices
  uint pitch;     // words, so that each has a line of the cache of its own
  uint come;      // 1: counts it in, with one workgroup
  uint if_late;   // workgroups of the dispatch after this; 0: there is none, all are abandoned
};

bool waits_for(uint device, uint own) {
  return int(own - atomicAdd(words[pitch * (1 + device)], 0)) > 0 && atomicAdd(words[0], 0) == 0;
}

void main() {
  if (gl_LocalInvocationID.x == 0) {
    const uint place = pitch * (1 + index);
    const uint own = atomicAdd(words[place], come) + come;
    uint here = 0;  // not counted by a loop that ended by itself
    for (uint i = 0; i < count; ++i) {
      bool waits;
      do {
        waits = waits_for(i, own);
      } while (waits);
      here += waits_for(i, own) ? 0 : 1;  // asked again: compilers take it that the loop's end says
    }
    const bool late = here < count;
    words[place + 1] = late ? if_late : 0;
    words[place + 2] = 1;
    words[place + 3] = 1;
    if (late && if_late == 0 && gl_WorkGroupID.x == gl_NumWorkGroups.x - 1) atomicAdd(words[0], 1);
  }
}
