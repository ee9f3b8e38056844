"""The example of the FIX client does what is said of it, also when it is started again."""

import asyncio
import os
import sys
from pathlib import Path

from testing.command import ROOT
from testing.fix_acceptor import ScriptedAcceptor, text

EXAMPLE = ROOT / "docs" / "examples" / "fix_orders.py"


async def run(port: int, folder: Path) -> list[str]:
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, str(EXAMPLE), str(port)),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await program.communicate()
    assert program.returncode == 0
    return said.decode().splitlines()


async def test_an_order_is_placed_looked_at_and_canceled(tmp_path: Path) -> None:
    async with asyncio.timeout(60), ScriptedAcceptor() as exchange:
        for first in (3, 9):
            said = await run(exchange.port, tmp_path)
            said.remove("0.5 of it are open")
            assert said == [
                f"{first} ExecutionReportNew",
                f"{first + 1} ExecutionReportStatus",
                f"{first + 2} ExecutionReportCancel",
            ]
        assert [text(x, 141) for x in exchange.admin if text(x, 35) == "A"] == ["", ""]
        assert exchange.open == {}
