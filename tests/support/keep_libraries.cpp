// Part of sanitized test programs only. Drivers and layers stay loaded until the process ends, so
// that the leak report can name them and leaks.txt can leave them out.
extern "C" int dlclose(void* /*library*/) {
  return 0;
}
