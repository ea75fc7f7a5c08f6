#!/bin/bash
# The status page in a browser: it is drawn with its own style alone and without scripts, light and dark, narrow and
# printed, and axe-core finds nothing that keeps anybody from using it. SHOTS=DIR keeps the pictures.
set -eu
BUILD=${BUILD:-build/release}
[ "$(id -u)" -eq 0 ] || { echo "root is needed to run the agent"; exit 77; }
command -v chromium node npm >/dev/null || { echo "chromium, node or npm is not installed (make deps-interop)"; exit 77; }
AXE=${AXE:-$(npm root -g 2>/dev/null)/axe-core/axe.min.js}
[ -s "$AXE" ] || { echo "axe-core is not installed: npm install -g axe-core"; exit 77; }
export AXE
if [ "${1:-}" != inside ]; then
	exec unshare -nm "$0" inside
fi
browser=$(realpath tests/support/browser.js)
. tests/support/metrics_lab.sh
metrics_lab
cat >site/gw.yaml <<-'EOF2'
gw: 1
site: {name: tokyo-01}
change: {confirm: 0s}
zones:
  hq: {interfaces: [hq0], nets: [10.20.0.0/24]}
  dmz: {interfaces: [dmz0], nets: [10.40.0.0/24]}
  mgmt: {interfaces: [mgmt0], nets: [10.99.0.0/24]}
  wan: {interfaces: [wan0], untrusted: true}
policies:
  - {id: hq-dmz, from: hq, to: dmz, services: [udp/9], action: accept, owner: net-team, ticket: CHG-1, review: 2030-01-01}
  - {id: several, from: [hq, dmz], to: mgmt, services: [udp/514], action: accept, owner: "<b onclick=alert(1)>x", ticket: CHG-2, review: 2020-01-01}
metrics: {interval: 1s}
EOF2
start_agent
"$BUILD/gwctl" -C site apply -m '<script>document.title = "owned"</script>' >out 2>&1 || fail "apply"
start_metricsd
send "$hq" 10.40.0.10 9 5
send "$hq" 10.40.0.10 5 3
until_true "no packets" grown 'gw_drops_total{reason="between"}' 3
shots=${SHOTS:-$dir/shots}
mkdir -p "$shots"
timeout 120 node "$browser" http://127.0.0.1:9630/ "$dir/profile" "$shots" >out 2>&1 || fail "the browser"
cat out
for shot in en-light en-dark ja-light ja-dark narrow; do
	[ "$(stat -c %s "$shots/$shot.png")" -gt 10000 ] || fail "no picture $shot"
done
[ "$(stat -c %s "$shots/print.pdf")" -gt 5000 ] || fail "it cannot be printed"
ok "drawn in a browser, and axe-core finds nothing"
