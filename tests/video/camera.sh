#!/bin/bash
# Runs the tests of real V4L2 devices, LongCamera*, in a virtual machine whose kernel has the driver
# "vivid" and, where it can be built, v4l2loopback: camera.sh TEST_PROGRAM FOLDER [OPTIONS OF VIVID].
# The virtual machine is made by shared/tools/vivid-vm.sh, with FOLDER as its place; where that, or
# QEMU, is absent, exits with 77: skipped.
set -euo pipefail
program=$(readlink -f "$1")
options=${3:-}
mkdir -p "$2"
folder=$(readlink -f "$2")
machine=$(dirname "$(readlink -f "$0")")/../../../shared/tools/vivid-vm.sh

skip() {
  echo "skipped: $1"
  exit 77
}
[ -f "$machine" ] || skip "shared/tools/vivid-vm.sh is absent"
for tool in qemu-system-x86_64:qemu-system-x86 busybox:busybox-static kmod:kmod cpio:cpio v4l2-ctl:v4l-utils; do
  command -v "${tool%:*}" >/dev/null || skip "Debian's package ${tool#*:} is not installed"
done

mkdir -p "$folder/bin"
# Emulated always: a machine that is virtual itself may offer KVM that does not work.
cat >"$folder/bin/qemu-system-x86_64" <<QEMU
#!/bin/bash
arguments=()
for argument in "\$@"; do
  case \$argument in
    kvm) argument=tcg,thread=multi ;;
    host) argument=max ;;
  esac
  arguments+=("\$argument")
done
exec $(command -v qemu-system-x86_64) "\${arguments[@]}"
QEMU
chmod +x "$folder/bin/qemu-system-x86_64"
export PATH=$folder/bin:$PATH
export VIVID_DIR=$folder VIVID_TIMEOUT=${VIVID_TIMEOUT:-900} VIVID_NICE=${VIVID_NICE:-5} VIVID_MEM=2048
# The loopback module for the virtual machine's kernel, from Debian's packages, which are unpacked
# and not installed.
loopback=$folder/loopback/usr/src/v4l2loopback-0.12.7/v4l2loopback.ko
build_loopback() {
  mkdir -p "$folder/loopback"
  cd "$folder/loopback"
  local kernel headers
  kernel=$(apt-cache depends linux-image-amd64 | awk '/Depends/{print $2; exit}')
  kernel=${kernel#linux-image-}
  apt-get -qq download "linux-headers-$kernel" "linux-headers-${kernel%-*}-common" \
    linux-kbuild-6.1 v4l2loopback-dkms
  for package in *.deb; do dpkg-deb -x "$package" .; done
  headers=$PWD/usr/src/linux-headers-$kernel
  sed -i "s#/usr/src/#$PWD/usr/src/#" "$headers/Makefile"
  make -C "$headers" M="$(dirname "$loopback")" modules
}
[ -f "$loopback" ] || (build_loopback) >"$folder/loopback.log" 2>&1 ||
  echo "v4l2loopback could not be built ($folder/loopback.log): its test is skipped"

set +e
"$machine" -c "rmmod vivid; modprobe -d $folder/k vivid $options; modprobe -d $folder/k videodev; insmod $loopback video_nr=10 card_label=Loop
  cd '$(dirname "$program")'
  # Wider vectors are drawn black by the emulated processor.
  export LP_NATIVE_VECTOR_WIDTH=128 IMPASTO_TEST_VIVID=1 SDL_AUDIODRIVER=dummy
  '$program' --gtest_filter='LongCamera*'" |
  tee "$folder/log"
result=${PIPESTATUS[0]}
set -e
# A machine that did not start is no success of the tests.
grep -q 'tests.* ran' "$folder/log" || exit 1
exit "$result"
