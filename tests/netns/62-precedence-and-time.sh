#!/bin/bash
# Exceptions end by themselves, hours open and close, and which of several rules decides does not
# depend on order.
set -eu
. tests/support/lab.sh
. tests/support/packets.sh
lab_up
lab_serve dmz tcp/80 udp/53
DNS=203.0.113.7

exception() { # id, expires, services
	echo "  - {id: $1, from: wan, to: dmz, services: [$3], expires: $2, $LAB_LEAVE}"
}

# Both flows begin before anything ends; gwctl is not run again.
expiry() {
	local short long
	lab_site expiry <<-END
	exceptions:
	$(exception short "$(lab_in_future 3)" "udp/53, tcp/80")
	$(exception long "$(lab_in_future 6)" udp/50-60)
	END
	lab_apply expiry
	lab_expect answered "while the exception is there" "$(lab_try wan 203.0.113.6 tcp/80)"
	lab_hold "$LAB_TMP/tcp" wan -d 20 203.0.113.6 tcp/80
	short=$!
	lab_hold "$LAB_TMP/udp" wan -d 20 $DNS udp/53
	long=$!
	wait "$short" || true
	lab_expect silent "an established flow after expiry" "$(tail -n 1 "$LAB_TMP/tcp")"
	lab_expect silent "a new flow after expiry" "$(lab_try wan 203.0.113.6 tcp/80)"
	lab_case "an exception accepts, and ends by itself, established flows too"
	lab_expect open "a flow of two exceptions, when the first has ended" "$(tail -n 1 "$LAB_TMP/udp")"
	lab_expect answered "a new flow of the second exception" "$(lab_try wan $DNS udp/53)"
	lab_case "of two exceptions that overlap the longer one takes over"
	wait "$long" || true
	lab_expect silent "a flow of two exceptions, when both have ended" "$(tail -n 1 "$LAB_TMP/udp")"
	lab_case "it ends with the last of them"
}

precedence() {
	local flow
	lab_site accept <<-END
	policies: [{id: web, from: wan, to: dmz, services: [tcp/80, udp/53], action: accept, $LAB_DUTY}]
	END
	lab_site drop <<-END
	policies:
	  - {id: web, from: wan, to: dmz, services: [tcp/80, udp/53], action: accept, $LAB_DUTY}
	  - {id: closed, from: any, to: dmz, services: [udp/53], action: drop, $LAB_DUTY}
	END
	for rule in "" locked; do
		lab_site "over$rule" <<-END
		policies:
		  - {id: web, from: wan, to: dmz, services: [tcp/80, udp/53], action: accept, $LAB_DUTY}
		  - {id: closed, from: any, to: dmz, services: [udp/53], action: drop, ${rule:+locked: true,} $LAB_DUTY}
		exceptions:
		$(exception let-in "$(lab_in_future 3600)" udp/53)
		END
	done
	lab_apply accept
	lab_hold "$LAB_TMP/flow" wan -d 20 $DNS udp/53
	flow=$!
	lab_apply drop
	wait $flow || true
	lab_expect silent "a live flow over which a drop was put" "$(tail -n 1 "$LAB_TMP/flow")"
	lab_at_least 1 "packets of the drop" "$(lab_count closed)"
	lab_expect silent "a new flow" "$(lab_try wan $DNS udp/53)"
	lab_case "a drop that is added over a live flow stops it"
	lab_apply over
	lab_hold "$LAB_TMP/flow" wan -d 20 $DNS udp/53
	flow=$!
	lab_case "an exception beats a drop"
	lab_apply overlocked
	wait $flow || true
	lab_expect silent "a live flow of the exception" "$(tail -n 1 "$LAB_TMP/flow")"
	lab_expect silent "a new flow" "$(lab_try wan $DNS udp/53)"
	lab_case "a locked drop beats an exception, also for its live flow"
}

# The same rules in other files, in another order.
order() {
	local rules=() action i
	for ((i = 1; i <= 12; i++)); do
		action=$([ $((i % 3)) -eq 0 ] && echo drop || echo accept)
		rules+=("{id: r$i, from: [hq, wan], to: dmz, dest: [203.0.113.$i], services: [tcp/80-$((80 + i))], action: $action, $LAB_DUTY}")
	done
	{ echo "policies:"; printf '  - %s\n' "${rules[@]}"; } | lab_site ordered
	echo "include: [z/*.yaml, a/*.yaml]" | lab_site shuffled
	mkdir "$LAB_TMP/shuffled/a" "$LAB_TMP/shuffled/z"
	printf '%s\0' "${rules[@]}" | shuf -z | {
		i=0
		while IFS= read -r -d '' rule; do
			i=$((i + 1))
			printf 'policies:\n  - %s\n' "$rule" >"$LAB_TMP/shuffled/$([ $((i % 2)) -eq 0 ] && echo a || echo z)/$((99 - i)).yaml"
		done
	}
	lab_apply ordered
	lab_status 0 lab_gwctl -C "$LAB_TMP/shuffled" plan
	lab_case "policies in another order and in other files: the plan is empty"
}

# Two hours open around now, and the same two hours closed: whole minutes are far from both edges.
windows() {
	local before after flow
	before=$(date -u -d '-1 hour' +%H:%M) after=$(date -u -d '+1 hour' +%H:%M)
	lab_site open <<-END
	policies:
	  - {id: now, from: wan, to: dmz, services: [udp/53], hours: {from: "$before", until: "$after"}, action: accept, $LAB_DUTY}
	  - {id: not-now, from: wan, to: dmz, services: [tcp/80], hours: {from: "$after", until: "$before"}, action: accept, $LAB_DUTY}
	  - {id: always, from: hq, to: dmz, services: [udp/53, tcp/80], action: accept, $LAB_DUTY}
	  - {id: closed-now, from: hq, to: dmz, services: [tcp/80], hours: {from: "$before", until: "$after"}, action: drop, $LAB_DUTY}
	  - {id: closed-later, from: hq, to: dmz, services: [udp/53], hours: {from: "$after", until: "$before"}, action: drop, $LAB_DUTY}
	END
	lab_apply open
	lab_expect answered "accept whose hours are now" "$(lab_try wan $DNS udp/53)"
	lab_expect silent "accept whose hours are not now" "$(lab_try wan 203.0.113.6 tcp/80)"
	lab_expect silent "drop whose hours are now" "$(lab_try hq 203.0.113.6 tcp/80)"
	lab_expect answered "drop whose hours are not now" "$(lab_try hq $DNS udp/53)"
	lab_case "hours $before-$after UTC: open now, closed otherwise, for accept and drop"
	lab_hold "$LAB_TMP/flow" wan -d 20 $DNS udp/53
	flow=$!
	sed -i "/closed-now/d; s/\"$before\", until: \"$after\"/\"$after\", until: \"$before\"/" "$LAB_TMP/open/gw.yaml"
	lab_apply open
	wait $flow || true
	lab_expect silent "a live flow whose hours are over" "$(tail -n 1 "$LAB_TMP/flow")"
	lab_case "hours that are moved away from now stop a live flow"
}
expiry
precedence
order
windows
