# shellcheck shell=bash
# The agent in the lab's gateway; to be sourced after lab_up.
#
#	agent_start [OPTION...]         gwd, in the background, until it listens; its process: $AGENT
#	agent_ctl -C DIR apply          gwctl that asks it
#	agent_kill                      kill -9
#	agent_reboot                    the kernel forgets all of ours, and the boot has another id
#	agent_stop                      and it must have ended well
#
# With AGENT_GROUP it runs with this group, and $LAB_TMP/group is what it takes for /etc/group.
# Its standard error is collected in $LAB_TMP/gwd.log.

AGENT_RUN=$LAB_TMP/run
AGENT_BOOT=0

# agent_exec: becomes gwd in the gateway; in a subshell. Network namespaces do not have a boot id of
# their own, but what `ip netns exec` runs has its own mounts. Leaks are looked for by tracing, which
# the agent has given up.
agent_exec() {
	export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
	# shellcheck disable=SC2016  # the inner shell's
	exec ip netns exec "$LAB-gw" sh -c '
		mount --bind "$1" /proc/sys/kernel/random/boot_id || exit 77
		[ ! -e "$2" ] || mount --bind "$2" /etc/group || exit 77
		shift 2
		umask 022
		exec "$@"' sh "$LAB_TMP/boot-id" "$LAB_TMP/group" setpriv --regid "${AGENT_GROUP:-0}" \
		--clear-groups "$BUILD/gwd" --state "${AGENT_STATE:-$LAB_TMP/state}" \
		--run "$AGENT_RUN" "$@"
}

# agent_listens: true if somebody listens on the control socket; the gateway's own list of sockets
# tells, so that nothing has to be asked. It knows them by the name that they were bound to, which the
# agent changes when it is ready; so first whether it is bound, for there may be a socket of an agent before.
agent_listens() {
	lab_in gw grep -q "00010000 0005 01 *[0-9]* $AGENT_RUN/control.new\$" /proc/net/unix &&
		[ ! -e "$AGENT_RUN/control.new" ] && [ ! -e "$AGENT_RUN/module.new" ] &&
		[ -S "$AGENT_RUN/control" ]
}

# agent_launch [OPTION...]: starts gwd and does not wait.
agent_launch() {
	(agent_exec "$@") >>"$LAB_TMP/gwd.log" 2>&1 &
	AGENT=$!
}

agent_start() {
	agent_launch "$@"
	local tries=0
	until agent_listens; do
		tries=$((tries + 1))
		if [ "$tries" -ge 400 ] || ! kill -0 "$AGENT" 2>/dev/null; then
			echo "gwd does not start:"
			tail -n 30 "$LAB_TMP/gwd.log"
			exit 1
		fi
		sleep 0.025
	done
}

agent_ctl() {
	GW_STATE_DIR=${AGENT_STATE:-$LAB_TMP/state} GW_RUN_DIR=$AGENT_RUN lab_in gw "$BUILD/gwctl" "$@"
}

agent_kill() {
	kill -9 "$AGENT" 2>/dev/null || true
	wait "$AGENT" 2>/dev/null || true
}

agent_stop() {
	local status=0
	kill -TERM "$AGENT"
	wait "$AGENT" || status=$?
	[ "$status" -eq 0 ] || { echo "gwd ended with $status:"; tail -n 30 "$LAB_TMP/gwd.log"; exit 1; }
}

agent_reboot() {
	agent_kill
	lab_in gw nft flush ruleset
	agent_new_boot
}

agent_new_boot() {
	AGENT_BOOT=$((AGENT_BOOT + 1))
	printf '00000000-0000-4000-8000-%012d\n' "$AGENT_BOOT" >"$LAB_TMP/boot-id"
}
agent_new_boot

# agent_says TEXT: it is in gwd's log.
agent_says() {
	grep -qF -- "$1" "$LAB_TMP/gwd.log" || { echo "gwd did not say: $1"; tail -n 30 "$LAB_TMP/gwd.log"; exit 1; }
}

# agent_rules: the digest of what decides new connections now.
agent_rules() {
	lab_in gw "$BUILD/tools/rules" once
}

# agent_until SECONDS COMMAND...: polls until the command succeeds; false after so many seconds.
agent_until() {
	local end=$((${EPOCHREALTIME/./} + $1 * 1000000))
	shift
	until "$@"; do
		[ "${EPOCHREALTIME/./}" -lt "$end" ] || return 1
		sleep 0.02
	done
}

# agent_holds DIGEST: true if the kernel has exactly these rules.
agent_holds() {
	[ "$(agent_rules)" = "$1" ]
}
