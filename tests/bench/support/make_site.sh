#!/bin/sh
# Writes a config repository with Z zones and P policies, for the benchmarks.
#	make_site.sh DIR ZONES POLICIES
# Zones are z1..zZ on interfaces if1..ifZ with 10.N.0.0/16 and 2001:db8:N::/48; z1 and z2 are the
# ones that the forwarding benchmark sends between, allowed by the policy `flow`.
set -eu
dir=$1 zones=$2 policies=$3
mkdir -p "$dir"
awk -v Z="$zones" -v P="$policies" 'BEGIN {
	print "gw: 1"
	print "site: {name: bench}"
	print "zones:"
	for (z = 1; z <= Z; z++)
		printf "  z%d: {interfaces: [if%d], nets: [10.%d.0.0/16, \"2001:db8:%x::/48\"]}\n", z, z, z, z
	print "services: {web: [tcp/80, tcp/443, udp/443]}"
	print "policies:"
	print "  - {id: flow, from: z1, to: z2, services: [udp/9000], action: accept, owner: o, ticket: T-1, review: 2099-12-31}"
	for (i = 1; i < P; i++) {
		from = i % Z + 1
		to = int(i / Z) % Z + 1
		if (to == from) to = to % Z + 1
		dest = sprintf("10.%d.%d.%d", to, int(i / 200) % 200 + 1, i % 200 + 1)
		if (i % 3 == 0) service = "web"
		else if (i % 3 == 1) service = "tcp/" (1024 + i)
		else service = "udp/" (1024 + i)
		source = i % 4 == 0 ? sprintf(", source: [10.%d.%d.0/24]", from, i % 250) : ""
		action = i % 50 == 49 ? "drop" : "accept"
		printf "  - {id: p-%d, from: z%d, to: z%d%s, dest: [%s], services: [%s], action: %s, owner: team-%d, ticket: CHG-%d, review: 2099-12-31}\n", i, from, to, source, dest, service, action, i % 20, i
	}
}' > "$dir/gw.yaml"
