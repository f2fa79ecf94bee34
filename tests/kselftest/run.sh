#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs the test programs, as root and with the module loaded, and that of
# tests/stale: in a virtual machine, for they poison a page, swap, drop what is
# unlocked, and exchange pages behind the kernel's back.
#
#	run.sh DIR [PROGRAM...]	those in DIR; all of them without names
#	run.sh --lockdown DIR	the one that locks the kernel down until it reboots
#
# Prints TAP and at the end "N passed, N failed, N skipped"; a skipped test is
# none that passed. Exits with 1 if any failed.

set -uo pipefail

programs=(info walk translate range table target kernel text refusal right race
	kill flush cost stale storm unload)
passed=0 failed=0 skipped=0

usage()
{
	echo "usage: run.sh [--lockdown] DIR [PROGRAM...]" >&2
	exit 2
}

if [[ ${1-} == --lockdown ]]; then
	shift
	(($# == 1)) || usage
	export TLBSCOPE_TEST_LOCKDOWN=1
	programs=(lockdown)
fi
(($#)) || usage
dir=$1
shift
((!$#)) || programs=("$@")

# count REGEX FILE
count()
{
	grep -cE "$1" "$2" || true
}

# All that was planned must have had a result
tally()
{
	local program=$1 log=$2 status=$3 plan ok bad skip

	plan=$(sed -n 's/^1\.\.\([0-9]*\)$/\1/p' "$log")
	skip=$(count '^ok [0-9]+ # SKIP' "$log")
	ok=$(($(count '^ok [0-9]+' "$log") - skip))
	bad=$(count '^not ok [0-9]+' "$log")
	if ((ok + skip + bad != ${plan:-0} || !${plan:-0} || (status && !bad))); then
		((bad++))
		echo "not ok $((ok + skip + bad)) $program: ended with status $status after $((ok + skip + bad - 1)) of ${plan:-?} tests"
	fi
	((passed += ok, failed += bad, skipped += skip))
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
for program in "${programs[@]}"; do
	echo "# $program"
	"$dir/$program" 2>&1 | tee "$log"
	status=${PIPESTATUS[0]}
	# The harness leaves its last line open
	echo
	tally "$program" "$log" "$status"
done
echo "$passed passed, $failed failed, $skipped skipped"
((!failed))
