"""``/metrics``: what each part counts, read at the scrape and never before.

One class for each role or part, which takes what it reads and nothing else; ``renderer`` puts some
of them together for a process.
"""

from quantscope.metrics.clock import ClockFigures
from quantscope.metrics.engine import EngineFigures
from quantscope.metrics.events import EventFigures
from quantscope.metrics.exposition import Part, Renderer, renderer
from quantscope.metrics.facade import FacadeFigures, own_faults
from quantscope.metrics.faults import FaultFigures
from quantscope.metrics.follower import FollowerFigures
from quantscope.metrics.lane import LaneFigures
from quantscope.metrics.log import LogFigures
from quantscope.metrics.loop import LoopFigures
from quantscope.metrics.order_entry import OrderEntryFigures
from quantscope.metrics.ports import PortFigures
from quantscope.metrics.process import ProcessFigures
from quantscope.metrics.recorder import (
    BehindFigures,
    LagFigures,
    RecorderFigures,
    RedisRecorderFigures,
)
from quantscope.metrics.retention import RetentionFigures
from quantscope.metrics.store import StoreFigures

__all__ = [
    "BehindFigures",
    "ClockFigures",
    "EngineFigures",
    "EventFigures",
    "FacadeFigures",
    "FaultFigures",
    "FollowerFigures",
    "LagFigures",
    "LaneFigures",
    "LogFigures",
    "LoopFigures",
    "OrderEntryFigures",
    "Part",
    "PortFigures",
    "ProcessFigures",
    "RecorderFigures",
    "RedisRecorderFigures",
    "Renderer",
    "RetentionFigures",
    "StoreFigures",
    "own_faults",
    "renderer",
]
