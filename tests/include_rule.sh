#!/bin/bash
# Fails on an #include that the rule between the folders forbids: include_rule.sh [ROOT].
# The rule is the two tables below; the first line whose left side matches decides.
set -euo pipefail
cd "${1:-$(dirname "$(readlink -f "$0")")/..}"

# A file that starts with the left side may include project files that match the right side.
project_rule='
engine/base/      engine/base/
engine/gpu/       engine/(base|gpu)/
engine/net/       engine/(base|net)/
engine/graph/     engine/(base|net|graph)/|engine/video/frame\.h|shaders/([a-z_]+_)?abi\.h
engine/video/     engine/(base|video)/
engine/session/   engine/(base|net|graph|gpu|session)/|engine/video/frame\.h|shaders/[a-z_]+\.h
engine/stylizer   engine/(base|net|graph|gpu|session)/|engine/video/frame\.h|engine/stylizer|shaders/[a-z_]+\.h
app/live/window   app/|engine/|shaders/[a-z_]+\.h
app/              app/|engine/(base|net|graph|video)/|engine/stylizer(_team)?\.h
shaders/          shaders/
tests/            (engine|app|shaders|tests)/
'
# A header that starts with the left side may be included by files that match the right side.
outside_rule='
vulkan/           engine/(gpu|session)/|app/live/window|tests/
spirv-tools/      engine/gpu/|tests/gpu/
libav             engine/video/|tests/video/
libsw             engine/video/|tests/video/
SDL               engine/video/
onnx/             engine/net/(onnx_|model\.cpp)|tests/(net|fuzz|support)/
google/protobuf/  engine/net/(onnx_|model\.cpp)|tests/net/
nlohmann/         engine/net/|engine/session/tuning_file|app/|tests/
CLI/              app/cli/
GLFW/             app/live/|tests/live/
imgui             app/live/|tests/live/
backends/imgui    app/live/
fontconfig/       app/live/theme
X11/              tests/live/
jemalloc/         app/allocator
gtest/            tests/
gmock/            tests/
sys/              .
linux/            .
'

find engine app shaders tests -type f \
  \( -name '*.h' -o -name '*.cpp' -o -name '*.comp' -o -name '*.glsl' \) -print0 |
  xargs -0 grep -HnoE '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<][^">]+[">]' |
  awk -v project_rule="$project_rule" -v outside_rule="$outside_rule" '
    function forbid(why) {
      print file ":" line ": " header ": " why
      bad = 1
    }
    BEGIN {
      project_count = split(project_rule, project, "\n")
      outside_count = split(outside_rule, outside, "\n")
    }
    {
      split($0, part, ":")
      file = part[1]
      line = part[2]
      match($0, /["<][^">]+[">]$/)
      header = substr($0, RSTART + 1, RLENGTH - 2)
      if (substr($0, RSTART, 1) == "\"") {
        for (i = 1; i <= project_count; ++i) {
          split(project[i], rule, " +")
          if (rule[1] == "" || index(file, rule[1]) != 1) continue
          if (header !~ "^(" rule[2] ")") forbid("this folder may include " rule[2] " only")
          next
        }
        forbid("no rule for this folder")
        next
      }
      for (i = 1; i <= outside_count; ++i) {
        split(outside[i], rule, " +")
        if (rule[1] == "" || index(header, rule[1]) != 1) continue
        if (file !~ "^(" rule[2] ")") forbid("only " rule[2] " may include it")
        next
      }
      standard = "^[a-z_0-9]+$|^(dlfcn|fcntl|poll|pthread|sched|signal|spawn|termios|unistd)\\.h$"
      if (header !~ standard) forbid("unknown outside header; the table in include_rule.sh lists them")
    }
    END { exit bad }'
