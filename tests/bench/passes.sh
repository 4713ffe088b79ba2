#!/bin/bash
# Where the time goes here and in ONNX Runtime on the CPU (two threads), layer by layer:
#   passes.sh [MODEL.onnx WIDTHxHEIGHT]          default: the pack `live` at 640x360
# Prints one row per shape of convolution, with its transforms and what else it brings along, then
# what is left of both; ms are medians over frames and over ROUNDS (3) alternating runs. Frames with
# every pass timed are slower than those of the last row. Needs ./run's build, and npm.
set -euo pipefail
root=$(dirname "$(readlink -f "$0")")/../..
export ROOT=$root PROGRAM=$root/build/app/impasto ROUNDS=${ROUNDS:-3}
export MODEL=${1:-$root/app/styles/live.onnx} SIZE=${2:-640x360}
exec python3 - <<'PYTHON'
import collections, glob, json, os, re, statistics, subprocess, tempfile

environment = os.environ
warm_up = 2


def output(*command, **more):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True,
                          env={**environment, **more}).stdout


def ours():
    """[(layer or None, ms)] of each pass, and of the whole frame, untimed."""
    result = json.loads(output(environment["PROGRAM"], "bench", "--model", environment["MODEL"],
                               "--size", environment["SIZE"], "--json"))
    layer_of = {entry["name"]: re.sub(" (input|multiply|phases)$", "", entry["name"])
                for entry in result["passes"]}
    layers = {layer_of[entry["name"]] for entry in result["passes"]
              if entry["kernel"].startswith("conv")}
    return [(layer_of[entry["name"]] if layer_of[entry["name"]] in layers else None, entry["ms"])
            for entry in result["passes"]], result["ms_median"]


def theirs():
    """[(layer or None, ms)] of each node, and of the whole frame, untimed; {layer: shape}."""
    peer = [environment["ROOT"] + "/tests/bench/peer.sh", environment["MODEL"], environment["SIZE"]]
    whole = float(output(*peer))
    with tempfile.TemporaryDirectory() as folder:
        output(*peer, PROFILE=folder + "/profile")
        with open(glob.glob(folder + "/profile*.json")[0]) as file:
            events = json.load(file)
    times = collections.defaultdict(list)
    shapes = {}
    layer_of = {}
    for event in events:
        if event.get("cat") != "Node" or not event["name"].endswith("kernel_time"):
            continue
        node, arguments = event["args"]["node_index"], event["args"]
        times[node].append(event["dur"] / 1000)
        if arguments["op_name"] not in ("Conv", "FusedConv"):
            continue
        layer_of[node] = re.sub("(_nchwc)?_kernel_time$", "", event["name"])
        data, weight = (next(iter(entry.values())) for entry in arguments["input_type_shape"][:2])
        result = next(iter(arguments["output_type_shape"][0].values()))
        step = round((data[2] - weight[2]) / result[2])
        shapes[layer_of[node]] = (
            f"{weight[2]}x{weight[3]}, {weight[1]} to {weight[0]} channels"
            f"{', stride 2' if step > 1 else ''}, {result[3]}x{result[2]}")
    return [(layer_of.get(node), statistics.median(frames[warm_up:]))
            for node, frames in times.items()], whole, shapes


def same_layers(here, shapes):
    """{layer here: layer there}: by name, and where the peer renamed as many as are left, in order."""
    left_here = [layer for layer in here if layer not in shapes]
    left_there = [layer for layer in shapes if layer not in here]
    pairs = {layer: layer for layer in here if layer in shapes}
    if len(left_here) == len(left_there):
        pairs.update(zip(left_here, left_there))
    return pairs


def by_shape(passes, shape_of):
    """{shape: ms}, what has none under None."""
    sums = collections.defaultdict(float)
    for layer, ms in passes:
        sums[shape_of.get(layer)] += ms
    return sums


mine, other, whole = collections.defaultdict(list), collections.defaultdict(list), ([], [])
for _ in range(int(environment["ROUNDS"])):
    nodes, ms, shapes = theirs()
    whole[1].append(ms)
    passes, ms = ours()
    whole[0].append(ms)
    pairs = same_layers(list(dict.fromkeys(layer for layer, _ in passes if layer)), shapes)
    shape_of = {layer: shapes[there] for layer, there in pairs.items()}
    for sums, times, names in ((mine, passes, shape_of),
                               (other, nodes, {there: shapes[there] for there in pairs.values()})):
        for shape, ms in by_shape(times, names).items():
            sums[shape].append(ms)

print(f"| {os.path.basename(environment['MODEL'])} at {environment['SIZE']} | Impasto, ms "
      "| ONNX Runtime, ms | ratio |\n|---|---|---|---|")


def row(title, here, there):
    here, there = statistics.median(here), statistics.median(there)
    print(f"| {title} | {here:.1f} | {there:.1f} | {here / there:.2f} |")


counts = collections.Counter(shape_of.values())
for shape, count in counts.items():
    row((f"{count} x " if count > 1 else "") + shape, mine[shape], other[shape])
row("all else", mine[None], other[None])
row("a frame", *whole)
PYTHON
