"""What is written: commands, events, snapshots, and the stores that are filled from them."""

from deploy.grafana.panel import (
    BYTES,
    COUNT,
    OPERATIONS,
    SECONDS,
    SHARE,
    Board,
    Graph,
    Query,
)

RATE = "[$__rate_interval]"

BOARD = Board(
    "quantscope-journal",
    "Journal and store",
    "The logs on Kafka, who is behind them, and the stores on Redis and SQLite.",
    (
        Graph(
            "Batches sent",
            "Command batches of gateways and facades.",
            OPERATIONS,
            (Query(f"rate(quantscope_lane_batches_total{RATE})"),),
        ),
        Graph(
            "Snapshots and restarts",
            "Snapshots of engines, and how often an engine has begun again, in ten minutes.",
            COUNT,
            (
                Query("increase(quantscope_engine_snapshots_total[10m])", "{{name}} snapshots"),
                Query("increase(quantscope_engine_restarts_total[10m])", "{{name}} restarts"),
            ),
        ),
        Graph(
            "Engines in pairs",
            "For how long one has lacked what the other has told; silent above a second.",
            SECONDS,
            (
                Query("quantscope_engine_behind_seconds", "{{engine}} behind {{name}}"),
                Query("quantscope_engine_halted", "{{name}} halted"),
            ),
            warn=1,
            alarm=5,
        ),
        Graph(
            "Events kept",
            "About how large each engine's log of events is, as it looked last.",
            BYTES,
            (Query("quantscope_events_log_bytes"),),
        ),
        Graph(
            "Unread by recorders",
            "As a part of journal.journal_bytes_max. At 100 % events are deleted all the same.",
            SHARE,
            (
                Query(
                    "max by (reader) (quantscope_reader_unread_bytes / on (instance) group_left"
                    ' quantscope_setting{setting="journal.journal_bytes_max"})',
                    "{{reader}}",
                ),
            ),
            warn=0.5,
            alarm=1,
        ),
        Graph(
            "Recorders: behind",
            "How long what is recorded now has waited for it.",
            SECONDS,
            (Query("quantscope_recorder_lag_seconds"),),
            warn=1,
            alarm=10,
        ),
        Graph(
            "Recorders: events recorded",
            "After a time when the store was away, a recorder makes up for it at full pace.",
            OPERATIONS,
            (Query(f"rate(quantscope_recorder_events_total{RATE})"),),
        ),
        Graph(
            "Facades: events that the store lacks",
            "What memory holds until the store has it.",
            COUNT,
            (
                Query(
                    "clamp_min(scalar(max(quantscope_events_total)) - quantscope_store_sequence, 0)"
                ),
            ),
        ),
        Graph(
            "Redis: memory",
            "What Redis uses, and where closed orders are deleted.",
            BYTES,
            (
                Query("quantscope_redis_used_bytes", "{{name}} used"),
                Query(
                    'quantscope_setting{setting="redis.redis_bytes_max"}'
                    " and on (instance) quantscope_redis_used_bytes",
                    "{{name}} bound",
                ),
            ),
        ),
        Graph(
            "Redis: orders deleted",
            "The oldest closed orders, once the bound is reached.",
            OPERATIONS,
            (Query(f"rate(quantscope_redis_deleted_orders_total{RATE})"),),
        ),
        Graph(
            "Stores: what went wrong",
            "Attempts to record that failed, times that Redis was full or had stepped back, in ten "
            "minutes.",
            COUNT,
            (
                Query("increase(quantscope_recorder_failures_total[10m])", "{{name}} failed"),
                Query("increase(quantscope_redis_full_total[10m])", "{{name}} full"),
                Query("increase(quantscope_redis_steps_back_total[10m])", "{{name}} stepped back"),
            ),
            alarm=1,
        ),
    ),
)
