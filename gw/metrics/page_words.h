/* What the page says, in both languages. Internal to the page. */
#ifndef GW_METRICS_PAGE_WORDS_H
#define GW_METRICS_PAGE_WORDS_H

/* clang-format off */
#define GW_PAGE_WORDS(X) \
	X(TITLE, "Gateway", "ゲートウェイ") \
	X(REVISION, "Revision", "リビジョン") \
	X(READ, "read", "取得") \
	X(NO_AGENT_YET, "gwd has not answered yet.", "gwdからまだ応答がありません。") \
	X(ATTENTION, "Needs attention", "要対応") \
	X(ALL_WELL, "Nothing needs attention.", "対応が必要な事項はありません。") \
	X(A_NO_AGENT, "gwd does not answer: what is shown is what it said last. The kernel goes on enforcing.", "gwdが応答しません。表示は最後に得た値です。カーネルは施行を続けています。") \
	X(A_KERNEL, "The kernel could not be read: ", "カーネルの状態を読めません: ") \
	X(A_CONFIRM, "A change waits to be confirmed, or is undone at ", "確認待ちの変更があります。確認されなければ次の時刻に元へ戻ります: ") \
	X(A_APPLY_FAILED, "The last change that was asked for was not made.", "直近の変更要求は適用されませんでした。") \
	X(A_EMERGENCY, "The revision in force was applied in an emergency, with fewer approvals than usual.", "現リビジョンは緊急適用で、承認数が通常より少なくなっています。") \
	X(A_DRIFT, "The kernel differs from the revision in force; objects: ", "カーネルの状態が現リビジョンと異なります。件数: ") \
	X(A_AUDIT, "The audit trail cannot be written.", "監査証跡に書き込めません。") \
	X(A_CHAIN, "Records of the audit trail are missing or were changed.", "監査証跡のレコードが欠落または改変されています。") \
	X(A_SEAL, "Checkpoints of the audit trail are not signed.", "監査証跡のチェックポイントが署名されていません。") \
	X(A_COLLECTOR, "The collector does not take records; waiting: ", "ログ収集サーバーが受信していません。滞留件数: ") \
	X(A_CLOCK, "Nothing keeps the clock right.", "時刻が同期されていません。") \
	X(A_REVIEWS, "Policies whose review is overdue: ", "見直し期限を過ぎたポリシー: ") \
	X(A_MODULE, "A module does not answer: ", "モジュールが応答しません: ") \
	X(A_ATTACK, "An attack goes on: ", "攻撃が継続中です: ") \
	X(A_MEASURES, "Emergency measures that cut off zones are in force: ", "ゾーンを遮断する緊急措置が有効です。件数: ") \
	X(TRAFFIC, "The last hour", "直近1時間") \
	X(PASSED, "Passed packets a second", "通過パケット毎秒") \
	X(DROPPED, "Dropped packets a second", "破棄パケット毎秒") \
	X(QUERIES, "DNS queries a second", "DNS問い合わせ毎秒") \
	X(IPV6_REFUSED, "Refused IPv6 frames a second", "拒否したIPv6フレーム毎秒") \
	X(NOW, "now", "現在") \
	X(MOST, "at most", "最大") \
	X(NO_POINTS, "no points yet", "データなし") \
	X(MATRIX, "Zones", "ゾーン") \
	X(MATRIX_ABOUT, "From the zone of a row to that of a column: packets a second of policies for this pair alone.", "行のゾーンから列のゾーンへ。その組だけのポリシーの毎秒パケット数。") \
	X(SHARED, "Policies of several pairs, packets a second: ", "複数の組にまたがるポリシーの毎秒パケット数: ") \
	X(FROM_TO, "from \\ to", "送信元 \\ 宛先") \
	X(GATEWAY, "gateway", "ゲートウェイ") \
	X(CLOSED, "closed", "遮断") \
	X(EXCEPTION, "exception", "例外") \
	X(UNTRUSTED, "untrusted", "非信頼") \
	X(MORE_ZONES, "Zones with less traffic that are not shown: ", "表示していないゾーン数（通信量が少ない順）: ") \
	X(TOP, "Busiest policies", "通信量の多いポリシー") \
	X(POLICY, "Policy", "ポリシー") \
	X(FROM, "From", "送信元") \
	X(TO, "To", "宛先") \
	X(ACTION, "Action", "動作") \
	X(RATE, "Packets/s", "パケット/秒") \
	X(BITS, "Mbit/s", "Mbit/秒") \
	X(PACKETS, "Packets", "パケット数") \
	X(LAST_HIT, "Last hit", "最終ヒット") \
	X(DROPS, "Drops by reason", "理由別の破棄") \
	X(REASON, "Reason", "理由") \
	X(CHANGES, "Changes", "変更履歴") \
	X(TIME, "Time", "日時") \
	X(WHO, "Who", "実行者") \
	X(WHY, "Why", "理由") \
	X(TICKET, "Ticket", "チケット") \
	X(APPROVED, "Approved by", "承認者") \
	X(MEASURES, "Attacks and emergency measures", "攻撃と緊急措置") \
	X(KIND, "Kind", "種類") \
	X(COUNT, "Number", "件数") \
	X(ATTACK, "Attack", "攻撃") \
	X(STATE, "State", "状態") \
	X(QUIET, "No attack goes on.", "攻撃は検知されていません。") \
	X(IPV6, "IPv6 incidents", "IPv6インシデント") \
	X(SEGMENT, "Segment", "セグメント") \
	X(CLASS, "Class", "分類") \
	X(FRAMES, "Frames", "フレーム数") \
	X(SESSIONS, "Authentication", "認証") \
	X(SOURCE, "Source", "認証元") \
	X(RESULT, "Result", "結果") \
	X(EVENTS, "Events", "件数") \
	X(DNS, "DNS", "DNS") \
	X(CLIENT_ZONE, "Zone", "ゾーン") \
	X(DNS_RATE, "Queries/s", "問い合わせ/秒") \
	X(QUERIES_ALL, "Queries", "問い合わせ数") \
	X(EXCEPTIONS, "Exceptions, the next to end first", "例外（期限の近い順）") \
	X(NO_EXCEPTIONS, "There are none.", "ありません。") \
	X(ENDS, "Ends", "期限") \
	X(REVIEWS, "Reviews due within 30 days", "30日以内に見直し期限") \
	X(OWNER, "Owner", "所有者") \
	X(DUE, "Due", "期限") \
	X(OVERDUE, "overdue", "期限超過") \
	X(AUDIT, "Audit trail and clock", "監査証跡と時刻") \
	X(WRITTEN, "written", "書き込み中") \
	X(NOT_WRITTEN, "not written", "書き込み不可") \
	X(CHECKPOINTS, "Checkpoints", "チェックポイント") \
	X(SIGNED, "signed", "署名済み") \
	X(NOT_SIGNED, "not signed", "未署名") \
	X(RECORDS, "Records", "レコード数") \
	X(COLLECTOR, "Collector", "収集サーバー") \
	X(CONNECTED, "connected", "接続中") \
	X(AWAY, "away", "切断") \
	X(NOT_CONFIGURED, "not configured", "未設定") \
	X(CLOCK, "Clock", "時刻") \
	X(SYNCHRONISED, "synchronised", "同期") \
	X(NOT_SYNCHRONISED, "not synchronised", "非同期") \
	X(DRIFT, "Drift", "ドリフト") \
	X(OBJECTS, "Objects that differ", "差異のある件数") \
	X(REPAIRED, "Put right since the start", "修復回数") \
	X(LAST_OTHER, "Last change by others", "他者による直近の変更") \
	X(TABLE, "The rules belong to", "ルールの所有") \
	X(OWNED, "gwd alone", "gwdのみ") \
	X(NOT_OWNED, "whoever changes them; gwd watches", "変更可能（gwdが監視）") \
	X(NEVER, "never", "なし") \
	X(OTHER_LANGUAGE, "日本語", "English") \
	X(REFRESH, "Load anew every 10 seconds", "10秒ごとに更新") \
	X(METRICS, "Metrics", "メトリクス") \
	X(SKIP, "Skip to content", "本文へ")
/* clang-format on */

#define GW_PAGE_WORD_ENUM(symbol, en, ja) GW_W_##symbol,
enum gw_page_word { GW_PAGE_WORDS(GW_PAGE_WORD_ENUM) GW_PAGE_WORD_COUNT };
#undef GW_PAGE_WORD_ENUM

#endif
