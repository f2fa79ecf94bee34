# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
#
# Steps that are counted; sourced. Output goes to a log each, and to the
# terminal in one line each. TAP lines in a log count one by one; a step
# without any counts as one test.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
out=$top/.build
logs=$out/logs
vm=$top/tests/vm/vm
kernels=$top/tests/vm/kernels
setup=$top/tests/vm/setup
passed=0 failed=0 skipped=0

mkdir -p "$logs"

as_root()
{
	if ((EUID == 0)); then
		"$@"
	else
		sudo "$@"
	fi
}

# count REGEX FILE: lines of it
count()
{
	grep -cE "$1" "$2" || true
}

# A TAP line may be marked as skipped, whatever it begins with
tally()
{
	local log=$1 status=$2 seconds=$3 ok bad skip

	skip=$(count '^(not )?ok [0-9]+.*# *SKIP' "$log")
	ok=$(grep -E '^ok [0-9]+' "$log" | grep -cvE '# *SKIP' || true)
	bad=$(grep -E '^not ok [0-9]+' "$log" | grep -cvE '# *SKIP' || true)
	if ((ok + bad + skip == 0)); then
		((status)) && bad=1 || ok=1
	elif ((status && !bad)); then
		bad=1
	fi
	passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
	printf '%4d passed, %d failed, %d skipped, %d s\n' "$ok" "$bad" "$skip" \
		"$seconds"
	((bad == 0))
}

log_of()
{
	echo "$logs/${1//[ \/]/-}.log"
}

# What a failed step said
complain()
{
	local log=$1 status=$2

	grep -hE '^not ok|^# .*(Expected|:[0-9]+:)|rror|arning' "$log" |
		tail -n 25 | sed 's/^/    /'
	((status)) && tail -n 5 "$log" | sed 's/^/    /'
	echo "    ... exit status $status, all of it in $log"
}

# step NAME COMMAND...
step()
{
	local name=$1 log status=0
	shift

	log=$(log_of "$name")
	printf '%-36s' "$name"
	SECONDS=0
	"$@" >"$log" 2>&1 </dev/null || status=$?
	tally "$log" "$status" "$SECONDS" || complain "$log" "$status"
}

queued=()

# Those at the head of the queue that have ended
show_ended()
{
	local name log status seconds

	while ((${#queued[@]})); do
		name=${queued[0]}
		log=$(log_of "$name")
		[[ -s $log.status ]] || return 0
		read -r status seconds <"$log.status"
		printf '%-36s' "$name"
		tally "$log" "$status" "$seconds" || complain "$log" "$status"
		queued=("${queued[@]:1}")
	done
}

# queue NAME COMMAND...: a step that runs beside others, as many as there are
# processors
queue()
{
	local name=$1 log
	shift

	log=$(log_of "$name")
	rm -f "$log.status"
	queued+=("$name")
	while (($(jobs -rp | wc -l) >= $(nproc))); do
		wait -n || true
		show_ended
	done
	(
		status=0
		SECONDS=0
		"$@" >"$log" 2>&1 </dev/null || status=$?
		echo "$status $SECONDS" >"$log.status"
	) &
}

# Until all have ended
collect()
{
	while (($(jobs -rp | wc -l))); do
		wait -n || true
		show_ended
	done
	show_ended
}

# The line that ends it all, and the exit status
finish()
{
	echo
	echo "$passed passed, $failed failed, $skipped skipped"
	((failed == 0 && passed > 0))
}
