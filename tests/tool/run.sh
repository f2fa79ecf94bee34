#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tests of the tool that need no module: TLBSCOPE=path run.sh

set -uo pipefail

here=$(dirname "$(readlink -f "$0")")
top=$here/../..
: "${TLBSCOPE:?path of the tool}"
TLBSCOPE=$(readlink -f "$TLBSCOPE")
export TLBSCOPE
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$here/tap.sh"

verbs=(info doctor load unload walk ranges tables flush shootdown trace version help)
asking=(info doctor walk ranges tables shootdown trace version)

t()
{
	"$TLBSCOPE" "$@"
}

# shellcheck disable=SC2317 # ok() calls it
check()
{
	python3 "$here/checks.py" "$@"
}

# wrong NAME VERB ARG...: exit status 2, one line on stderr, nothing on stdout
wrong()
{
	refuses 2 "$@"
}

# refuses STATUS NAME VERB ARG...
refuses()
{
	local wanted=$1 name=$2

	shift 2
	run t "$@"
	is "$name: status" "$status" "$wanted"
	like "$name: one line" "$err" "^tlbscope $1: [^"$'\n'"]+\$"
	is "$name: no output" "$out" ""
}

#
# Usage
#

run t
is "no verb: status" "$status" 2
like "no verb: the list" "$err" "usage: tlbscope VERB"
run t nosuch
is "unknown verb: status" "$status" 2
is "unknown verb" "$err" "tlbscope: there is no verb 'nosuch'; try: tlbscope help"
run t ''
is "empty verb: status" "$status" 2

for verb in "${verbs[@]}"; do
	run t help "$verb"
	is "help $verb: status" "$status" 0
	like "help $verb" "$out" "^usage: tlbscope $verb"
	wanted=$out
	[[ $verb != help ]] || continue
	is "$verb help" "$(t "$verb" help)" "$wanted"
	is "$verb --help" "$(t "$verb" --help)" "$wanted"
	is "$verb -h" "$(t "$verb" -h)" "$wanted"
done
wrong "help of what is not there" help nosuch
wrong "help of two" help walk ranges

for verb in info doctor load unload walk ranges tables flush shootdown trace version; do
	wrong "$verb: unknown long option" "$verb" --nosuch
	wrong "$verb: unknown letter" "$verb" -X
done
for verb in info doctor unload shootdown version; do
	wrong "$verb: argument too many" "$verb" what
done
for verb in "${asking[@]}"; do
	wrong "$verb: value for an option that takes none" "$verb" --json=1
done
wrong "load: two files" load a b
wrong "walk: nothing" walk
wrong "walk: no address" walk self
wrong "walk: three" walk self 1 2
wrong "walk: option without value" walk --paging
wrong "ranges: nothing" ranges
wrong "ranges: three" ranges self 1 2
wrong "tables: nothing" tables
wrong "tables: both" tables --all self
wrong "tables: -n of one" tables self -n 3
wrong "tables: watch one" tables self --watch
wrong "tables: -n 0" tables --all -n 0
wrong "tables: -n x" tables --all -n x
wrong "tables: -n too large" tables --all -n 99999999999999999999999
wrong "tables: --watch=0" tables --all --watch=0
wrong "trace: a word alone" trace 1
wrong "trace: no command" trace --
wrong "trace: process and command" trace -p 1 -- true
for target in '' x 0 -1 self kernel 99999999999999999999999999; do
	wrong "trace of '$target'" trace "--pid=$target"
done
for seconds in '' x 0 -1 0.01 nan inf 1e9 1s; do
	wrong "trace for '$seconds'" trace "--duration=$seconds"
	wrong "trace each '$seconds'" trace "--interval=$seconds"
done
wrong "trace: -n 0" trace -n 0

wrong "flush: nothing" flush
wrong "flush: two" flush self 1
wrong "flush: the kernel" flush kernel
for option in --pages=0 --pages=4097 --pages=2..1 --pages=1..5000 --pages=x --pages= \
	--bystanders=4097 --bystanders=-1 --samples=0 --samples=10001 --samples=x \
	--cpus= --cpus=x --cpus=0- --cpus=0,0 --cpus=99999 --method= --method=nosuch \
	'--method=invlpg,' --range=1000-2000 --plot=x.png --plot=; do
	wrong "flush: $option" flush self "$option"
done
for range in '' - 1000 1000- 2000-1000 1000-1000 1001-2000 zz-1000; do
	wrong "flush: --range=$range" flush 1 "--range=$range"
done
wrong "flush: CSV and JSON" flush self --csv -j
wrong "flush: a picture of what kind?" flush self --pages=1..4 --plot=x.gif

