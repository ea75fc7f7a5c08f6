# shellcheck shell=bash
# What the tests of the language's meaning share beyond the lab: cases with a line of output each,
# applies, and counts, ours and the kernels' of the hosts. Sourced after lab.sh.

# What every exception has to have and these tests do not care about.
# shellcheck disable=SC2034  # used by those who source this
LAB_LEAVE="reason: r, requested_by: op-1, approved_by: [op-2], ticket: E-1"

# lab_case WHAT: says that everything since the case before is as it must be.
lab_case() {
	echo "ok  $*"
}

# lab_apply SITE
lab_apply() {
	lab_status 0 lab_gwctl -C "$LAB_TMP/$1" apply
}

# lab_count ID [bytes]: what gwctl has counted for a rule or a built-in reason.
lab_count() {
	lab_gwctl counters --json | tr -d ' \n' |
		sed "s/.*\"id\":\"$1\",\"packets\":\([0-9]*\),\"bytes\":\([0-9]*\).*/\\$([ "${2:-}" = bytes ] && echo 2 || echo 1)/"
}

# lab_received HOST NAME...: sum of these counters of the host's own kernel, as nstat names them.
lab_received() {
	local host=$1
	shift
	lab_in "$host" nstat -asz "$@" | awk 'NR > 1 { sum += $2 } END { print sum + 0 }'
}

# lab_equal WANT WHAT GOT: ends the test if two numbers differ.
lab_equal() {
	[ "$3" -eq "$1" ] || { echo "$2: expected $1, got $3"; exit 1; }
}

# lab_at_least WANT WHAT GOT
lab_at_least() {
	[ "$3" -ge "$1" ] || { echo "$2: expected at least $1, got $3"; exit 1; }
}

# lab_in_future SECONDS: as `expires:` wants it.
lab_in_future() {
	date -u -d "+$1 seconds" +%FT%TZ
}

# lab_sequence FILE HOST ARGUMENT...: tests/tools/sequence.c in the background; $! is its process.
lab_sequence() {
	local file=$1 host=$2
	shift 2
	ip netns exec "$LAB-$host" "$BUILD/tools/sequence" "$@" >"$file" &
	# A packet sent before the other side listens would count as lost. $! stays that process.
	case $1 in
	receive | push)
		for _ in $(seq 100); do
			[ -z "$(lab_in "$host" ss -Huln "sport = :$3")" ] || return 0
			sleep 0.1
		done
		echo "sequence does not listen on UDP port $3"
		return 1
		;;
	esac
}

# lab_servers HOST SIGNAL: sends it to all that runs in a host: STOP lets questions pile up.
lab_servers() {
	# shellcheck disable=SC2046  # a list of process ids
	kill "-$2" $(ip netns pids "$LAB-$1")
}

# lab_sequence_end HOST: ends all of them in a host, by their process ids.
lab_sequence_end() {
	local pid
	for pid in $(ip netns pids "$LAB-$1"); do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" != sequence ] || kill "$pid" 2>/dev/null || true
	done
}
