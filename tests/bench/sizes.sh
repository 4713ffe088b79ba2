#!/bin/bash
# Cost by size: ms of the network's passes, and per megapixel, for sizes from 320x180 to 1920x1080:
#   sizes.sh [MODEL.onnx [PLOT.svg]]      default: the pack `live`, no plot
# All sizes in each round, so that a change of the machine's load meets all; the least of the rounds'
# medians counts. The last column: cost per megapixel beside that of 1280x720. Needs ./run's build.
set -euo pipefail
root=$(dirname "$(readlink -f "$0")")/../..
program=$root/build/app/impasto
model=$(readlink -f "${1:-$root/app/styles/live.onnx}")
plot=${2:-}
rounds=${ROUNDS:-3}
sizes=(320x180 640x360 960x540 1280x720 1920x1080)

for ((round = 0; round < rounds; ++round)); do
  for size in "${sizes[@]}"; do
    echo "$size $("$program" bench --model "$model" --size "$size" --json |
      python3 -c 'import json, sys; print(json.load(sys.stdin)["ms_median"])')"
  done
done | python3 -c '
import sys
plot = sys.argv[1]
least = {}
reference = "1280x720"
for line in sys.stdin:
    size, ms = line.split()
    least[size] = min(float(ms), least.get(size, float("inf")))
def megapixels(size):
    width, height = map(int, size.split("x"))
    return width * height / 1e6
def per_megapixel(size):
    return least[size] / megapixels(size)
for size in least:
    print(f"{size:>10} {least[size]:9.1f} ms {per_megapixel(size):8.1f} ms/MP "
          f"{per_megapixel(size) / per_megapixel(reference):6.2f}")
if plot:
    most_x = max(map(megapixels, least))
    most_y = max(most_x * per_megapixel(reference), *least.values())
    def at(x, y):
        return 60 + 400 * x / most_x, 240 - 220 * y / most_y
    parts = ["<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 500 280\" "
             "font-family=\"sans-serif\" font-size=\"11\">",
             "<rect width=\"500\" height=\"280\" fill=\"white\"/>",
             "<path d=\"M60 20V240H460\" fill=\"none\" stroke=\"#555\"/>",
             "<text x=\"60\" y=\"14\">ms per frame</text>",
             "<text x=\"390\" y=\"272\">megapixels</text>"]
    x, y = at(most_x, most_x * per_megapixel(reference))
    parts.append(f"<path d=\"M60 240L{x:.1f} {y:.1f}\" stroke=\"#999\" stroke-dasharray=\"4\"/>")
    for size, ms in least.items():
        x, y = at(megapixels(size), ms)
        parts.append(f"<circle cx=\"{x:.1f}\" cy=\"{y:.1f}\" r=\"4\" fill=\"#c33\"/>")
        parts.append(f"<text x=\"{x:.1f}\" y=\"{y - 8:.1f}\" text-anchor=\"end\">{ms:.0f}</text>")
        parts.append(f"<text x=\"{x:.1f}\" y=\"256\" text-anchor=\"middle\">"
                     f"{megapixels(size):.2f}</text>")
    with open(plot, "w") as file:
        file.write("\n".join(parts + ["</svg>", ""]))' "$plot"
