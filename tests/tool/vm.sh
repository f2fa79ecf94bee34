#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tests of the tool with the module loaded, to be run as root in the virtual
# machine: TLBSCOPE=path vm.sh [tlbscope.ko]
#
# With the file of the module, unloading and loading are tried too.

set -uo pipefail

here=$(dirname "$(readlink -f "$0")")
: "${TLBSCOPE:?path of the tool}"
TLBSCOPE=$(readlink -f "$TLBSCOPE")
export TLBSCOPE
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$here/tap.sh"

# Not whatever stands first in PATH: a shell script there is no Python to look at
python=/usr/bin/python3

t()
{
	"$TLBSCOPE" "$@"
}

# shellcheck disable=SC2317 # ok() calls it
check()
{
	"$python" "$here/checks.py" "$@"
}

flag()
{
	grep -qw "$1" <(grep -m1 ^flags /proc/cpuinfo)
}

levels=4
! flag la57 || levels=5
pti=off
! flag pti || pti=on

#
# The machine
#

is "the module answers" "$(t info -j | "$python" -c \
	'import json, sys; print(json.load(sys.stdin)["source"])')" \
	"the tlbscope module"
ok "info: text and JSON" check info_same
ok "info: what the machine says" check info_machine
like "info: memory encryption is known" "$(t info)" "memory encryption  (off|on)"
ok "doctor: text, JSON and status" check doctor_same
like "doctor: the module" "$(t doctor)" "ok       tlbscope.ko   [^ ]+, ABI [0-9]+, loaded"
like "doctor: the kernel's symbols" "$(t doctor)" "ok       symbols"

#
# A process
#

start_helper "$python" "$here/target.py" buffer
buffer=$helper address=$line
ok "walk: pagemap's frame" check walk_phys "$buffer" "$address"
ok "walk: the levels hang together" check walk_levels "$buffer" "$address" "$levels"
ok "walk: 4 KiB" check page_size "$buffer" "$address" 4096
ok "walk: not touched yet" check walk_empty "$buffer" "$address"
ok "ranges: the pages of a buffer" check ranges_buffer "$buffer" "$address"
ok "ranges: text and JSON" check ranges_same "$buffer" "$address"
ok "ranges: unmerged" check ranges_unmerged "$buffer" "$address"
ok "ranges: filters" check filters "$buffer" "$address"
ok "summary: as smaps" check summary "$buffer" "$address"
ok "summary: text and JSON" check summary_same "$buffer" "$address"
ok "tables: VmPTE adds up" check tables_account "$buffer"
ok "tables: text and JSON" check tables_same "$buffer"
ok "tables: the root for user mode, pti $pti" check user_root "$buffer" "$pti"
ok "tables --all" check tables_all "$buffer"
ok "without the module: VmPTE and leaves" check tables_fallback "$buffer"
ok "without the module: the same pages" check ranges_buffer "$buffer" "$address" --no-module

start_helper "$python" "$here/target.py" huge
huge=$helper
if grep -q '\[never\]' /sys/kernel/mm/transparent_hugepage/enabled; then
	skip "huge pages" "they are switched off"
else
	ok "summary: huge pages" check huge_summary "$huge" "$line"
	ok "walk: 2 MiB" check page_size "$huge" \
		"$(printf %x $(((line + 0x3fffff) & ~0x1fffff)))" $((2 << 20))
	ok "tables: those set aside" check tables_account "$huge"
fi

start_helper "$python" "$here/target.py" many
many=$helper many_address=$line
ok "Ctrl-C leaves whole records" check interrupted "$helper"
start_helper "$python" "$here/target.py" named "$scratch"
ok "names are clean" check clean_names "$helper"

if [[ $pti == on ]]; then
	run t walk "$buffer" "$address"
	like "walk: both roots" "$out" "From the root for kernel mode:.*From the root for user mode"
	like "walk: where they meet" "$out" "and on through the same tables"
	ok "ranges: the root for user mode" check ranges_buffer "$buffer" "$address" --user-root
else
	run t ranges "$buffer" --user-root
	is "no second root: status" "$status" 1
	like "no second root" "$err" "page-table isolation is off"
fi

