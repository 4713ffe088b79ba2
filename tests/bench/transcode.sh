#!/bin/bash
# Frames per second of `apply` from H.264 with sound to the same, start and end of the program included:
#   transcode.sh [WIDTHxHEIGHT [FRAMES [OPTION_OF_APPLY...]]]      default: 640x360 300
# All cores on one frame, and (CPU drivers) a core for each frame, in turn; medians of three. The clip is
# made by ffmpeg. Needs ./run's build.
set -euo pipefail
root=$(dirname "$(readlink -f "$0")")/../..
program=$root/build/app/impasto
size=${1:-640x360}
frames=${2:-300}
shift $(($# < 2 ? $# : 2))
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

ffmpeg -v error -f lavfi -i "mandelbrot=size=$size:rate=30" -f lavfi -i sine -frames:v "$frames" -shortest \
  -pix_fmt yuv420p -c:v libx264 -c:a aac "$folder/in.mp4"
for parallel in 1 0 1 0 1 0; do
  begin=$(date +%s.%N)
  "$program" apply "$folder/in.mp4" "$folder/out.mp4" -y --quiet --parallel $parallel "$@"
  awk "BEGIN { print $frames / ($(date +%s.%N) - $begin) }" >>"$folder/$parallel"
done
for parallel in 1 0; do
  printf '%-28s %6.1f frames per second\n' \
    "$([ $parallel = 1 ] && echo 'all cores on one frame:' || echo 'a core for each frame:')" \
    "$(sort -g "$folder/$parallel" | sed -n 2p)"
done
