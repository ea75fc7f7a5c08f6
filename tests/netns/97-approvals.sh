#!/bin/bash
# Dual lock with the real agent: a change needs the signatures of two people other than its author and
# whoever applies it. Keys and signatures are made by ssh-keygen.
set -eu
BUILD=${BUILD:-build/release}
gwctl=$(realpath "$BUILD/gwctl") gwd=$(realpath "$BUILD/gwd")
[ "$(id -u)" -eq 0 ] || { echo "root is needed to run the agent"; exit 77; }
if [ "${1:-}" != inside ]; then
	exec unshare -n "$0" inside
fi

dir=$(mktemp -d) agent=
clean() {
	[ -z "$agent" ] || kill "$agent" 2>/dev/null || true
	wait
	rm -rf "$dir"
}
trap clean EXIT
cd "$dir"
export GW_STATE_DIR=$dir/state GW_RUN_DIR=$dir/run HOME=$dir
ip link set lo up
ip link add hq0 type veth peer name x0
ip link add mgmt0 type veth peer name y0

mkdir -p site/keys
for who in op-03 op-08 op-09 root; do
	ssh-keygen -q -t ed25519 -N '' -C "$who" -f "$who"
	printf '%s namespaces="gwctl-plan@v1,gwctl-author@v1" %s\n' "$who" "$(cut -d' ' -f1,2 "$who.pub")"
done > site/keys/approvers
ssh-keygen -q -t ed25519 -N '' -C writer -f writer
printf 'writer namespaces="gwctl-author@v1" %s\n' "$(cut -d' ' -f1,2 writer.pub)" >> site/keys/approvers
cut -d' ' -f1,2 op-09.pub > site/keys/revoked
site() { # port
	cat > site/gw.yaml <<-EOF
	gw: 1
	site: {name: approvals}
	change:
	  confirm: 0s
	  approvals: {need: 2, signers: keys/approvers, revoked: keys/revoked, emergency: 1}
	zones:
	  hq: {interfaces: [hq0], nets: [10.1.0.0/16]}
	  mgmt: {interfaces: [mgmt0], nets: [10.99.0.0/24]}
	policies:
	  - {id: web, from: hq, to: mgmt, services: [tcp/$1], action: accept, owner: o, ticket: T-1, review: 2099-12-31}
	EOF
}
# The group exists for the agent alone: its /etc/group is another than the machine's.
GROUP=64905
{ cat /etc/group; echo "gw:x:$GROUP:"; } >group
chmod 755 .
# shellcheck disable=SC2016  # the shell inside expands them
unshare -m sh -c 'mount --bind "$0" /etc/group && exec "$1"' "$dir/group" "$gwd" 2>log & agent=$!
for _ in $(seq 100); do [ ! -S run/control ] || break; sleep 0.1; done

# expect STATUS TEXT COMMAND...: its exit status, and a text in what it prints.
expect() {
	local want=$1 text=$2 got=0
	shift 2
	"$@" > out 2>&1 || got=$?
	if [ "$got" -ne "$want" ] || ! grep -qF -- "$text" out; then
		echo "$* ended with $got instead of $want, or without '$text':"
		cat out
		exit 1
	fi
}
ok() { echo "ok  $*"; }

site 80
expect 0 "applied revision 1" "$gwctl" -C site apply
ok "nothing is in force: the first config needs no signatures"

site 443
expect 4 "a change needs 2 approvals" "$gwctl" -C site apply
expect 4 "no key to sign the plan with" "$gwctl" -C site plan -o change.plan -t CHG-1
ssh-keygen -q -t ed25519 -N '' -C stranger -f stranger
expect 4 "is not in the signers' file" "$gwctl" -C site plan -o change.plan -t CHG-1 -k stranger
expect 2 "" "$gwctl" -C site plan -o change.plan -t CHG-1 -k root
expect 4 "0 of 2 approvals" "$gwctl" apply change.plan
expect 0 "1 signature" "$gwctl" approve -k op-03 change.plan
grep -q "tcp/443" out && grep -q "^Author *root" out || { echo "approve does not show what is signed:"; cat out; exit 1; }
expect 4 "1 of 2 approvals" "$gwctl" apply change.plan
cp change.plan asked.plan
echo n | script -qec "$gwctl approve -k op-08 asked.plan" /dev/null > out 2>&1 && { echo "signed without a yes"; exit 1; }
grep -q "Sign this?" out && cmp -s asked.plan change.plan || { echo "not asked, or signed all the same:"; cat out; exit 1; }
ok "what is signed is shown first, and on a terminal asked about"
expect 0 "2 signatures" "$gwctl" approve -k op-03 change.plan
expect 4 "this person has signed already" "$gwctl" apply change.plan
ok "one person does not count twice"

expect 0 "3 signatures" "$gwctl" approve -k root change.plan
expect 4 "the author of a plan cannot approve it" "$gwctl" apply change.plan
expect 0 "4 signatures" "$gwctl" approve -k op-09 change.plan
expect 4 "its key was revoked" "$gwctl" apply change.plan
ok "neither the author nor a revoked key counts"