#
# Symbols
#

# One that python itself does not call: it would have an address of its own for it
start_helper "$python" -c "import ctypes, signal
f = ctypes.CDLL(None).ffsll
print(hex(ctypes.cast(f, ctypes.c_void_p).value), flush=True)
signal.pause()"
run t walk "$helper" ffsll
like "a symbol of a library" "$out" "address   $line of"
run t walk self main
like "a symbol of a program" "$out" "rights    read exec user"
ok "a symbol of the kernel" check kernel_symbol schedule
run t walk kernel 'no such symbol'
is "no symbol of the kernel: status" "$status" 1
echo 2 >/proc/sys/kernel/kptr_restrict
run t walk kernel schedule
is "symbols hidden: status" "$status" 1
like "symbols hidden: what mends it" "$err" "try: as root, sysctl kernel.kptr_restrict=1"
like "symbols hidden: doctor" "$(t doctor)" "note     symbols.*sysctl kernel.kptr_restrict=1"
echo 1 >/proc/sys/kernel/kptr_restrict

#
# The kernel
#

ok "the kernel's regions" check regions "direct map" vmalloc vmemmap \
	"kernel image" modules
ok "the direct map is direct" check direct_map
ok "the kernel's tables: JSON" check is_json tables kernel -j
run t walk kernel 0x1000
is "not the kernel's half: status" "$status" 2
run t ranges kernel 1000-2000
is "not the kernel's half, ranges: status" "$status" 2
run t walk "$buffer" ffffffff81000000
is "the kernel's half of a process: status" "$status" 0

#
# Invalidations
#

# refuses NAME PATTERN VERB ARG...: exit status 1, one line on stderr
refuses()
{
	local name=$1 pattern=$2

	shift 2
	run t "$@"
	is "$name: status" "$status" 1
	like "$name" "$err" "^tlbscope $1: [^"$'\n'"]*${pattern}[^"$'\n'"]*\$"
	is "$name: no output" "$out" ""
}

like "info: methods" "$(t info)" "invalidation       invlpg .*cr3 .*ipi"
like "doctor: debugfs" "$(t doctor)" "ok       debugfs"
ok "flush: every method" check flush_methods
ok "flush: text and JSON" check flush_text
ok "flush: CSV and JSON" check flush_csv
ok "flush: another process" check flush_other "$buffer" "$address"
if (($(nproc) > 1)); then
	ok "flush: each CPU that is named" check flush_cpus
	ok "flush: another CPU" check flush_remote
else
	skip "flush: another CPU" "there is none"
fi
ok "flush: a sweep" check flush_sweep
ok "flush: a sweep by another method" check flush_sweep --method=cr4-pge
ok "flush: the kernel's setting is left alone" check flush_ceiling
ok "flush: Ctrl-C" check flush_interrupted
is "flush: of all CPUs" "$(t flush self --cpus=all --method=cr3 --samples=10 |
	grep -c '^cr3 ')" "$(nproc)"
like "flush: where its threads run" "$(t flush "$buffer" --cpus=run --method=cr3 \
	--samples=10)" "cr3 +[0-9]"
like "flush: fewer pages than a sweep asks for" \
	"$(t flush "$buffer" --range="$address-$(printf %x $((address + 12 * 4096)))" \
		--pages=1..64 --samples=20)" $'\n +12 '
if command -v gnuplot >/dev/null; then
	run t flush self --pages=1..64 --samples=20 --plot="$scratch/sweep.png"
	is "flush: a picture: status" "$status" 0
	is "flush: a picture" "$(head -c4 "$scratch/sweep.png" | tail -c3)" "PNG"
else
	skip "flush: a picture" "no gnuplot"
fi
refuses "flush: method that the CPU lacks" "invlpgb cannot be done here: the CPU has no INVLPGB" \
	flush self --method=invlpgb
refuses "flush: CPU that is absent" "CPU 77 is not on line" flush self --cpus=77
refuses "flush: responder that is absent" "CPU 77 is not on line" \
	flush self --cpus=0,77 --method=ipi
