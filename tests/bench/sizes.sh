#!/bin/bash
# Cost by size: ms of the network's passes, and per megapixel, for sizes from 320x180 to 1920x1080:
#   sizes.sh [MODEL.onnx]      default: the pack `live`
# All sizes in each round, so that a change of the machine's load meets all; the least of the rounds'
# medians counts. The last column: cost per megapixel beside that of 1280x720. Needs ./run's build.
set -euo pipefail
root=$(dirname "$(readlink -f "$0")")/../..
program=$root/build/app/impasto
model=$(readlink -f "${1:-$root/app/styles/live.onnx}")
rounds=${ROUNDS:-3}
sizes=(320x180 640x360 960x540 1280x720 1920x1080)

for ((round = 0; round < rounds; ++round)); do
  for size in "${sizes[@]}"; do
    echo "$size $("$program" bench --model "$model" --size "$size" --json |
      python3 -c 'import json, sys; print(json.load(sys.stdin)["ms_median"])')"
  done
done | python3 -c '
import sys
least = {}
reference = "1280x720"
for line in sys.stdin:
    size, ms = line.split()
    least[size] = min(float(ms), least.get(size, float("inf")))
def per_megapixel(size):
    width, height = map(int, size.split("x"))
    return least[size] / (width * height / 1e6)
for size in least:
    print(f"{size:>10} {least[size]:9.1f} ms {per_megapixel(size):8.1f} ms/MP "
          f"{per_megapixel(size) / per_megapixel(reference):6.2f}")'
