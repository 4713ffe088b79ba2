#!/bin/bash
# Times the program beside ONNX Runtime on the CPU (two threads) on the same model, size and machine:
#   compare.sh [MODEL.onnx WIDTHxHEIGHT]...      default: the pack `live` at 640x360
# The two alternate, each timed as the median of 10 frames after 2; prints one row per model: the
# medians of the rounds and their ratio. Needs ./run's build, and npm.
set -euo pipefail
root=$(dirname "$(readlink -f "$0")")/../..
program=$root/build/app/impasto
rounds=${ROUNDS:-3}
[ $# -gt 0 ] || set -- "$root/app/styles/live.onnx" 640x360

median() {
  sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

printf '%-14s %-10s %12s %12s %7s %9s\n' model size "impasto ms" "onnxrt ms" ratio "peak %"
while [ $# -gt 1 ]; do
  model=$(readlink -f "$1")
  size=$2
  shift 2
  ours=() theirs=() share=()
  for ((round = 0; round < rounds; ++round)); do
    theirs+=("$("$root/tests/bench/peer.sh" "$model" "$size")")
    read -r ms percent < <("$program" bench --model "$model" --size "$size" --json |
      python3 -c 'import json, sys; r = json.load(sys.stdin)
print(r["ms_median"], 100 * r["gflops_executed"] / r["peak_gflops"])')
    ours+=("$ms") share+=("$percent")
  done
  a=$(printf '%s\n' "${ours[@]}" | median)
  b=$(printf '%s\n' "${theirs[@]}" | median)
  c=$(printf '%s\n' "${share[@]}" | median)
  printf '%-14s %-10s %12.1f %12.1f %7.2f %9.0f\n' "$(basename "$model" .onnx)" "$size" "$a" "$b" \
    "$(awk "BEGIN { print $a / $b }")" "$c"
done
