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
