#!/bin/bash
# Alert rules and dashboards: every query is one, and asks for metrics that there are; each alert fires when it should
# and not otherwise; each has a runbook.
set -eu
BUILD=${BUILD:-build/release}
rules=configs/prometheus/gw.rules.yml tests=tests/prometheus/gw.rules.test.yml
command -v promtool >/dev/null || { echo "promtool is not installed (make deps-interop)"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
die() { echo "$*"; exit 1; }

# What there is: the catalogue, what modules count (a name in a module is a family's), and what is not ours.
{
	"$BUILD/tools/metric_names"
	grep -rhoE '"gw_(module|ipv6guard|dns|limit|auth|attack|stone|conntrack)_[a-z0-9_]+"' gw/daemon ipv6guard dns ratelimit vpnauth --include='*.c' 2>/dev/null |
		tr -d '"' | sed 'p; s/$/_total/'
	echo up
} | sort -u >"$work/known"
# asked FILE: names of metrics in queries, a line each: words before a brace or bracket, or with a prefix.
asked() {
	grep -oE '\b(gw|node)_[a-z0-9_]+|\bup\{' "$1" | tr -d '{' | sort -u
}

n=$(grep -c '^      - alert:' "$rules")
[ "$n" -ge 20 ] || die "only $n alerts"
[ "$(grep -c '^          runbook: .\{60,\}' "$rules")" = "$n" ] || die "an alert without a runbook"
promtool check rules "$rules" >"$work/out" 2>&1 || { cat "$work/out"; die "the rules"; }
grep '^        expr:' "$rules" >"$work/exprs"
asked "$work/exprs" | comm -23 - "$work/known" >"$work/unknown"
[ ! -s "$work/unknown" ] || die "alerts ask for what there is not: $(cat "$work/unknown")"
while read -r alert; do
	grep -q "^  - name: $alert$" "$tests" || die "$alert is not tested"
done < <(sed -n 's/^      - alert: //p' "$rules")
cp "$rules" "$tests" "$work"
promtool test rules "$work/$(basename "$tests")" >"$work/out" 2>&1 || { cat "$work/out"; die "alerts that fire when they should not, or the other way round"; }
# A test of rules that cannot fail is none.
sed 's/gw_drift_objects > 0/gw_drift_objects >= 0/' "$rules" >"$work/$(basename "$rules")"
! promtool test rules "$work/$(basename "$tests")" >/dev/null 2>&1 || die "the tests take a wrong rule"
echo "ok  $n alerts: runbooks, metrics that there are, fire and do not fire"

total=0
for board in configs/grafana/*.json; do
	# Queries as rules, whose syntax promtool knows; what Grafana puts in is put in.
	sed -n 's/^ *"expr": "\(.*\)",\{0,1\}$/\1/p' "$board" |
		sed -e 's/\$__rate_interval/5m/g' -e 's/\$instance/.*/g' >"$work/exprs"
	[ "$(wc -l <"$work/exprs")" -ge 5 ] || die "$board has hardly a query"
	total=$((total + $(wc -l <"$work/exprs")))
	{
		printf 'groups:\n- name: board\n  rules:\n'
		i=0
		while IFS= read -r query; do
			i=$((i + 1))
			printf '  - record: q:%d\n    expr: "%s"\n' "$i" "$query"
		done <"$work/exprs"
	} >"$work/board.yml"
	promtool check rules "$work/board.yml" >"$work/out" 2>&1 || { cat "$work/out"; die "$board"; }
	asked "$board" | comm -23 - "$work/known" >"$work/unknown"
	[ ! -s "$work/unknown" ] || die "$board asks for what there is not: $(cat "$work/unknown")"
done
echo "ok  $total queries of dashboards"
