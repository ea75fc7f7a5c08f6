#!/bin/bash
# Prometheus itself scrapes gw-metricsd: it takes both formats, and promtool has nothing to say about them.
set -eu
BUILD=${BUILD:-build/release}
[ "$(id -u)" -eq 0 ] || { echo "root is needed to run the agent"; exit 77; }
command -v prometheus promtool >/dev/null || { echo "prometheus is not installed (make deps-interop)"; exit 77; }
if [ "${1:-}" != inside ]; then
	exec unshare -nm "$0" inside
fi
. tests/support/metrics_lab.sh
metrics_lab
cat >site/gw.yaml <<-EOF2
gw: 1
site: {name: watch}
change: {confirm: 0s}
zones:
  hq: {interfaces: [hq0], nets: [10.20.0.0/24]}
  dmz: {interfaces: [dmz0], nets: [10.40.0.0/24]}
policies:
  - {id: hq-dmz, from: hq, to: dmz, services: [udp/9], action: accept, owner: "net \"team\" \\\\ a", ticket: CHG-1, review: 2030-01-01}
metrics: {interval: 1s}
EOF2
start_agent
apply
start_metricsd
# promtool's own taste: it knows no names of gauges that end with what is a unit.
get /metrics | promtool check metrics >out 2>&1 || fail "promtool check metrics"
get /metrics/policies | promtool check metrics >out 2>&1 || fail "promtool check metrics"
ok "promtool has nothing to say"

mkdir data
cat >prometheus.yml <<-EOF2
global: {scrape_interval: 1s}
scrape_configs:
  - {job_name: gw, static_configs: [{targets: ["localhost:9630"]}]}
  - {job_name: gw-policies, metrics_path: /metrics/policies, static_configs: [{targets: ["127.0.0.1:9630"]}]}
EOF2
prometheus --config.file=prometheus.yml --storage.tsdb.path=data --web.listen-address=127.0.0.1:9090 \
	--log.level=error >prometheus.log 2>&1 &
echo $! >>holders
# ask QUERY: the values, a line each.
ask() {
	exec 8<>/dev/tcp/127.0.0.1/9090 || return 1
	printf 'GET /api/v1/query?query=%s HTTP/1.0\r\nHost: localhost\r\n\r\n' "$1" >&8
	grep -o '"value":\[[^]]*\]' <&8 | sed 's/.*,"\(.*\)"\]/\1/'
	exec 8>&-
}
is() { [ "$(ask "$1" 2>/dev/null)" = "$2" ]; }
until_true "Prometheus does not scrape" is 'sum(up)' 2
send "$hq" 10.40.0.10 9 7
counts() { [ "$(ask 'gw_policy_packets_total{policy="hq-dmz"}' | cut -d. -f1)" -ge 7 ]; }
until_true "Prometheus has no counts" counts
until_true "no owner" is 'count(gw_policy_info{job="gw-policies"})' 1
is 'gw_agent_up' 1 || fail "gw_agent_up"
[ "$(ask 'scrape_samples_scraped{job="gw"}')" -le 502 ] || fail "more series than there may be"
ok "Prometheus scrapes both formats, and what it has is what was counted"
