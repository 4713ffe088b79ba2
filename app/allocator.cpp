// Owns: the settings of the memory allocator, which serves the program and all libraries in it.
// CPU drivers allocate memory for each workgroup and free it, often more than 32 KiB: up to so many
// bytes a thread keeps what it freed at hand.
#include <jemalloc/jemalloc.h>

const char* malloc_conf = "tcache_max:1048576";
