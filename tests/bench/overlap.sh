#!/bin/bash
# Whether reading, the device and writing overlap: a source that delivers at a pace and a reader that
# takes frames at a pace, neither of which uses a core, around the network:
#   overlap.sh [FRAMES]      default: 150
# The device's pace is measured first and the others are set to it, so that one after the other
# would take three times as long as side by side. Needs ./run's build.
set -euo pipefail
root=$(dirname "$(readlink -f "$0")")/../..
program=$root/build/app/impasto
frames=${1:-150}
size=320x180

device_ms=$("$program" bench --size $size --json |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["frame_ms_median"])')
rate=$(python3 -c "print(1000 / $device_ms)")
"$program" apply "lavfi:testsrc2=size=$size:rate=$rate,realtime" - --frames "$frames" --quiet |
  python3 -c '
import sys, time
pace, frame_bytes = float(sys.argv[1]) / 1000, int(sys.argv[2])
stream = sys.stdin.buffer
stream.readline()
first, count = None, 0
while stream.readline():
    stream.read(frame_bytes)
    first = first or time.monotonic()  # what comes before is the start of the program
    count += 1
    time.sleep(max(0, first + count * pace - time.monotonic()))
wall, alone = time.monotonic() - first, count * pace
print(f"{count} frames: {alone:.2f} s for each stage alone, {wall:.2f} s together: "
      f"{wall / alone:.2f} x")' "$device_ms" $((320 * 180 * 3 / 2))
