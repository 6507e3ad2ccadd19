"""The last known state of what the service depends on, found out in the background."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

EVERY, WITHIN = 0.5, 1.0  # seconds; together below the 2 s in which a loss must show

log = logging.getLogger(__name__)

Check = Callable[[], Awaitable[None]]  # raises when the dependency is lost


class Monitor:
    """Asks each dependency by itself, so that one that hangs hides no other. None is known to be well at first."""

    def __init__(self, checks: Mapping[str, Check], every: float = EVERY, within: float = WITHIN) -> None:
        self._checks, self._every, self._within = checks, every, within
        self.well = dict.fromkeys(checks, False)

    @property
    def ready(self) -> bool:
        return all(self.well.values())

    async def run(self) -> None:
        """Never ends."""
        async with asyncio.TaskGroup() as group:
            for name in self._checks:
                group.create_task(self._watch(name))

    async def _watch(self, name: str) -> None:
        while True:
            try:
                async with asyncio.timeout(self._within):
                    await self._checks[name]()
            except Exception as error:  # whatever it is, the dependency does not serve
                if self.well[name]:
                    log.error("lost %s", name, extra={"reason": repr(error)})
                self.well[name] = False
            else:
                if not self.well[name]:
                    log.info("reached %s", name)
                self.well[name] = True
            await asyncio.sleep(self._every)

    def says(self) -> dict[str, str]:
        return {name: "healthy" if well else "unhealthy" for name, well in self.well.items()}
