// Owns: the settings of the memory allocator, which serves the program and all libraries in it.
// tcache_max: CPU drivers allocate memory for each workgroup and free it, often more than 32 KiB:
// up to so many bytes a thread keeps what it freed at hand.
// thp, narenas: a driver's compiler takes and frees tens of megabytes in each thread; in the
// kernel's large pages and from one arena for all it faults on four pages where it would on ten.
#include <jemalloc/jemalloc.h>

const char* malloc_conf = "thp:always,narenas:1,tcache_max:1048576";
