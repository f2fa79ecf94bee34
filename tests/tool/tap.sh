# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
#
# Test Anything Protocol; sourced. $out and $err are what the last command of
# run() printed, $status its exit status.

number=0
failed=0
scratch=$(mktemp -d "${TMPDIR:-/tmp}/tlbscope-tool.XXXXXX")
out='' err='' status=0
helpers=()

clean_up()
{
	((${#helpers[@]} == 0)) || kill "${helpers[@]}" 2>/dev/null
	rm -rf "$scratch"
}
trap clean_up EXIT

# verdict STATUS NAME
verdict()
{
	if (($1 == 0)); then
		echo "ok $((++number)) - $2"
	else
		echo "not ok $((++number)) - $2"
		failed=1
	fi
}

# skip NAME WHY
skip()
{
	echo "ok $((++number)) - $1 # SKIP $2"
}

note()
{
	local text="$*"

	echo "# ${text//$'\n'/$'\n'# }"
}

# ok NAME COMMAND...: passes if it succeeds; its output says why not
ok()
{
	local name=$1 said result=0

	shift
	said=$("$@" 2>&1) || result=1
	((result == 0)) || note "$* said: $said"
	verdict "$result" "$name"
}

# is NAME GOT WANTED
is()
{
	local result=0

	[[ $2 == "$3" ]] || result=1
	((result == 0)) || note "got: $2"$'\n'"wanted: $3"
	verdict "$result" "$1"
}

# like NAME GOT PATTERN: an extended regular expression
like()
{
	local result=0

	[[ $2 =~ $3 ]] || result=1
	((result == 0)) || note "got: $2"$'\n'"wanted: $3"
	verdict "$result" "$1"
}

# run COMMAND...: fills in $out, $err and $status
run()
{
	status=0
	out=$("$@" 2>"$scratch/err") || status=$?
	err=$(<"$scratch/err")
}

# start_helper COMMAND...: a process that prints one line when it is ready and
# then stays; fills in $helper, its ID, and $line
start_helper()
{
	local file=$scratch/helper.${#helpers[@]} tries=300

	: >"$file"
	"$@" >"$file" &
	helper=$!
	helpers+=("$helper")
	while ! [[ -s $file ]] && ((tries-- > 0)); do
		sleep 0.1
	done
	read -r line <"$file"
}

finish()
{
	echo "1..$number"
	exit "$failed"
}