sed 's/author root/author op-09/' change.plan > other.plan
expect 4 "op-09, who is named as the author, does not hold" "$gwctl" apply other.plan
sed -E 's/"author_signature": "[^"]*"/"author_signature": null/' change.plan > other.plan
expect 4 "it is not there" "$gwctl" apply other.plan
expect 2 "" "$gwctl" -C site plan -o writer.plan -k writer
expect 0 "1 signature" "$gwctl" approve -k writer writer.plan
expect 4 "its key is none of a signer" "$gwctl" apply writer.plan
ok "an author is who has signed as such, and an author's key alone approves nothing"

sed 's/CHG-1/CHG-2/' change.plan > other.plan
expect 4 "does not belong to this text" "$gwctl" apply other.plan
expect 0 "5 signatures" "$gwctl" approve -k op-08 change.plan
expect 0 "applied revision 2" "$gwctl" apply change.plan
ok "two signatures are enough, and only for the plan that was signed"

expect 4 "another revision" "$gwctl" apply change.plan
ok "a plan is used once"

expect 0 '"approvals": "op-03, op-08"' "$gwctl" history --json
grep -q '"ticket": "CHG-1"' state/revisions/000002/meta.json
expect 0 "op-03, op-08" "$gwctl" --json audit search -t op-08
ok "who has signed is in the revision and on record"

site 8443
expect 2 "" "$gwctl" -C site plan -o urgent.plan -k op-08
expect 0 "1 signature" "$gwctl" approve -k op-03 urgent.plan
expect 4 "1 of 2 approvals" "$gwctl" apply urgent.plan
expect 0 "applied revision 3" "$gwctl" apply --emergency urgent.plan
expect 0 '"emergency":true' "$gwctl" audit export
expect 0 "applied in an emergency" "$gwctl" status
expect 0 "emergency" "$gwctl" history
ok "in an emergency one is enough, and that is on record and shown"

operator() {
	setpriv --reuid 64906 --regid "$GROUP" --clear-groups --bounding-set -all --inh-caps -all "$gwctl" "$@"
}
expect 2 "revision 3" "$gwctl" review
expect 4 "somebody else has to review it" "$gwctl" review 3 -m "looks right to me"
expect 64 "says what came of" operator review 3
expect 1 "not applied in an emergency" operator review 2 -m "seen"
expect 1 "there is none" operator review 17 -m "seen"
expect 0 "on record" operator review 3 -m "as agreed on the phone"
expect 4 "was reviewed by" operator review 3 -m "seen twice"
expect 0 "nothing has to be reviewed" "$gwctl" review
expect 0 '"note": "as agreed on the phone"' "$gwctl" review --json
expect 0 "change.reviewed" "$gwctl" --json audit search -e change.reviewed
expect 0 "reviewed by" "$gwctl" status
ok "a change in an emergency waits to be reviewed by another than who applied it"

expect 0 "applied revision 4" "$gwctl" rollback
expect 4 "a change needs 2 approvals" "$gwctl" rollback
expect 4 "a change needs 2 approvals" "$gwctl" rollback 1
ok "the last change can be undone by one person, who cannot undo that; no other revision put in force"

site 443
sed -i 's/name: approvals/name: elsewhere/' site/gw.yaml
expect 0 "" "$gwctl" -C site plan -o elsewhere.plan -k root
sed -i 's/site approvals/site elsewhere/' elsewhere.plan
expect 0 "1 signature" "$gwctl" approve -k op-03 elsewhere.plan
expect 0 "2 signatures" "$gwctl" approve -k op-08 elsewhere.plan
expect 4 "another site" "$gwctl" apply elsewhere.plan
ok "a plan does not say itself which site this is"

site 443
cut -d' ' -f1,2 op-08.pub >> site/keys/revoked
expect 0 "" "$gwctl" -C site plan -o keys.plan -k root
expect 0 "1 signature" "$gwctl" approve -k op-03 keys.plan
expect 0 "2 signatures" "$gwctl" approve -k op-08 keys.plan
expect 0 "applied revision 5" "$gwctl" apply keys.plan
expect 4 "a change needs 2 approvals" "$gwctl" rollback
ok "undoing does not bring a revoked key back"

kill "$agent"; wait "$agent" || true
agent=
site 22
expect 4 "gwd counts" "$gwctl" -C site apply
expect 4 "gwd counts" env GW_STANDALONE=1 "$gwctl" -C site apply
expect 4 "gwd counts" "$gwctl" rollback
[ "$(cat state/current)" = 5 ] || { echo "changed without approvals"; exit 1; }
ok "without the agent nothing is let through either"

mv state/revisions/000005/config/gw.yaml gw.yaml.away
sed 's/^policies:/nonsense: 1\n&/' gw.yaml.away > state/revisions/000005/config/gw.yaml
expect 1 "" "$gwctl" -C site apply
cp gw.yaml.away state/revisions/000005/config/gw.yaml
ok "nor past a revision that is damaged"