refuses "flush: nobody" "there is no process $((1 << 30))" flush $((1 << 30))
refuses "flush: a thread of the kernel" "thread of the kernel" flush 2
refuses "flush: nothing mapped" "nothing of .* is present" flush "$buffer" --range=1000-3000
refuses "flush: partly mapped" "not all of" flush "$buffer" \
	--range="$(printf %x $((address - 4096)))-$(printf %x $((address + 4096)))"
refuses "flush: more than the cap" "at most 4096 pages" flush "$many" \
	--range="$many_address-$(printf %x $((many_address + 4097 * 4096)))"
if [[ -w /sys/devices/system/cpu/cpu1/online ]]; then
	echo 0 >/sys/devices/system/cpu/cpu1/online
	refuses "flush: CPU that is off line" "CPU 1 is not on line" flush self --cpus=1
	like "flush: nobody to interrupt" "$(t flush self --samples=10)" \
		"remote: there is no other CPU to interrupt"
	echo 1 >/sys/devices/system/cpu/cpu1/online
else
	skip "flush: CPU that is off line" "none can be taken"
fi
umount /sys/kernel/debug
refuses "flush: no debugfs" "not mounted .*try: mount -t debugfs none /sys/kernel/debug" \
	flush self
like "doctor: no debugfs" "$(t doctor)" "note     debugfs.*try: mount"
like "info: no debugfs" "$(t info)" "invalidation       not known"
mkdir "$scratch/debug fs"
mount -t debugfs none "$scratch/debug fs"
like "flush: debugfs elsewhere" "$(t flush self --samples=10 --method=cr3)" "cr3 +0"
umount "$scratch/debug fs"
mount -t debugfs none /sys/kernel/debug

#
# Rights
#

nobody()
{
	setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all \
		--bounding-set=-all "$TLBSCOPE" "$@"
}

run nobody tables 1
is "somebody else's process, no rights: status" "$status" 1
like "somebody else's process, no rights" "$err" "not permitted: run it as root"
run nobody walk kernel ffffffff81000000
is "the kernel, no rights: status" "$status" 1
like "the kernel, no rights" "$err" "not permitted"
run nobody walk self main
is "own process, no rights: status" "$status" 0
like "own process, no rights: what is told" "$out" "physical  not told without rights"
like "no rights: doctor" "$(nobody doctor)" "problem  rights .*CAP_SYS_ADMIN"
run nobody flush self
is "flush, no rights: status" "$status" 1
like "flush, no rights" "$err" "^tlbscope flush: not permitted: run it as root"
run nobody unload
is "unload, no rights: status" "$status" 1
like "unload, no rights" "$err" "not permitted; try: sudo tlbscope unload"

#
# The module
#

is "load what is loaded: status" "$(t load >/dev/null; echo $?)" 0
like "load what is loaded" "$(t load)" "was already loaded"
sleep 1000 8</proc/tlbscope/info &
holder=$!
helpers+=("$holder")
sleep 0.5
run t unload
is "unload what is open: status" "$status" 1
is "unload what is open: who has it" "$err" \
	"tlbscope unload: the module is in use by sleep ($holder); try: end it first"
kill "$holder"
wait "$holder" 2>/dev/null

if (($# < 1)); then
	skip "unload and load" "no module file given"
	finish
fi
is "unload" "$(t unload)" "tlbscope removed"
is "unload again" "$(t unload)" "tlbscope is not loaded"
like "not loaded: doctor" "$(t doctor)" "problem  tlbscope.ko"
refuses "not loaded: flush" "not loaded \(try: tlbscope load\)" flush self
is "not loaded: doctor's status" "$(t doctor >/dev/null; echo $?)" 1
run t load
is "not installed: status" "$status" 1
is "not installed" "${err%%;*}" \
	"tlbscope load: no module is installed for $(uname -r)"
run nobody load "$1"
like "load, no rights" "$err" "not permitted; try: sudo tlbscope load"
cp /etc/hostname "$scratch/not.ko" 2>/dev/null || echo x >"$scratch/not.ko"
run t load "$scratch/not.ko"
is "load what is no module: status" "$status" 1
like "load what is no module" "$err" "try: "
like "load" "$(t load "$1")" "ABI [0-9]+, loaded from $1"
finish
