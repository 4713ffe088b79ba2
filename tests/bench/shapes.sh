#!/bin/bash
# Times every shape of tiles that a layer can have (impasto bench --conv tiled:SHAPE) on one device:
#   shapes.sh [MODEL.onnx WIDTHxHEIGHT]          default: the pack `live` at 640x360
# Prints the milliseconds of the network for each shape, then for each of its convolutions the built-in
# choice and the four fastest shapes. FRAMES, READS (texel, storage), PRECISION and
# DEVICE are passed on. Needs ./run's build.
set -euo pipefail
root=$(dirname "$(readlink -f "$0")")/../..
model=${1:-$root/app/styles/live.onnx}
size=${2:-640x360}
export PROGRAM=${PROGRAM:-$root/build/app/impasto} MODEL=$model SIZE=$size
exec python3 - <<'PYTHON'
import json, os, subprocess

environment = os.environ
SHAPES = [preset + variation for preset in "LMHPSNT"
          for variation in ("", "+prefetch", "+memory", "+prefetch+memory")] + ["E"]


def bench(conv):
    command = [environment["PROGRAM"], "bench", "--model", environment["MODEL"], "--size",
               environment["SIZE"], "--conv", conv, "--frames", environment.get("FRAMES", "10"),
               "--reads", environment.get("READS", "auto"),
               "--precision", environment.get("PRECISION", "auto"), "--json"]
    if "DEVICE" in environment:
        command += ["--device", environment["DEVICE"]]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        print(conv, "failed:", result.stderr.strip())
        return None
    return json.loads(result.stdout)


def convolutions(result):
    return [(entry["name"], entry["ms"], entry["gflops_executed"]) for entry in result["passes"]
            if entry["kernel"].startswith("conv_")]


built_in = bench("auto")
print(f"{built_in['device']}, {built_in['model']} at {environment['SIZE']}, {built_in['precision']}: "
      f"{built_in['ms_median']:.3f} ms, {built_in['gflops_executed']:.0f} of "
      f"{built_in['peak_gflops']:.0f} GFLOP/s; every convolution as")
rows = {name: [(ms, gflops, "built-in")] for name, ms, gflops in convolutions(built_in)}
for shape in SHAPES:
    result = bench("tiled:" + shape)
    if not result:
        continue
    print(f"  {shape:18} {result['ms_median']:9.3f} ms")
    for name, ms, gflops in convolutions(result):
        rows.setdefault(name, []).append((ms, gflops, shape))
print(f"\n{'pass':28} {'built-in ms':>11} {'GFLOP/s':>9}   best, ms, GFLOP/s")
for name, times in rows.items():
    fastest = sorted(times)[:4]
    print(f"{name:28} {times[0][0]:11.3f} {times[0][1]:9.0f}   " +
          "; ".join(f"{shape} {ms:.3f} {gflops:.0f}" for ms, gflops, shape in fastest))
PYTHON
