#!/bin/bash
# Block lists: 100,000 entries at once stop packets; what is damaged is refused and changes nothing; own networks are
# never banned; what somebody takes out of the kernel comes back; a list that shrinks lets go.
set -eu
[ "$(id -u)" -eq 0 ] || { echo "root is needed to run the agent"; exit 77; }
[ "${1:-}" = inside ] || exec unshare -m "$0" inside
. tests/support/limit_lab.sh
N=${N:-20000} # 100,000 in the benchmark
limit_up
limit_site <<END
limits:
  never_ban: [192.0.2.10]
  feeds:
    big: {for: 1h, max: 200000, reason: "a large list"}
    small: {for: 1h, max: 5}
END
lab_serve dmz tcp/80
install -d -o 64904 "$LAB_TMP/limit/feeds"
feed() { cat >"$LAB_TMP/limit/feeds/.new" && mv "$LAB_TMP/limit/feeds/.new" "$LAB_TMP/limit/feeds/$1"; }
limit_start

# ---- many at once --------------------------------------------------------------------------------
seq 0 $((N - 1)) | awk '{ printf "172.%d.%d.%d ; SBL%d\n", 16 + int($1 / 65536), int($1 / 256) % 256, $1 % 256, $1 }
	END { print "198.51.100.7"; print "198.18.0.0/24 # a network" }' | feed big
limit_until feeds "big *$((N + 2)) *0 *in force"
lab_expect silent "a source on the list" "$(lab_try wan -s 198.51.100.7 203.0.113.6 tcp/80)"
lab_expect answered "a source that is not" "$(lab_try wan -s 198.51.100.254 203.0.113.6 tcp/80)"
limit_until status "bans: *$((N + 2)), of which the kernel has $((N + 2))"
agent_ctl bans | grep -q 'feed:big: 172.16.0.5 .*SBL5' || { agent_ctl bans | head -n 5; exit 1; }
lab_equal 1 "records of $N bans" "$(limit_recorded measure.feed)"
lab_case "$N bans at once are in the kernel, and on record once"

# ---- what others take out comes back ---------------------------------------------------------------
if lab_in gw nft flush set inet gw rt_banned4 2>/dev/null; then
	back() { lab_expect silent x "$(lab_try wan -s 198.51.100.7 203.0.113.6 tcp/80)" >/dev/null; }
	agent_until 10 back || { echo "what was flushed does not come back"; agent_ctl limit status; exit 1; }
	lab_case "bans that were flushed are back within seconds"
else
	lab_case "nobody else can take bans out of the kernel"
fi

# ---- damaged lists -------------------------------------------------------------------------------
printf '203.0.113.200\n0.0.0.0/0\n203.0.113.4\n192.0.2.10\nnonsense\n' | feed small
limit_until feeds 'small *1 *4 *in force'
limit_says feeds 'line 2: 0.0.0.0-255.255.255.255 is wider\|line 2: 0.0.0.0/0 is wider' || { agent_ctl limit feeds; exit 1; }
lab_expect answered "an address that is never banned" "$(lab_try wan -s 192.0.2.10 203.0.113.6 tcp/80)"
seq 1 20 | sed 's/^/198.51.100./' | feed small
limit_until feeds 'small .*refused.*more than the 5 entries'
printf '198.51.100.254\n198.51' | feed small
limit_until feeds 'small .*refused.*ends within a line'
lab_expect answered "a source on a list that was cut off" "$(lab_try wan -s 198.51.100.254 203.0.113.6 tcp/80)"
truncate -s 1G "$LAB_TMP/limit/feeds/.new" && mv "$LAB_TMP/limit/feeds/.new" "$LAB_TMP/limit/feeds/small"
limit_until feeds 'small .*refused.*1073741824 octets'
agent_ctl bans | grep -q 'feed:small: 203.0.113.200 ' || { echo "the list before is not in force"; exit 1; }
lab_at_least 1 "records of refused lists" "$(limit_recorded measure.feed_refused)"
lab_case "damaged lists are refused, and those before stay in force"

# ---- a list that shrinks ---------------------------------------------------------------------------
printf '172.16.0.1\n' | feed big
limit_until feeds 'big *1 *0 *in force'
lab_expect answered "a source that is not listed any more" "$(lab_try wan -s 198.51.100.7 203.0.113.6 tcp/80)"
lab_status 0 agent_ctl unban 172.16.0.1
lab_status 0 agent_ctl unban 203.0.113.200
lab_case "what a list does not say any more ends"
limit_stop
agent_stop
