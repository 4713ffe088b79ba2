#!/bin/bash
# Installs what is missing of packages.txt: install.sh WHO... (run, sample, test, long).
set -euo pipefail
list=$(dirname "$(readlink -f "$0")")/packages.txt

missing=()
while read -r name _ who _; do
  case " $* " in
    *" $who "*) ;;
    *) continue ;;
  esac
  status=$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$name")
done < <(grep -v '^#' "$list")
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  as_root=(sudo)
fi
if ! command -v apt-get >/dev/null || { [ ${#as_root[@]} -gt 0 ] && ! command -v sudo >/dev/null; }; then
  echo "install.sh: needs apt-get, as root or with sudo, to install: ${missing[*]}" >&2
  exit 1
fi
echo "install.sh: installing ${missing[*]}" >&2
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600)
"${apt[@]}" update >&2 </dev/null
"${apt[@]}" install -y --no-install-recommends "${missing[@]}" >&2 </dev/null
