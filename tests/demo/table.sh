# shellcheck shell=bash
# The table of the demo: one row for each flow, and the flows themselves. Sourced by demo.sh; uses the
# lab and the config repository in $SITE.

rows=0 mismatches=0 held=

table_head() {
	echo
	printf '   %-52s %-27s %-27s %s\n' FLOW EXPECTED SEEN "DECIDED BY"
}

section() {
	echo
	echo "$1"
}

# row FLOW EXPECTED SEEN DECIDED-BY
row() {
	local mark=ok
	rows=$((rows + 1))
	if [ "$2" != "$3" ]; then
		mark='!!' mismatches=$((mismatches + 1))
	fi
	printf '%s %-52s %-27s %-27s %s\n' "$mark" "$1" "$2" "$3" "$4"
}

table_end() {
	echo
	echo "$rows flows, $((rows - mismatches)) as expected, $mismatches not; $SECONDS s"
	[ "$mismatches" -eq 0 ]
}

# flow HOST SOURCE DEST SERVICE EXPECTED: sends it, asks `gwctl explain` about it, and adds a row.
# EXPECTED is "pass", "pass as ADDRESS" (the source that the server sees), "drop" or "reject".
flow() {
	local host=$1 source=$2 dest=$3 service=$4 expected=$5 seen explained
	seen=$(flow_outcome "$@")
	explained=$(flow_explained "$host" "$source" "$dest" "$service")
	# What happened and what explain says must agree, or one of the two is wrong.
	case ${explained%% *},$seen in
	ACCEPT,pass* | DROP,drop | REJECT,reject) explained=${explained#* by } ;;
	*) seen="$seen; explain: ${explained%% *}" ;;
	esac
	row "$host $source > $dest $service" "$expected" "$seen" "${explained%%;*}"
}

# flow_outcome HOST SOURCE DEST SERVICE EXPECTED
flow_outcome() {
	local source=$2 expected=$5 before said
	before=$(lab_questions "$source")
	said=$(lab_try "$1" -t 300 -s "$source" "$3" "$4")
	case $said,$expected in
	# Where a translation is promised, what the server saw is the point.
	answered*,"pass as"*) echo "pass as ${said##* }" ;;
	answered*) echo pass ;;
	silent,*)
		# The answer to a forged source does not come back: look at what servers saw.
		[ "$(lab_questions "$source")" -eq "$before" ] && echo drop || echo arrived
		;;
	refused,*) echo reject ;;
	*) echo "$said" ;;
	esac
}

# flow_explained HOST SOURCE DEST SERVICE: first line of what `gwctl explain` says, "DROP by
# POLICY, file:line; …".
flow_explained() {
	local service=$4
	case $service,$3 in
	icmp,*:*) service=icmpv6/echo-request ;;
	icmp,*) service=icmp/echo-request ;;
	esac
	lab_gwctl -C "$SITE" explain "$1" "$2" "->" "$3" "$service" 2>&1 | head -n 1
}

# hour_between FROM UNTIL: is it that time of day in Tokyo?
hour_between() {
	local hour
	hour=$(TZ=UTC-9 date +%H)
	[ "$hour" -ge "$1" ] && [ "$hour" -lt "$2" ]
}

# exception NAME EXPIRES: adds one to the site, as an operator would.
exception() {
	cat >"$SITE/policies/demo-$1.yaml" <<-END
	exceptions:
	  - id: exc-demo-$1
	    from: wan
	    to: dmz
	    source: [198.51.100.7]
	    dest: [mail]
	    services: [ssh]
	    expires: $2
	    reason: demo
	    requested_by: op-17
	    approved_by: [op-03]
	    ticket: EXC-0
	END
}

apply_quietly() {
	lab_gwctl -C "$SITE" apply >"$LAB_TMP/apply" 2>&1 || { cat "$LAB_TMP/apply"; exit 1; }
}

# hold_start HOST OPTION...: opens a connection and waits until it is established.
hold_start() {
	lab_hold "$LAB_TMP/held" "$@"
	held=$!
}

# hold_end FLOW EXPECTED DETAIL: waits for the end of that connection and adds a row.
hold_end() {
	local last
	wait "$held"
	last=$(tail -n 1 "$LAB_TMP/held")
	row "$1" "$2" "${last% *}" "$3"
}

lab_ports() {
	local host total=0
	for host in gw $LAB_HOSTS; do
		total=$((total + $(ip netns exec "$LAB-$host" cat /proc/net/tcp6 /proc/net/udp6 | grep -vc local_address)))
	done
	echo "$total"
}
