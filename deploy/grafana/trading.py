"""What is traded.  Engines in pairs count alike: the highest is shown, not the sum."""

from deploy.grafana.panel import COUNT, OPERATIONS, Board, Graph, Query

RATE = "[$__rate_interval]"

BOARD = Board(
    "quantscope-trading",
    "Trading",
    "Orders, trades and refusals, as the engine counts them, and what REST answers.",
    (
        Graph(
            "Orders and trades",
            "Orders accepted, orders that left the book untraded, amendments and trades a second.",
            OPERATIONS,
            (
                Query(f"max(rate(quantscope_orders_total{RATE}))", "orders"),
                Query(
                    f"max(sum without (reason) (rate(quantscope_canceled_total{RATE})))", "canceled"
                ),
                Query(f"max(rate(quantscope_replaces_total{RATE}))", "amended"),
                Query(f"max(rate(quantscope_trades_total{RATE}))", "trades"),
            ),
        ),
        Graph(
            "Refused, by reason",
            "Orders that were refused, and cancels and amendments. What clients send that is no "
            "request at all is under Sessions.",
            OPERATIONS,
            (
                Query(
                    f"max by (reason) (rate(quantscope_rejected_total{RATE})) > 0",
                    "order {{reason}}",
                ),
                Query(
                    f"max by (reason) (rate(quantscope_cancel_rejected_total{RATE})) > 0",
                    "cancel or amendment {{reason}}",
                ),
            ),
        ),
        Graph(
            "Open orders and price levels",
            "What rests in all books.",
            COUNT,
            (
                Query("max(quantscope_open_orders)", "open orders"),
                Query("max(quantscope_price_levels)", "price levels"),
            ),
        ),
        Graph(
            "Commands applied, by engine",
            "Engines of a pair apply the same. One that lags has begun again, or its machine is "
            "slower.",
            OPERATIONS,
            (Query(f"rate(quantscope_commands_total{RATE})"),),
        ),
        Graph(
            "Commands in a batch",
            "The mean. Batches are wide under load; narrow ones cost more processor time for each "
            "order.",
            COUNT,
            (
                Query(
                    f"rate(quantscope_batch_commands_sum{RATE}) "
                    f"/ rate(quantscope_batch_commands_count{RATE})",
                ),
            ),
        ),
        Graph(
            "REST answers, by status",
            "Of all facades. 503: engine, brokers or store are away, or busy; 500: a fault of the "
            "program.",
            OPERATIONS,
            (Query(f"sum by (status) (rate(quantscope_rest_answers_total{RATE}))", "{{status}}"),),
        ),
    ),
)
