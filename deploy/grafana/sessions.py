"""Who is connected, what passes, and who does not read."""

from deploy.grafana.panel import COUNT, OPERATIONS, SECONDS, SHARE, Board, Graph, Query

RATE = "[$__rate_interval]"


def of_bound(metric: str, setting: str) -> str:
    """A figure as a part of what a setting allows."""
    bound = f'quantscope_setting{{setting="{setting}"}}'
    return f"{metric} / ignoring (setting, protocol) group_left () {bound}"


BOARD = Board(
    "quantscope-sessions",
    "Sessions",
    "Connections of clients over TCP, REST and WebSocket.",
    (
        Graph(
            "Connections",
            "Over TCP, HTTP and WebSocket.",
            COUNT,
            (
                Query("quantscope_order_entry_connections", "{{name}} {{protocol}}"),
                Query("quantscope_http_connections", "{{name}} HTTP"),
                Query("quantscope_websocket_connections", "{{name}} of these WebSocket"),
            ),
        ),
        Graph(
            "Requests and reports",
            "Requests received over TCP and sequenced messages sent, and writes of notifications.",
            OPERATIONS,
            (
                Query(
                    f"rate(quantscope_order_entry_requests_total{RATE})",
                    "{{name}} {{protocol}} requests",
                ),
                Query(
                    f"rate(quantscope_order_entry_reports_total{RATE})",
                    "{{name}} {{protocol}} reports",
                ),
                Query(
                    f"rate(quantscope_notification_writes_total{RATE})", "{{name}} notifications"
                ),
            ),
        ),
        Graph(
            "Logins",
            "Accepted, and refused. Many mean that clients are cut again and again.",
            OPERATIONS,
            (
                Query(
                    f"rate(quantscope_order_entry_logins_total{RATE})",
                    "{{name}} {{protocol}} accepted",
                ),
                Query(
                    f"rate(quantscope_order_entry_login_rejects_total{RATE})",
                    "{{name}} {{protocol}} refused: {{reason}}",
                ),
            ),
        ),
        Graph(
            "Requests that wait",
            "For the next batch, over TCP; for an answer, over REST.",
            COUNT,
            (
                Query("quantscope_order_entry_waiting", "{{name}} {{protocol}}"),
                Query("quantscope_rest_waiting", "{{name}} REST"),
            ),
        ),
        Graph(
            "Slowest reader",
            "What waits for the client that reads slowest, as a part of queue_bytes_max. At 100 % "
            "a WebSocket is cut, and a session is told the rest from the log.",
            SHARE,
            (
                Query(
                    of_bound("quantscope_order_entry_buffer_bytes", "gateway.queue_bytes_max"),
                    "{{name}} {{protocol}}",
                ),
                Query(
                    of_bound("quantscope_websocket_buffer_bytes", "facade.queue_bytes_max"),
                    "{{name}} WebSocket",
                ),
            ),
            warn=0.5,
            alarm=1,
        ),
        Graph(
            "Cut and refused",
            "In five minutes: slow readers that were cut or are told from the log, and connections "
            "too many.",
            COUNT,
            (
                Query(
                    "increase(quantscope_order_entry_slow_readers_total[5m])",
                    "{{name}} {{protocol}} cut",
                ),
                Query(
                    "increase(quantscope_order_entry_fallen_behind_total[5m])",
                    "{{name}} {{protocol}} behind",
                ),
                Query(
                    "increase(quantscope_http_connections_refused_total[5m])", "{{name}} refused"
                ),
            ),
        ),
        Graph(
            "Silence of the engine",
            "For how long nothing was told. Above kafka.partition_silence_s nothing is taken.",
            SECONDS,
            (Query("quantscope_lane_silence_seconds"),),
            warn=1.5,
            alarm=3,
        ),
        Graph(
            "Outages",
            "How often lines were closed because nobody could say what became of requests, in five "
            "minutes; and requests to the brokers that were sent again.",
            COUNT,
            (
                Query("increase(quantscope_outages_total[5m])", "{{name}} outages"),
                Query("increase(quantscope_lane_retries_total[5m])", "{{name}} sent again"),
            ),
            alarm=1,
        ),
    ),
)
