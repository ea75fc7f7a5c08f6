#!/bin/bash
# The status page: what it says is so, in both languages; texts of people cannot become markup; one request, no
# script, nothing loaded besides; it stays small with as many zones and policies as there are.
set -eu
BUILD=${BUILD:-build/release}
[ "$(id -u)" -eq 0 ] || { echo "root is needed to run the agent"; exit 77; }
if [ "${1:-}" != inside ]; then
	exec unshare -nm "$0" inside
fi
. tests/support/metrics_lab.sh
metrics_lab
base=$(cat <<-'EOF2'
gw: 1
site: {name: tokyo-01}
zones:
  hq: {interfaces: [hq0], nets: [10.20.0.0/24]}
  dmz: {interfaces: [dmz0], nets: [10.40.0.0/24]}
  mgmt: {interfaces: [mgmt0], nets: [10.99.0.0/24]}
  wan: {interfaces: [wan0], untrusted: true}
metrics: {interval: 1s}
EOF2
)
{ echo "$base"; cat <<-'EOF2'
change: {confirm: 0s}
policies:
  - {id: hq-dmz, from: hq, to: dmz, services: [udp/9], action: accept, owner: net-team, ticket: CHG-1, review: 2030-01-01}
  - {id: several, from: [hq, dmz], to: mgmt, services: [udp/514], action: accept, owner: net-team, ticket: CHG-2, review: 2020-01-01}
EOF2
} >site/gw.yaml
start_agent
apply
start_metricsd

# has PAGE TEXT: it says so.
has() { grep -qF -- "$2" "$1" || { head -c 3000 "$1"; fail "$1 does not say: $2"; }; }
send "$hq" 10.40.0.10 9 5
send "$hq" 10.40.0.10 5 3
until_true "no packets" grown 'gw_policy_packets_total{policy="hq-dmz",from="hq",to="dmz",action="accept"}' 5
get '/?lang=en' >en
grep -qx $'HTTP/1.1 200 OK\r' head || fail "no page"
grep -q "^Content-Security-Policy: default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]*'; base-uri 'none'" head || fail "the policy of the page"
! grep -qi '^Set-Cookie\|^Refresh' head || fail "cookies, or a page that changes by itself"
get '/?lang=ja&refresh=10' >ja
grep -q '^Refresh: 10' head || fail "it does not load anew where that was asked for"
get / 'Accept-Language: ja,en;q=0.5' >by-language
has en '<html lang="en">'
has ja '<html lang="ja">'
has by-language '<html lang="ja">'
has en '<bdi>tokyo-01</bdi>'
has en 'Policies whose review is overdue: 1'
has ja '見直し期限を過ぎたポリシー: 1'
has en '<td><bdi>hq-dmz</bdi></td>'
has en '<td><bdi>between</bdi></td>'
has en '<bdi>wan</bdi> (untrusted)'
# A row for hq: closed to itself, open to dmz.
grep -A1 -F '<tr><th scope="row"><bdi>hq</bdi></th>' en | grep -q '<td class="o[ b]*">[0-9.]*</td><td class="c">closed</td>' || fail "the matrix"
! grep -q 'id="dns"\|id="ipv6"\|id="sessions"' en || fail "parts of modules that are not there"
ok "it says what is so, in English and Japanese"

