"""How the processes are, and what they use of their machines."""

from deploy.grafana.panel import BYTES, COUNT, SECONDS, SHARE, Board, Graph, Query

BOARD = Board(
    "quantscope-processes",
    "Processes",
    "Every role of the cluster: whether it is there and ready, and what it uses.",
    (
        Graph(
            "Down or not ready",
            "How many reasons a process names at /ready for not being so; and 1 for one that gives "
            "no metrics.",
            COUNT,
            (
                Query("quantscope_standing_faults", "{{name}} not ready"),
                Query("1 - up", "{{name}} down"),
            ),
            alarm=1,
        ),
        Graph(
            "Processor",
            "Cores in use.",
            COUNT,
            (Query("rate(process_cpu_seconds_total[$__rate_interval])"),),
        ),
        Graph(
            "Memory",
            "Resident memory.",
            BYTES,
            (Query("process_resident_memory_bytes"),),
        ),
        Graph(
            "Memory and descriptors, of what there may be",
            "At 100 % of its memory a process is ended by the system; without descriptors no "
            "connection is taken.",
            SHARE,
            (
                Query(
                    "process_resident_memory_bytes / quantscope_memory_limit_bytes",
                    "{{name}} memory",
                ),
                Query("process_open_fds / process_max_fds", "{{name}} descriptors"),
            ),
            warn=0.8,
            alarm=1,
        ),
        Graph(
            "Clocks: off from the brokers'",
            "At least so far, by what a request to a broker proves. Below 0: behind.",
            SECONDS,
            (
                Query("quantscope_clock_skew_seconds"),
                Query("quantscope_clock_held_seconds", "{{name}} jump that is not taken"),
            ),
            alarm=0.5,
            least=None,
        ),
        Graph(
            "Faults",
            "What a process went on without, in ten minutes: its log has each.",
            COUNT,
            (
                Query(
                    "sum by (name) (increase(quantscope_faults_total[10m]))",
                ),
            ),
            alarm=1,
        ),
        Graph(
            "Time since the start",
            "It falls to 0 where a process was started again.",
            SECONDS,
            (Query("time() - process_start_time_seconds"),),
        ),
        Graph(
            "Alarms",
            "Those that fire, by name; what to do is in docs/operations.md, under Alarms.",
            COUNT,
            (
                Query(
                    'count by (alertname, name) (ALERTS{alertstate="firing"}) or vector(0)',
                    "{{alertname}} {{name}}",
                ),
            ),
            alarm=1,
        ),
    ),
)
