"""The alert rules as they stand, and what each must fire at."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from testing.command import ROOT

FOLDER = ROOT / "deploy/prometheus"
RULES = FOLDER / "rules.yml"


def alerts() -> dict[str, dict[str, Any]]:
    """Each rule, by its name."""
    groups = msgspec.yaml.decode(RULES.read_bytes())["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


@dataclass(frozen=True)
class Cause:
    """Series as they are while all is well, and as they are then: first value, and its steps."""

    then: dict[str, str]
    well: dict[str, str] = field(default_factory=dict)

    @property
    def before(self) -> dict[str, str]:
        """All of its series, as they are while all is well; what is not told is 0."""
        return dict.fromkeys(self.then, "0+0") | self.well


def of(setting: str) -> str:
    """The series of a setting."""
    return f'quantscope_setting{{setting="{setting}"}}'


def told(le: str) -> str:
    """A bucket of the time until events are told."""
    return f'quantscope_lane_told_seconds_bucket{{le="{le}"}}'


def fixed(series: str, value: float) -> dict[str, str]:
    """A series that never changes."""
    return {series: f"{value}+0"}


ORDER_ENTRY = 'quantscope_order_entry_%s{protocol="binary"}'
ANSWERS = 'quantscope_rest_answers_total{status="%s"}'
FAULTS = 'quantscope_faults_total{part="%s"}'
STOPS = "quantscope_event_loop_stop_seconds"
UP = 'up{role="%s"}'
REPLAY = of("gateway.session_replay_bytes_max")
UNREAD = 'quantscope_reader_unread_bytes{reader="recorder.archive"}'
PASSED_OVER = 'quantscope_reader_passed_over{reader="recorder.archive"}'

CAUSES = {
    "RoleMissing": Cause({UP % "facade": "stale"}, fixed(UP % "facade", 1)),
    "ProcessDown": Cause({UP % "gateway": "0+0"}, fixed(UP % "gateway", 1)),
    "NotReady": Cause({"quantscope_standing_faults": "2+0"}),
    # A start each two minutes.
    "ProcessRestarts": Cause(
        {"process_start_time_seconds": "100+5"}, fixed("process_start_time_seconds", 100)
    ),
    "Faults": Cause({FAULTS % "view": "1+0"}),
    "EventLoopStops": Cause(
        {f"{STOPS}_count": "241+5", f'{STOPS}_bucket{{le="0.5"}}': "240+5"},
        {f"{STOPS}_count": "0+5", f'{STOPS}_bucket{{le="0.5"}}': "0+5"},
    ),
    "ClockSkew": Cause(
        {"quantscope_clock_skew_seconds": "-0.6+0"}, fixed("quantscope_clock_skew_seconds", 0.4)
    ),
    "ClockHeld": Cause({"quantscope_clock_held_seconds": "-60+0"}),
    "DescriptorsNearBound": Cause(
        {"process_open_fds": "900+0"},
        fixed("process_open_fds", 700) | fixed("process_max_fds", 1_000),
    ),
    "AcceptPaused": Cause({"quantscope_accept_pauses_total": "1+0"}),
    "MemoryNearBound": Cause(
        {"process_resident_memory_bytes": "9e9+0"},
        fixed("process_resident_memory_bytes", 8e9) | fixed("quantscope_memory_limit_bytes", 1e10),
    ),
    "PartitionSilent": Cause(
        {"quantscope_lane_silence_seconds": "4+5"},
        fixed("quantscope_lane_silence_seconds", 1) | fixed(of("kafka.partition_silence_s"), 3),
    ),
    "CommandsNotAcknowledged": Cause({"quantscope_outages_total": "1+0"}),
    "RequestsRepeated": Cause({"quantscope_lane_retries_total": "1+0"}),
    "CommandsSlow": Cause(
        {told("1.0"): "24000+450", "quantscope_lane_told_seconds_count": "24000+500"},
        {told("1.0"): "0+500", "quantscope_lane_told_seconds_count": "0+500"},
    ),
    "RestErrors": Cause(
        {ANSWERS % "503": "5+1"}, {ANSWERS % "201": "0+10", ANSWERS % "503": "0+0.1"}
    ),
    "ConnectionsRefused": Cause({"quantscope_http_connections_refused_total": "1+0"}),
    "ConnectionsNearBound": Cause(
        {ORDER_ENTRY % "connections": "250+0"},
        fixed(ORDER_ENTRY % "connections", 200)
        | fixed(of("gateway.connections_max"), 256)
        | fixed("quantscope_http_connections", 1_000)
        | fixed(of("facade.connections_max"), 4_096),
    ),
    "BuffersNearBound": Cause(
        {"quantscope_websocket_buffer_bytes": "6e5+0"},
        fixed(of("facade.queue_bytes_max"), 1e6)
        | fixed(ORDER_ENTRY % "buffer_bytes", 4e6)
        | fixed(of("gateway.queue_bytes_max"), 8.4e6),
    ),
    "SlowReadersCut": Cause({ORDER_ENTRY % "slow_readers_total": "1+0"}),
    "EnginesDiffer": Cause({"quantscope_engine_halted": "1+0"}),
    "EngineBehind": Cause(
        {'quantscope_engine_behind_seconds{engine="b"}': "6+5"},
        fixed('quantscope_engine_behind_seconds{engine="b"}', 2),
    ),
    "EngineRestarted": Cause({"quantscope_engine_restarts_total": "1+0"}),
    "SnapshotsMissing": Cause(
        {"quantscope_engine_snapshots_total": "12+0"},
        {"quantscope_engine_snapshots_total": "0+0.25"},
    ),
    "UnreadableCommands": Cause({"quantscope_unreadable_records_total": "1+0"}),
    "BatchesOutOfOrder": Cause({"quantscope_gateway_gaps_total": "1+0"}),
    "ReaderFarBehind": Cause(
        {UNREAD: "6e8+0"}, fixed(UNREAD, 4e8) | fixed(of("journal.journal_bytes_max"), 1e9)
    ),
    "EventsDeletedUnread": Cause({PASSED_OVER: "1+0"}),
    "JournalAboveBound": Cause(
        {"quantscope_events_log_bytes": "2.3e9+0"},
        fixed("quantscope_events_log_bytes", 2.1e9)
        | fixed(of("journal.journal_bytes_max"), 1e9)
        | fixed(REPLAY, 2e9),
    ),
    "RecorderFailed": Cause({"quantscope_recorder_failed": "1+0"}),
    "RecorderLag": Cause(
        {"quantscope_recorder_lag_seconds": "11+5"}, fixed("quantscope_recorder_lag_seconds", 5)
    ),
    "StoreUnreadable": Cause(
        {"quantscope_store_readable": "0+0"}, fixed("quantscope_store_readable", 1)
    ),
    "StoreDamaged": Cause({FAULTS % "store": "1+0"}),
    "RedisFull": Cause({"quantscope_redis_full_total": "1+0"}),
    "RedisAboveBound": Cause(
        {"quantscope_redis_used_bytes": "1.2e9+0"},
        fixed("quantscope_redis_used_bytes", 1.05e9) | fixed(of("redis.redis_bytes_max"), 1e9),
    ),
    "RedisSteppedBack": Cause({"quantscope_redis_steps_back_total": "1+0"}),
}
"""By the alert that is to fire, and alone."""
