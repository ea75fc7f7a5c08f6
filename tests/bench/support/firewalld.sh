# firewalld in a row of its own, with two zones and one policy that lets the flow through.
bench_firewalld() {
	bench_triple firewalld
	g=$BENCH-firewalld-g
	run=$BENCH_TMP/firewalld
	mkdir -p "$run/etc" "$run/run"
	cat > "$run/dbus.conf" <<-EOF
	<busconfig><type>system</type><listen>unix:path=$run/bus</listen>
	<policy context="default"><allow send_destination="*" eavesdrop="true"/>
	<allow eavesdrop="true"/><allow own="*"/></policy></busconfig>
	EOF
	dbus-daemon --config-file="$run/dbus.conf" --fork --nopidfile --print-pid > "$run/dbus.pid"
	DBUS_SYSTEM_BUS_ADDRESS=unix:path=$run/bus
	export DBUS_SYSTEM_BUS_ADDRESS
	ip netns exec "$g" firewalld --nofork --nopid --system-config "$run/etc" \
		> "$run/log" 2>&1 &
	tries=0
	until ip netns exec "$g" firewall-cmd --state >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ "$tries" -lt 50 ] || return 1
		sleep 0.2
	done
	ip netns exec "$g" firewall-cmd -q --zone=internal --add-interface=if1 &&
	ip netns exec "$g" firewall-cmd -q --zone=dmz --add-interface=if2 &&
	ip netns exec "$g" firewall-cmd -q --permanent --new-policy flow &&
	ip netns exec "$g" firewall-cmd -q --permanent --policy flow --add-ingress-zone internal &&
	ip netns exec "$g" firewall-cmd -q --permanent --policy flow --add-egress-zone dmz &&
	ip netns exec "$g" firewall-cmd -q --permanent --policy flow --set-target ACCEPT &&
	ip netns exec "$g" firewall-cmd -q --permanent --zone=internal --add-interface=if1 &&
	ip netns exec "$g" firewall-cmd -q --permanent --zone=dmz --add-interface=if2 &&
	ip netns exec "$g" firewall-cmd -q --reload
}
