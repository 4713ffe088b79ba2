#!/bin/bash
# Frames per second that some devices could reach at most, by computation alone: every pass takes
# the longer of its operations at the device's peak and its bytes at the memory's, one after the
# other, with the `tiled` kernels:
#   roofline.sh [WxH]      default: 1280x720
# Peaks in TFLOP/s (fp32) and GB/s are the makers' figures. Needs ./run's build.
set -euo pipefail
root=$(dirname "$(readlink -f "$0")")/../..
program=$root/build/app/impasto
size=${1:-1280x720}
models=("$root/app/styles/live.onnx" "$root/app/styles/fine.onnx")
candy=$root/../shared/models/candy.onnx
if [ -e "$candy" ]; then models+=("$candy"); fi

for model in "${models[@]}"; do
  for precision in fp32 fp16; do
    name=$(basename "$model" .onnx)
    "$program" inspect "$model" --size "$size" --conv tiled --tune off --precision "$precision" \
      --json | python3 -c '
import json, sys
name, precision = sys.argv[1:]
devices = {"RTX 4090": (82.6, 1008), "Arc A770": (19.7, 560), "RTX 3060": (12.7, 360),
           "RX 6600": (8.9, 224), "Iris Xe": (2.3, 68), "Steam Deck": (1.64, 88)}
passes = json.load(sys.stdin)["passes"]
bounds = []
for teraflops, gigabytes in devices.values():
    seconds = sum(max(p["flops"] / teraflops / 1e12, p["bytes"] / gigabytes / 1e9) for p in passes)
    bounds.append(f"{1 / seconds:.0f}")
if (name, precision) == ("live", "fp32"):
    print("| model | stored as | GFLOP | GB | " + " | ".join(devices) + " |")
    print("|---" * (4 + len(devices)) + "|")
flops, moved = (sum(p[key] for p in passes) / 1e9 for key in ("flops", "bytes"))
print(f"| {name} | {precision} | {flops:.1f} | {moved:.2f} | " + " | ".join(bounds) + " |")
' "$name" "$precision"
  done
done
