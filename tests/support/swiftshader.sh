#!/bin/sh
# Runs a command on SwiftShader, a second Vulkan driver: swiftshader.sh COMMAND [ARGUMENT...].
# Without a command: prints the path for VK_ICD_FILENAMES. The driver is taken out of Debian's
# chromium-common (unpacked, not installed) and kept in the user's cache. Exit code 77 (skipped)
# where it cannot be had.
set -eu
cache=${XDG_CACHE_HOME:-$HOME/.cache}/impasto-tests/swiftshader
icd=$cache/vk_swiftshader_icd.json

fetch() {
  # The description comes last: its presence says that all is there.
  apt-get download -qq chromium-common >&2 &&
    dpkg-deb --fsys-tarfile chromium-common_*.deb |
    tar -x --wildcards '*/libvk_swiftshader.so' '*/vk_swiftshader_icd.json' &&
    find . -name libvk_swiftshader.so -exec cp {} "$cache/" \; &&
    [ -s "$cache/libvk_swiftshader.so" ] &&
    find . -name vk_swiftshader_icd.json -exec cp {} "$cache/" \; && [ -s "$icd" ]
}

mkdir -p "$cache"
exec 9> "$cache/lock"
flock 9
if [ ! -s "$icd" ]; then
  scratch=$(mktemp -d)
  (cd "$scratch" && fetch) || true
  rm -rf "$scratch"
fi
if [ ! -s "$icd" ]; then
  echo "SwiftShader cannot be had: apt-get download chromium-common failed; skipped" >&2
  exit 77
fi
exec 9>&-
if [ $# -eq 0 ]; then
  echo "$icd"
else
  VK_ICD_FILENAMES=$icd exec "$@"
fi