#
# Targets and addresses that make no sense
#

for verb in ranges tables flush; do
	for target in '' x 0 00 -1 99999999999999999999999999 2147483648 1x ' 1' 0x1; do
		wrong "$verb of '$target'" "$verb" -- "$target"
	done
done
for address in '' 0x 1g 0xfffffffffffffffff 0x100000000000000000000 \
	0x800000000000000 0xfe00000000000000; do
	wrong "walk to '$address'" walk self "$address"
done
wrong "walk to an offset of nothing" walk self main+
wrong "walk to a wrong offset" walk self main+zz
wrong "walk to a negative offset" walk self main+-1
refuses 1 "walk to no symbol" walk self 'no such symbol'
for range in '' - 1- -1 zz 2000-1000 1000-1000 1000-0 0-zz \
	7fff00000000-ffff800000000000 ffffffffffffffffff; do
	wrong "ranges of '$range'" ranges self -- "$range"
done
wrong "unknown size" ranges self --size=8K
wrong "unknown flag" ranges self --flag=nosuch
wrong "empty flag" ranges self --flag=
wrong "unknown state" ranges self --state=nosuch
wrong "unknown flag to ignore" ranges self --ignore=write
wrong "a flag ignored and asked for" ranges self --ignore=dirty --flag=dirty

#
# Targets that are not there
#

gone=$(bash -c 'echo $$')
for verb in ranges tables; do
	refuses 1 "$verb of nobody" "$verb" "$gone"
	like "$verb of nobody: says so" "$err" "no process $gone"
done
refuses 1 "trace of nobody" trace -p "$gone"
like "trace of nobody: says so" "$err" "no process $gone"
refuses 1 "walk of nobody" walk "$gone" 1000
if [[ -d /proc/2 && ! -e /proc/2/exe ]]; then
	refuses 1 "a thread of the kernel" tables 2
	like "a thread of the kernel: says so" "$err" "thread of the kernel"
else
	skip "a thread of the kernel" "none to be seen"
fi
start_helper python3 -c "import os, time
if not os.fork(): os._exit(0)
os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
print(next(p for p in os.listdir('/proc') if p.isdigit() and
      open(f'/proc/{p}/stat').read().split()[2:4] == ['Z', str(os.getpid())]),
      flush=True)
time.sleep(1000)"
refuses 1 "a zombie" tables "$line"
# Whose it is matters first
((EUID == 0)) && wanted=zombie || wanted="not permitted"
like "a zombie: says so" "$err" "$wanted"

#
# Paging schemes
#

for scheme in 1level4m 2level 3level; do
	for address in 0 ffffffff c0a01234 0x00400000 80000000 12345678; do
		ok "$scheme of $address" check paging_json "$scheme" "$address"
		ok "$scheme of $address, text" check paging_text "$scheme" "$address"
	done
	wrong "$scheme: out of range" walk --explain "--paging=$scheme" 0x100000000
done
for scheme in 4level 5level; do
	for address in 0 7f3c8a400010 0x00007fffffffffff ffff888000001000 \
		ffffffffffffffff 400000; do
		ok "$scheme of $address" check paging_json "$scheme" "$address"
		ok "$scheme of $address, text" check paging_text "$scheme" "$address"
	done
done
ok "5level of an address above 47 bits" check paging_json 5level ff7fffffffffff
wrong "4level: not canonical" walk --explain --paging=4level 0x800000000000
wrong "4level: not canonical below" walk --explain --paging=4level ffff7fffffffffff
wrong "5level: not canonical" walk --explain --paging=5level 0x100000000000000
wrong "no such scheme" walk --explain --paging=6level 1
wrong "scheme without an address" walk --explain --paging=4level
wrong "scheme with a process" walk --explain --paging=4level self 1
wrong "scheme of no address" walk --explain --paging=4level xyz
is "--paging needs no --explain" "$(t walk -p 2level c0a01234)" \
	"$(t walk --explain --paging=2level c0a01234)"

#
# Facts
#

for args in info version 'walk self main' 'walk self main --explain' \
	'ranges self --summary' 'tables self' 'tables --all' \
	'walk --paging=4level 1234'; do
	# shellcheck disable=SC2086 # words
	ok "$args -j: JSON" check is_json $args -j
done
ok "ranges self -j: JSON Lines" check is_json_lines ranges self -j
ok "info: text and JSON" check info_same
ok "info: what the machine says" check info_machine
ok "doctor: text, JSON and status" check doctor_same
is "version" "$(t version | head -n1 | cut -d, -f1 | tr -s ' ')" \
	"tlbscope $(sed -n 's/^MODULE_VERSION("\(.*\)");/\1/p' "$top/module/main.c")"
