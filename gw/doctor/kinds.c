/* What each finding costs and what to do about it. */
#include "gw/doctor/doctor.h"

static const struct gw_check_kind kinds[GW_CHECK_COUNT] = {
	[GW_CHECK_NF_TABLES] = { "nf-tables", "No rule can be loaded: the gateway is no firewall.",
				 "ルールを読み込めないため、ファイアウォールとして機能しません。",
				 "Use a kernel with CONFIG_NF_TABLES and CONFIG_NF_TABLES_INET; in "
				 "a container, give it a network namespace of its own with "
				 "CAP_NET_ADMIN.",
				 "CONFIG_NF_TABLESとCONFIG_NF_TABLES_"
				 "INETを有効にしたカーネルを使用してください。" },
	[GW_CHECK_MARK_MASK] = { "mark-mask",
				 "The connection mark cannot be shared with other programs; a "
				 "config with `marks: {mask: …}` is refused.",
				 "コネクションマークを他のプログラムと共用できません。",
				 "Use Linux 6.13 or later, or leave `marks` out and let gw have "
				 "the whole mark.",
				 "Linux 6.13以降を使用するか、marksを省略してください。" },
	[GW_CHECK_DEVICE_HOOKS] = { "device-hooks",
				    "Interfaces that appear later get their ingress rules a moment "
				    "after; till then routed packets and frames between ports that "
				    "are named are judged all the same.",
				    "後から現れるインターフェースには入口のルールが少し遅れて適用さ"
				    "れます"
				    "（ルーティングされる通信と名前で指定したポート間は常に検査）"
				    "。",
				    "Use Linux 6.18 or later (6.16 for all but patterns of names), "
				    "or "
				    "have the interfaces there before gwd starts.",
				    "Linux 6.18以降（名前パターン以外は6.16以降）を使用するか、"
				    "gwdの起動前にインターフェースを用意してください。" },
	[GW_CHECK_LOG_MARKS] = { "log-marks",
				 "Logged accepted packets do not say which policy let them in; "
				 "dropped ones do.",
				 "許可パケットのログにポリシー番号が付きません（破棄は付きます）。",
				 "Use a kernel with CONFIG_NETFILTER_NETLINK_GLUE_CT.",
				 "CONFIG_NETFILTER_NETLINK_GLUE_"
				 "CTを有効にしたカーネルを使用してください。" },
	[GW_CHECK_CONNTRACK] = { "conntrack",
				 "Without connection tracking nothing can be permitted by its "
				 "connection.",
				 "コネクション追跡がないと許可の判定ができません。",
				 "Load it: `modprobe nf_conntrack`, and name it in "
				 "/etc/modules-load.d.",
				 "nf_conntrackモジュールを読み込んでください。" },
	[GW_CHECK_CONNTRACK_FULL] = { "conntrack-full",
				      "When the table is full, new connections are dropped, "
				      "whoever they belong to.",
				      "満杯になると、新しい接続はすべて破棄されます。",
				      "Raise `host: {conntrack: {max: …, buckets: …}}`, shorten "
				      "timeouts, and look with `gwctl top` for who opens so many.",
				      "host: {conntrack: {max, buckets}} "
				      "を増やすか、タイムアウトを短縮してください。" },
	[GW_CHECK_CONNTRACK_BUCKETS] = { "conntrack-buckets",
					 "Each packet searches a long list of connections: the "
					 "gateway is slow under load.",
					 "接続の検索が遅くなり、高負荷時に性能が低下します。",
					 "Set `host: {conntrack: {buckets: …}}` to about what "
					 "`max` is.",
					 "bucketsをmaxと同程度に設定してください。" },
	[GW_CHECK_CONNTRACK_LOSSES] = { "conntrack-losses",
					"Connections were dropped or thrown out early since the "
					"boot, because the table was full.",
					"起動後、表が満杯のため接続が破棄されました。",
					"Raise `host: {conntrack: {max: …}}`; a flood of half-open "
					"connections needs rate limits as well.",
					"maxを増やしてください。大量の半開接続には流量制限も必要で"
					"す。" },
	[GW_CHECK_FOREIGN_FILTER] = { "foreign-filter",
				      "What these chains drop stays dropped although gw permits "
				      "it: an accept in one table does not overrule a drop in "
				      "another. Nobody but their owner explains or counts it.",
				      "gwが許可しても、これらのチェーンが破棄すれば通信できません"
				      "。",
				      "Remove the other program, or let it accept everything and "
				      "put its policy into gw.",
				      "他のプログラムを停止するか、そのポリシーをgwに移してください"
				      "。" },
	[GW_CHECK_FOREIGN_NAT] = { "foreign-nat",
				   "Addresses are translated by others as well: policies see the "
				   "addresses after their translation, and gw's `nat` does not "
				   "apply to what they have translated.",
				   "他のプログラムもアドレス変換を行うため、ポリシーには変換後のア"
				   "ドレスが見えます。",
				   "Move the translations to `nat:` in gw, or write policies for "
				   "the translated addresses.",
				   "変換をgwのnatに移すか、変換後のアドレスでポリシーを記述してくだ"
				   "さい。" },
	[GW_CHECK_FOREIGN_FLOWTABLE] = { "foreign-flowtable",
					 "Packets of connections in a flowtable bypass every "
					 "forward chain, gw's included: a withdrawn policy, an "
					 "expired exception or an isolated zone does not stop "
					 "them.",
					 "フローテーブル上の接続はgwの判定を通らず、ポリシー撤回や"
					 "隔離が効きません。",
					 "Remove the flowtable and the rules that fill it.",
					 "フローテーブルと、それに追加するルールを削除してください"
					 "。" },
	[GW_CHECK_FOREIGN_MARK] = { "foreign-mark",
				    "Another program writes the connection mark, in which gw keeps "
				    "the policy's number: connections lose their policy, or get "
				    "another's.",
				    "他のプログラムがコネクションマークを書き換え、接続とポリシーの"
				    "対応が壊れます。",
				    "Give each its own bits: `marks: {mask: 0x…}` here, and the "
				    "mask of the other program.",
				    "marks: {mask} で使用するビットを分けてください。" },
	[GW_CHECK_IPTABLES_LEGACY] = { "iptables-legacy",
				       "The old packet filter is in the kernel as well. What it "
				       "drops stays dropped, and no tool shows both.",
				       "旧iptablesのルールも有効で、破棄された通信はgwでは許可でき"
				       "ません。",
				       "`iptables-legacy-save` shows its rules; empty it, and "
				       "unload ip_tables.",
				       "iptables-legacy-saveで確認し、ルールを削除してip_"
				       "tablesを外してください。" },
	[GW_CHECK_OTHER_FIREWALL] = { "other-firewall",
				      "Another program manages rules on this machine; it may drop "
				      "what gw permits, and reloads at times of its own.",
				      "他のファイアウォール管理プログラムが動作しています。",
				      "Disable it, or keep its rules away from the interfaces of "
				      "gw's zones.",
				      "無効にするか、gwのゾーンのインターフェースを対象外にしてくだ"
				      "さい。" },
	[GW_CHECK_NFTABLES_SERVICE] = { "nftables-service",
					"It begins with `flush ruleset`: whenever it starts or is "
					"reloaded, gw's table goes with the others, unless the "
					"kernel lets the agent own it.",
					"起動・再読込のたびに`flush "
					"ruleset`でgwのテーブルも消去されます。",
					"`systemctl disable --now nftables`, or remove `flush "
					"ruleset` from /etc/nftables.conf.",
					"nftables.serviceを無効にするか、flush "
					"rulesetを削除してください。" },
	[GW_CHECK_FORWARDING] = { "forwarding",
				  "The kernel forwards nothing between interfaces, whatever the "
				  "policies say.",
				  "ポリシーに関わらず、カーネルはパケットを転送しません。",
				  "Write `host: {forwarding: on}`, or set net.ipv4.ip_forward and "
				  "net.ipv6.conf.all.forwarding to 1.",
				  "host: {forwarding: on} を記述してください。" },
	[GW_CHECK_SETTINGS] = { "settings", "Settings of the kernel are not what `host:` declares.",
				"カーネル設定がhost:の宣言と異なります。",
				"`gwctl host` lists them; `gwctl apply` or the agent puts them "
				"right.",
				"gwctl hostで確認し、gwctl applyで修正してください。" },
	[GW_CHECK_INTERFACES] = { "interfaces",
				  "The zone has no traffic over it; if the name is misspelt, the "
				  "interface that is meant is in no zone and closed.",
				  "そのインターフェースの通信は行われません。名前の誤りの可能性があ"
				  "ります。",
				  "Compare with `ip link`; correct `zones`, or ignore it until the "
				  "interface is there.",
				  "ip linkと比較し、zonesを修正してください。" },
	[GW_CHECK_CLOCK] = { "clock",
			     "Exceptions, time windows and reviews end at the wrong time, and "
			     "records carry wrong times.",
			     "例外・時間帯・記録の時刻が正しくありません。",
			     "Run chrony or systemd-timesyncd, and permit it to reach its servers.",
			     "chronyまたはsystemd-timesyncdで時刻を同期してください。" },
	[GW_CHECK_DISK] = { "disk", "Without room no change can be applied and no record written.",
			    "変更の適用も記録もできなくなります。",
			    "Free some space there, lower `change: {keep}`, or shorten `audit` "
			    "retention.",
			    "空き容量を確保するか、keepやretentionを減らしてください。" },
	[GW_CHECK_STATE] = { "state-directory",
			     "Revisions and records are not safe from others, or cannot be read.",
			     "リビジョンや記録が他者から保護されていません。",
			     "`systemd-tmpfiles --create`, or: owner gw, mode 0750.",
			     "所有者をgw、モードを0750にしてください。" },
	[GW_CHECK_REVISION] = { "revision",
				"After a restart the agent cannot load what is in force; it falls "
				"back to lockdown.",
				"再起動後に現在の構成を読み込めず、ロックダウンになります。",
				"`gwctl restore` a backup, or apply the configuration again.",
				"gwctl "
				"restoreでバックアップを復元するか、再度applyしてください。" },
	[GW_CHECK_CONFIG_FILES] = { "config-files",
				    "Somebody other than root can write what the next apply "
				    "enforces.",
				    "root以外が設定を書き換えられます。",
				    "`chown -R root: DIR && chmod -R go-w DIR`.",
				    "所有者をrootとし、他者の書き込み権を外してください。" },
	[GW_CHECK_AGENT] = { "agent",
			     "What the kernel holds goes on enforcing, but no unconfirmed change "
			     "is undone, no drift is repaired, and nothing is recorded.",
			     "適用済みのルールは有効ですが、自動復旧・監視・記録が行われません。",
			     "`systemctl enable --now gwd`, and look at `journalctl -u gwd`.",
			     "systemctl enable --now gwd を実行してください。" },
	[GW_CHECK_BOOT] = { "boot", "After the next boot the network is up before there are rules.",
			    "次回起動時、ルールより先にネットワークが有効になります。",
			    "`systemctl enable gw-early`.",
			    "systemctl enable gw-early を実行してください。" },
	[GW_CHECK_FORWARD_UNIT] = { "forwarding-of-records",
				    "The config forwards records or asks for time stamps, but the "
				    "service may not open internet sockets: nothing leaves the "
				    "gateway.",
				    "記録の転送やタイムスタンプの設定がありますが、サービスは外部に"
				    "接続できません。",
				    "Copy gwd-forward.conf from the documentation to "
				    "/etc/systemd/system/gwd.service.d/ and name the addresses in "
				    "it.",
				    "gwd-forward.confを/etc/systemd/system/gwd.service.d/"
				    "に配置してください。" },
};

const struct gw_check_kind *gw_check_kind(enum gw_check check)
{
	return &kinds[check];
}
