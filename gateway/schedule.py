"""When all sessions of FIX are reset by the clock: daily or weekly, at a time of day of a zone."""

import asyncio
import datetime
import logging
import zoneinfo
from dataclasses import dataclass
from typing import Any

from core import Clock
from gateway.connections import Connections
from gateway.control import SessionBusy, SessionControl
from journal.datadir import DataDir
from settings import FixSettings

log = logging.getLogger("quantscope.gateway")

CHECK_S = 0.5
"""How often it is looked whether it is time, in seconds."""
NS = 10**9
DAY = datetime.timedelta(days=1)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WHY = "the session is reset, as it is at this time"


@dataclass(frozen=True)
class ResetTimes:
    """The moments of resets.

    On a day on which clocks are set forward past the time of day, its moment comes as if they were
    not set: 02:30 that is left out is 03:30.  On one on which they are set back over it, so that it
    comes twice, the first counts, and that alone.
    """

    time: datetime.time
    zone: zoneinfo.ZoneInfo
    day: int | None
    """Of the week, from Monday = 0; None for every day."""

    @classmethod
    def of(cls, settings: FixSettings) -> "ResetTimes | None":
        """As they are configured; None where there are none."""
        if not settings.reset_time:
            return None
        day = DAYS.index(settings.reset_day) if settings.reset_day else None
        time = datetime.time.fromisoformat(settings.reset_time)
        return cls(time, zoneinfo.ZoneInfo(settings.reset_zone), day)

    def last(self, now: datetime.datetime) -> datetime.datetime:
        """The newest moment that is not after ``now``, in UTC."""
        date = now.astimezone(self.zone).date()
        while True:
            local = datetime.datetime.combine(date, self.time, self.zone)
            moment = local.astimezone(datetime.UTC)
            if self.day in (None, date.weekday()) and moment <= now:
                return moment
            date -= DAY


class ScheduledResets:
    """Resets all sessions of a gateway whenever it is time.

    The moment that was done last is kept in the data directory, and written before anybody is let
    in again: so one at which the exchange was down is made up for once, at its next start, and none
    is done twice.  A schedule that begins counts from that start on.
    """

    def __init__(
        self,
        times: ResetTimes,
        gateway: Connections[Any],
        control: SessionControl,
        clock: Clock,
        directory: DataDir | None,
    ) -> None:
        """Nothing is done before it runs; without ``directory`` nothing is kept."""
        self._times = times
        self._gateway = gateway
        self._control = control
        self._clock = clock
        self._directory = directory
        self._done = None if directory is None else directory.read_reset()

    async def run(self) -> None:
        """Look at the clock until canceled."""
        while True:
            await self.look()
            await asyncio.sleep(CHECK_S)

    async def look(self) -> None:
        """Reset all sessions where it is time."""
        now = datetime.datetime.fromtimestamp(self._clock.now_ns() / NS, datetime.UTC)
        due = int(self._times.last(now).timestamp())
        if self._done is None:
            await self._keep(due)
        elif due > self._done and self._gateway.sequencer.ready:
            try:
                count = await self._control.reset_all(self._gateway, WHY, lambda: self._keep(due))
            except SessionBusy as error:
                log.error("sessions are not reset yet, as is due: %s", error)
            else:
                log.warning("%d sessions are reset, as is due", count)

    async def _keep(self, due: int) -> None:
        if self._directory is not None:
            await asyncio.to_thread(self._directory.write_reset, due)
        self._done = due
