"""Where the time of an order goes, stage by stage.  Stages are timed once for each batch."""

from deploy.grafana.panel import SECONDS, Board, Graph, Query, mean, quantiles

BOARD = Board(
    "quantscope-latency",
    "Latency by stage",
    "From the socket of a gateway to the engine and back. What is told has been appended by the "
    "gateway, applied and published by an engine, and read again by the gateway.",
    (
        Graph(
            "TCP: request to answer",
            "From the socket read to the answer, of all gateways, by protocol.",
            SECONDS,
            quantiles("quantscope_order_entry_ack_seconds", "protocol"),
            warn=0.1,
            alarm=1,
        ),
        Graph(
            "REST: request to answer",
            "Requests that change something, from when they are decoded, of all facades.",
            SECONDS,
            quantiles("quantscope_rest_ack_seconds"),
            warn=0.1,
            alarm=1,
        ),
        Graph(
            "1 Append: gateway to broker",
            "A request of a gateway or a facade to the brokers, until they have it on disk and say "
            "so.",
            SECONDS,
            quantiles("quantscope_lane_append_seconds", "name"),
            warn=0.1,
        ),
        Graph(
            "2 Apply: engine",
            "The commands that an engine finds at one look, until all of them are applied.",
            SECONDS,
            quantiles("quantscope_engine_apply_seconds", "name"),
            warn=0.1,
        ),
        Graph(
            "3 Publish: engine to broker",
            "The events of these, until they are in the engine's log.",
            SECONDS,
            quantiles("quantscope_engine_publish_seconds", "name"),
            warn=0.1,
        ),
        Graph(
            "1 to 4 Told: there and back",
            "From when batches are sealed until all that follows from them is told. What is above "
            "the three stages is the way through the brokers, and waiting for a look.",
            SECONDS,
            quantiles("quantscope_lane_told_seconds", "name"),
            warn=0.1,
            alarm=1,
        ),
        Graph(
            "Means of all stages",
            "Told is the whole: append, apply and publish are within it.",
            SECONDS,
            tuple(
                Query(mean(f"quantscope_{metric}_seconds"), legend)
                for metric, legend in (
                    ("lane_told", "told"),
                    ("lane_append", "append"),
                    ("engine_apply", "apply"),
                    ("engine_publish", "publish"),
                )
            ),
        ),
        Graph(
            "Event loop: stops",
            "For how long a process works on one thing and looks at no other. Everybody waits "
            "meanwhile.",
            SECONDS,
            (quantiles("quantscope_event_loop_stop_seconds", "name")[1],),
            warn=0.1,
            alarm=0.5,
        ),
    ),
)