is "--version" "$(t --version)" "$(t version)"

start_helper python3 "$here/target.py" buffer
buffer=$helper address=$line
ok "walk: pagemap's frame" check walk_phys "$buffer" "$address" --no-module
ok "walk: not touched yet" check walk_empty "$buffer" "$address" --no-module
ok "ranges: the pages of a buffer" check ranges_buffer "$buffer" "$address" --no-module
ok "ranges: text and JSON" check ranges_same "$buffer" "$address" --no-module
ok "ranges: unmerged" check ranges_unmerged "$buffer" "$address" --no-module
ok "ranges: filters" check filters "$buffer" "$address" --no-module
ok "summary: as smaps" check summary "$buffer" "$address" --no-module
ok "summary: text and JSON" check summary_same "$buffer" "$address" --no-module
ok "tables: VmPTE and leaves" check tables_fallback "$buffer"
ok "tables --all" check tables_all "$buffer" --no-module
like "walk: which source" "$(t walk "$buffer" "$address" --no-module)" \
	"source    /proc/PID/pagemap"
run t walk kernel ffffffff81000000 --no-module
is "the kernel without the module: status" "$status" 1
like "the kernel without the module" "$err" "^tlbscope walk: .*module"

start_helper python3 "$here/target.py" named "$scratch"
ok "names are clean" check clean_names "$helper" --no-module

#
# Symbols
#

run t walk self main
like "a symbol of a program" "$out" "symbol    main"
like "its mapping" "$out" "r-xp $TLBSCOPE"
run t walk self main+0x10
like "an offset" "$out" "symbol    main\+0x10"
run t walk self malloc
like "a symbol of a library" "$out" "(libc|libasan)"
run t walk self 0xadd
like "0x makes an address of a word" "$out" "address   0xadd "
run t walk self add
like "an address where there is no such symbol" "$out" "address   0xadd "
run t walk "$buffer" PyObject_Malloc
if ((status == 0)); then
	like "a symbol of another process" "$out" "symbol    PyObject_Malloc"
else
	skip "a symbol of another process" "this python3 has no symbols"
fi

#
# Output that goes nowhere
#

for args in info 'ranges self' 'ranges self -j' 'tables self' help; do
	# shellcheck disable=SC2086 # words
	t $args >/dev/full 2>"$scratch/err"
	is "$args to a full disk: status" "$?" 1
	like "$args to a full disk" "$(<"$scratch/err")" "No space left on device"
	# shellcheck disable=SC2086
	t $args >&- 2>"$scratch/err"
	is "$args to a closed file: status" "$?" 1
	like "$args to a closed file" "$(<"$scratch/err")" "Bad file descriptor"
done
start_helper python3 "$here/target.py" many
many=$helper
t ranges "$many" --no-module --unmerged 2>"$scratch/err" | head -n1 >/dev/null
is "reader goes away: by the signal" "${PIPESTATUS[0]}" 141
is "reader goes away: not a word" "$(<"$scratch/err")" ""
(trap '' PIPE; t ranges "$many" --no-module --unmerged 2>"$scratch/err" |
	head -n1 >/dev/null)
is "reader goes away, signal ignored: not a word" "$(<"$scratch/err")" ""
ok "Ctrl-C leaves whole records" check interrupted "$many" --no-module
ok "--watch" check watch
is "no progress bar where nobody looks" \
	"$(t ranges "$many" --no-module --summary 2>&1 >/dev/null)" ""

#
# Shootdowns
#

for pages in '' 0 4097 1.. ..4 4..1 1-4 1..4097 x 0x10; do
	wrong "shootdown: --pages=$pages" shootdown "--pages=$pages"
done
for samples in '' 0 10001 -1 x; do
	wrong "shootdown: --samples=$samples" shootdown "--samples=$samples"
done
for calls in '' ',' 'munmap,' nosuch munmap,nosuch MUNMAP; do
	wrong "shootdown: --calls=$calls" shootdown "--calls=$calls"
done
for cpus in '' ',' '0,' 0-x 1-0 0,0 8192; do
	wrong "shootdown: --cpus=$cpus" shootdown "--cpus=$cpus"
done
for threads in '' x 2..1 8192; do
	wrong "shootdown: --threads=$threads" shootdown "--threads=$threads"
done
for file in '' x .png x.gif x.png.txt png "$scratch"; do
	wrong "shootdown: --plot=$file" shootdown "--plot=$file"
