// drop_files WINDOW FILE...: drops files on a window as a file manager does: the source's side of
// the XDND protocol, version 5 (freedesktop.org, Drag-and-Drop Protocol for the X Window System).
// Exits with 0 when the window has taken them.
#include <X11/Xatom.h>
#include <X11/Xlib.h>
#include <poll.h>

#include <cstdlib>
#include <cstring>
#include <string>

namespace {

Display* display = nullptr;
Window source = 0;
Window target = 0;

Atom atom(const char* name) {
  return XInternAtom(display, name, False);
}

void send(const char* type, long second, long third, long fourth, long fifth) {
  XEvent event{};
  event.xclient.type = ClientMessage;
  event.xclient.window = target;
  event.xclient.message_type = atom(type);
  event.xclient.format = 32;
  event.xclient.data.l[0] = static_cast<long>(source);
  event.xclient.data.l[1] = second;
  event.xclient.data.l[2] = third;
  event.xclient.data.l[3] = fourth;
  event.xclient.data.l[4] = fifth;
  XSendEvent(display, target, False, NoEventMask, &event);
  XFlush(display);
}

void answer(const XSelectionRequestEvent& request, const std::string& list) {
  XChangeProperty(display, request.requestor, request.property, request.target, 8, PropModeReplace,
                  reinterpret_cast<const unsigned char*>(list.data()),
                  static_cast<int>(list.size()));
  XEvent event{};
  event.xselection.type = SelectionNotify;
  event.xselection.requestor = request.requestor;
  event.xselection.selection = request.selection;
  event.xselection.target = request.target;
  event.xselection.property = request.property;
  event.xselection.time = request.time;
  XSendEvent(display, request.requestor, False, NoEventMask, &event);
  XFlush(display);
}

/// Serves requests until a message of this type comes; false after 20 s.
bool wait_for_message(const char* type, const std::string& list) {
  for (int tries = 0; tries < 200; ++tries) {
    pollfd ready{ConnectionNumber(display), POLLIN, 0};
    if (!XPending(display)) poll(&ready, 1, 100);
    while (XPending(display)) {
      XEvent event;
      XNextEvent(display, &event);
      if (event.type == SelectionRequest) answer(event.xselectionrequest, list);
      if (event.type == ClientMessage && event.xclient.message_type == atom(type)) return true;
    }
  }
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  display = XOpenDisplay(nullptr);
  if (!display || argc < 3) return 2;
  target = std::strtoul(argv[1], nullptr, 0);
  std::string list;
  for (int i = 2; i < argc; ++i) list += "file://" + std::string(argv[i]) + "\r\n";
  const Window root = DefaultRootWindow(display);
  source = XCreateSimpleWindow(display, root, 0, 0, 1, 1, 0, 0, 0);
  XSetSelectionOwner(display, atom("XdndSelection"), source, CurrentTime);

  int x = 0;
  int y = 0;
  Window child = 0;
  XTranslateCoordinates(display, target, root, 50, 50, &x, &y, &child);
  const auto uri_list = static_cast<long>(atom("text/uri-list"));
  send("XdndEnter", 5L << 24, uri_list, 0, 0);
  send("XdndPosition", 0, (static_cast<long>(x) << 16) | y, CurrentTime,
       static_cast<long>(atom("XdndActionCopy")));
  if (!wait_for_message("XdndStatus", list)) return 1;
  send("XdndDrop", 0, CurrentTime, 0, 0);
  return wait_for_message("XdndFinished", list) ? 0 : 1;
}
