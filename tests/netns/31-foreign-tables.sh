#!/bin/bash
# Tables of other programs are never touched: not by the first apply, a change, a rollback or a repair.
set -eu
. tests/support/lab.sh
lab_up
command -v nft >/dev/null || { echo "needs nft to make foreign tables"; exit 77; }

lab_in gw nft -f - <<'END'
table inet other {
	counter hits { packets 7 bytes 700 }
	set addresses { type ipv4_addr; flags interval; elements = { 192.0.2.0/24, 198.51.100.7 } }
	chain input { type filter hook input priority 10; policy accept; ip saddr @addresses counter packets 0 bytes 0 accept; }
}
table ip gw {
	chain forward { type filter hook forward priority 20; policy accept; }
}
table bridge gw2 { }
END
listing() {
	for table in "inet other" "ip gw" "bridge gw2"; do
		# shellcheck disable=SC2086  # family and name
		lab_in gw nft list table $table
	done
}
lab_site one <<END
policies:
  - {id: web, from: hq, to: dmz, services: [tcp/80], action: accept, $LAB_DUTY}
END
lab_site two <<END
policies:
  - {id: web, from: hq, to: dmz, services: [tcp/443], action: accept, $LAB_DUTY}
nat: [{id: out, from: hq, to: wan, masquerade: true}]
END
listing >"$LAB_TMP/before"
lab_status 0 lab_gwctl -C "$LAB_TMP/one" apply
lab_status 0 lab_gwctl -C "$LAB_TMP/two" apply
lab_status 0 lab_gwctl -C "$LAB_TMP/two" rollback
listing >"$LAB_TMP/after"
diff "$LAB_TMP/before" "$LAB_TMP/after"