done
wrong "shootdown: CSV and JSON" shootdown --csv --json
wrong "shootdown: CSV and samples" shootdown --csv --raw
refuses 1 "shootdown: a CPU that is not there" shootdown --cpus=8191
refuses 1 "shootdown: more threads than CPUs" shootdown --threads=4096
run env PATH=/nonexistent "$TLBSCOPE" shootdown --plot="$scratch/x.png"
is "no gnuplot: status" "$status" 1
is "no gnuplot" "$err" "tlbscope shootdown: gnuplot, which draws, is not installed; try: apt-get install gnuplot-nox"
ok "shootdown: what follows from the samples" check shootdown_json
ok "shootdown: text, CSV and JSON" check shootdown_same
ok "shootdown: holes that a stack would fit into" check shootdown_holes
ok "shootdown: a single CPU" check shootdown_alone
ok "shootdown: CPUs and threads that are asked for" check shootdown_cpus
ok "shootdown: Ctrl-C leaves nobody" check shootdown_interrupted
if command -v gnuplot >/dev/null; then
	ok "shootdown: pictures" check shootdown_plot "$scratch"
	refuses 1 "a picture into no directory" shootdown --plot=/no/such/x.png
	refuses 1 "a picture into a directory" shootdown --plot="$(mkdir -p "$scratch/d.png" && echo "$scratch/d.png")"
else
	skip "shootdown: pictures" "no gnuplot"
fi
# A sanitized program reserves more than any limit for its shadow
if (ulimit -v 30000 && t version >/dev/null 2>&1); then
	run bash -c 'ulimit -v 30000; "$TLBSCOPE" shootdown --pages=4096 --samples=10'
	is "shootdown: little memory: status" "$status" 1
	like "shootdown: little memory" "$err" "^tlbscope shootdown: not enough memory; try: [^"$'\n'"]+\$"
else
	skip "shootdown: little memory" "a sanitized program"
fi

#
# Tracing
#

run t trace -d 0.05
if ((status)); then
	like "trace: what keeps it from that" "$err" "^tlbscope trace: [^"$'\n'"]+; (try:|see) "
	skip "trace" "it is not to be had here"
else
	ok "trace: text and JSON" check trace_same
	ok "trace: JSON Lines" check trace_lines
	ok "trace: of a command" check trace_command
	ok "trace: like top" check trace_live
	refuses 1 "trace: a command that is not there" trace -- /no/such/command
fi

#
# The module
#

if [[ -e /proc/modules || -e /proc/tlbscope ]]; then
	skip "load on a kernel without modules" "this one has them"
else
	refuses 1 "load on a kernel without modules" load
	is "unload what is not loaded" "$(t unload)" "tlbscope is not loaded"
fi
if [[ -e /proc/tlbscope ]]; then
	skip "flush without the module" "it is loaded"
else
	refuses 1 "flush without the module" flush self
	like "flush without the module: says so" "$err" "not loaded"
fi
refuses 1 "load what is not there" load /no/such/file.ko

#
# Manual pages and completion
#

for verb in "${verbs[@]}"; do
	[[ $verb == help ]] || ok "there is a page of $verb" \
		test -s "$top/userspace/man/tlbscope-$verb.8"
done
if command -v mandoc >/dev/null; then
	for page in "$top"/userspace/man/*; do
		ok "$(basename "$page")" mandoc -Tlint -W warning "$page"
	done
else
	skip "manual pages" "no mandoc"
fi

# options VERB: those that help tells
options()
{
	t help "$1" | grep -oE -- '--[a-z][a-z-]+' | sort -u
}

completed()
{
	bash -c '. "$1"; compopt() { :; }; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_tlbscope; echo "${COMPREPLY[*]}"' - "$top/userspace/completion/tlbscope" "$@"
}

for verb in walk ranges tables flush shootdown trace; do
	page=$(sed 's/\\//g' "$top/userspace/man/tlbscope-$verb.8")
	offered=$(completed tlbscope "$verb" --)
	for option in $(options "$verb"); do
		like "$verb: page of $option" "$page" "Fl ${option#-}"
		like "$verb: completion of $option" "$offered" "$option"
	done
done
is "completion of verbs" "$(completed tlbscope '')" "${verbs[*]}"
is "completion of a verb" "$(completed tlbscope ta)" "tables"
is "completion of a scheme" "$(completed tlbscope walk --paging = 3)" "3level"
is "completion of a scheme after a blank" "$(completed tlbscope walk --paging 3)" "3level"
like "completion of processes" " $(completed tlbscope ranges '') " " $buffer "
is "completion of the kernel" "$(completed tlbscope ranges k)" "kernel"
is "no completion of what cannot be known" "$(completed tlbscope walk self '')" ""

finish