# ---- modules ---------------------------------------------------------------------------------------
start_module ipv6guard 64903
start_module ratelimit 64901
up() { [ "$(value "gw_module_up{module=\"$1\"}")" = "$2" ]; }
until_true "the IPv6 guard is not there" up ipv6guard 1
until_true "the limits are not there" up ratelimit 1
[ "$(value 'gw_module_config_revision{module="ipv6guard"}')" = 1 ] || fail "the revision of a module"
[ -n "$(value 'gw_attack_active{vector="syn"}')$(get /metrics | grep '^gw_attack_active{')" ] || fail "no attacks are counted"
get '/?lang=en' >with
has with 'id="ipv6"'
has with 'No attack goes on.'
has with 'Refused IPv6 frames a second'
! grep -q 'does not answer' with || fail "a module that is there is missed"
kill -9 "$ratelimit"
until_true "a module that has gone is not missed" eval 'get "/?lang=en" | grep -q "A module does not answer: <bdi>ratelimit</bdi>"'
up ratelimit 0 || fail "gw_module_up"
ok "modules: their metrics and parts, and that one has gone"

# ---- texts of people -------------------------------------------------------------------------------
i=0
while IFS= read -r text; do
	i=$((i + 1))
	{ echo "$base"; cat <<-EOF2
	change: {confirm: 0s}
	policies:
	  - {id: hq-dmz, from: hq, to: dmz, services: [udp/9], action: accept, owner: '${text//\'/\'\'}', ticket: CHG-$i, review: 2020-01-01}
	EOF2
	} >site/gw.yaml
	"$BUILD/gwctl" -C site apply -m "$text" >out 2>&1 || fail "apply with the note $text"
done <<'EOF2'
<script>alert(1)</script>
"><img src=x onerror=alert(1)>
' onmouseover='alert(1)
</bdi></td></table></style><svg onload=alert(1)>
&lt;script&gt;&#60;script&#62;
EOF2
echo '# again' >>site/gw.yaml
"$BUILD/gwctl" -C site apply -m "$(printf 'right \xe2\x80\xae to left \xe2\x81\xa6 %0900d' 7)" >out 2>&1 || fail "apply"
shows_last() { get '/?lang=en' | grep -q 'right '; }
until_true "the last change is not shown" shows_last
get '/?lang=en' >hostile
# All markup is ours: tags of a few names, and no attribute but these.
grep -o '<[^>]*>' hostile | sed 's/^<[/]*\([a-zA-Z0-9!]*\).*/\1/' | sort -u >tags
printf '%s\n' '!DOCTYPE' a bdi body dd div dl dt figcaption figure footer h1 h2 head header html li main meta nav p polyline section style svg table tbody td th thead time title tr ul >ours
! grep -vxF -f ours tags || fail "markup that is not ours"
! grep -o '<[^>]*>' hostile | grep -E ' on[a-z]+=| src=| style=|javascript:' || fail "attributes that are not ours"
! grep -q $'\xe2\x80\xae\|\xe2\x81\xa6' hostile || fail "marks that turn the direction of text"
[ "$(grep -c '</bdi></td></table>' hostile)" = 0 ] || fail "a note has ended the table"
has hostile '&lt;/bdi&gt;&lt;/td&gt;'
ok "notes and owners are texts and nothing else"

# ---- much of everything ----------------------------------------------------------------------------
{
	echo "gw: 1"; echo "site: {name: large}"; echo "change: {confirm: 0s}"; echo "metrics: {interval: 1s}"
	echo "zones:"
	for z in $(seq 40); do
		echo "  zone-with-a-long-name-$z: {interfaces: [if$z], nets: [10.$z.0.0/16]}"
	done
	echo "policies:"
	for p in $(seq 600); do
		echo "  - {id: policy-with-a-long-name-$p, from: zone-with-a-long-name-$((p % 40 + 1)), to: zone-with-a-long-name-$((p / 40 % 39 + 2)), services: [tcp/$p], action: accept, owner: \"$(printf '<%.0s' $(seq 60))\", ticket: CHG-$p, review: 2020-01-01}"
	done
} >site/gw.yaml
apply
shows_large() { get '/?lang=ja' >large && grep -q 'large' large; }
until_true "the large site is not shown" shows_large
[ "$(stat -c %s large)" -le 61440 ] || fail "the page has $(stat -c %s large) octets"
has large '表示していないゾーン数（通信量が少ない順）: 30'
ok "40 zones and 600 policies: $(stat -c %s large) octets"

# ---- what needs attention --------------------------------------------------------------------------
sed -i '$d' site/gw.yaml
"$BUILD/gwctl" -C site apply --confirm 10m >out 2>&1 || fail "apply"
waits() { get '/?lang=en' | grep -q 'A change waits to be confirmed, or is undone at <time'; }
until_true "a change that waits is not shown" waits
"$BUILD/gwctl" -C site isolate zone-with-a-long-name-7 --for 1h >out 2>&1 || fail "isolate"
isolated() { get '/?lang=en' | grep -q 'cut off zones are in force: 1'; }
until_true "a measure is not shown" isolated
kill -9 "$agent"
wait "$agent" 2>/dev/null || true
alone() { get '/?lang=en' | grep -q 'gwd does not answer'; }
until_true "that gwd is away is not shown" alone
agent=
stop_metricsd
! grep -q 'ERROR: AddressSanitizer\|runtime error' metricsd.log gwd.log || fail "sanitizers"
ok "a change that waits, a measure, an agent that is away"
