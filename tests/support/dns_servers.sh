# NSD, Knot and BIND in a network namespace, for tests of zones. Sourced; the caller sets
#
#	DNS_NS     the namespace; lo is up and has the servers' addresses
#	DNS_DIR    a folder for their configs, files and logs
#
# Each start_… takes the address, the zone and its file, and returns when the server answers or has failed;
# stop_server takes the address. DNS_PIDS are what runs.

declare -A DNS_PIDS=()

dns_need() {
	local tool
	for tool in "$@"; do
		command -v "$tool" >/dev/null || { echo "needs $tool (make deps-interop)"; exit 77; }
	done
}

# dns_answers ADDRESS ZONE: it answers something. In C rather than shell: dig takes its time.
dns_answers() {
	ip netns exec "$DNS_NS" dig +norec +time=1 +tries=1 +short @"$1" "$2" SOA 2>/dev/null |
		grep -q '^[^;]'
}

# wait_answer ADDRESS ZONE
wait_answer() {
	local tries=100
	until dns_answers "$1" "$2"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || { echo "$1: no server for $2 in time"; cat "$DNS_DIR/$1/log" 2>/dev/null; return 1; }
		sleep 0.1
	done
}

# start_nsd ADDRESS ZONE FILE [LINES OF THE ZONE'S CONFIG]
start_nsd() {
	local dir=$DNS_DIR/$1
	mkdir -p "$dir"
	cat >"$dir/nsd.conf" <<-EOF
	server:
	  ip-address: $1
	  username: ""
	  chroot: ""
	  zonesdir: "$dir"
	  pidfile: "$dir/pid"
	  database: ""
	  zonelistfile: "$dir/zone.list"
	  xfrdfile: "$dir/xfrd.state"
	  logfile: "$dir/log"
	  server-count: 1
	  rrl-ratelimit: 0
	remote-control:
	  control-enable: yes
	  control-interface: $dir/ctl
	$(cat "$dir/keys" 2>/dev/null)
	zone:
	  name: $2
	  zonefile: $3
	  provide-xfr: 0.0.0.0/0 ${DNS_TSIG:-NOKEY}
	${4:-}
	EOF
	ip netns exec "$DNS_NS" nsd -d -c "$dir/nsd.conf" >>"$dir/log" 2>&1 &
	DNS_PIDS[$1]=$!
	wait_answer "$1" "$2"
}

# start_knot ADDRESS ZONE FILE
start_knot() {
	local dir=$DNS_DIR/$1
	mkdir -p "$dir/db"
	cat >"$dir/knot.conf" <<-EOF
	server:
	  rundir: $dir
	  listen: $1@53
	  udp-workers: 1
	  tcp-workers: 1
	  background-workers: 1
	database:
	  storage: $dir/db
	log:
	  - target: $dir/log
	    any: info
	acl:
	  - id: all
	    address: 0.0.0.0/0
	    action: transfer
	zone:
	  - domain: $2
	    file: $3
	    acl: all
	    zonefile-sync: -1
	    zonefile-load: whole
	    journal-content: none
	EOF
	ip netns exec "$DNS_NS" knotd -c "$dir/knot.conf" >>"$dir/log" 2>&1 &
	DNS_PIDS[$1]=$!
	wait_answer "$1" "$2"
}

# start_bind ADDRESS ZONE FILE
start_bind() {
	local dir=$DNS_DIR/$1
	mkdir -p "$dir"
	[ -e "$dir/rndc.conf" ] || cat >"$dir/rndc.conf" <<-EOF
	key rndc { algorithm hmac-sha256; secret "$(head -c 32 /dev/urandom | base64)"; };
	options { default-key rndc; default-server $1; default-port 953; };
	EOF
	cat >"$dir/named.conf" <<-EOF
	$(grep '^key' "$dir/rndc.conf")
	controls { inet $1 port 953 allow { any; } keys { rndc; }; };
	options {
	  directory "$dir"; pid-file "$dir/pid"; session-keyfile "$dir/session.key";
	  listen-on { $1; }; listen-on-v6 { none; };
	  recursion no; allow-transfer { any; }; notify no; dnssec-validation no;
	  managed-keys-directory "$dir";
	};
	zone "$2" { type primary; file "$3"; masterfile-format text; };
	EOF
	ip netns exec "$DNS_NS" named -g -c "$dir/named.conf" -n 1 >>"$dir/log" 2>&1 &
	DNS_PIDS[$1]=$!
	wait_answer "$1" "$2"
}

# stop_server ADDRESS
stop_server() {
	local pid=${DNS_PIDS[$1]:-} tries=100
	[ -n "$pid" ] || return 0
	kill "$pid" 2>/dev/null || true
	while kill -0 "$pid" 2>/dev/null && [ "$tries" -gt 0 ]; do
		tries=$((tries - 1))
		sleep 0.05
	done
	kill -9 "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
	unset "DNS_PIDS[$1]"
}

stop_servers() {
	local address
	for address in "${!DNS_PIDS[@]}"; do
		stop_server "$address"
	done
}
