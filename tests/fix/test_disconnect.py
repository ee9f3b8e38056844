"""What becomes of a session's orders when its line is lost."""

from functools import partial
from pathlib import Path

from testing.fix_client import FixClient
from testing.process import ServerProcess
from testing.waiting import until

USER = '[[users]]\nname = "wary"\npassword = "demo"\ncancel_on_disconnect = true\n'


def is_canceled(exchange: ServerProcess, order: str) -> bool:
    return bool(exchange.get(order)["status"] == "CANCELED")


async def test_orders_are_canceled_where_the_user_wants_it(tmp_path: Path) -> None:
    config = tmp_path / "exchange.toml"
    config.write_text(USER)
    with ServerProcess(tmp_path / "data", arguments=["--config", str(config)]) as exchange:
        # In the life of the exchange in which the session begins, and in the next one.
        for number in (1, 2):
            async with FixClient(exchange.fix, "wary") as client:
                await client.log_on((141, "Y"))
                client.place(f"a{number}", price=30)
                order = f"/orders/{(await client.hear())[37]}"
                assert exchange.get(order)["status"] == "NEW"
            await until(partial(is_canceled, exchange, order))
            exchange.restart()
