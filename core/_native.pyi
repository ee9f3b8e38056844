from typing import final

__all__ = ["Commands", "describe_commands", "describe_events", "View", "load_main", "parse_decimal"]

@final
class Commands:
    def __new__(cls) -> Commands: ...
    def __len__(self) -> int: ...
    def gateway_open(self, gateway: int) -> None: ...
    def entry_open(
        self,
        kind: int,
        name: str,
        account: str,
        *,
        cancel_on_disconnect: bool = False,
        stp: int = 0,
    ) -> None: ...
    def entry_closed(self, entry: int) -> None: ...
    def new_order(
        self,
        *,
        instrument: int,
        side: int,
        ord_type: int,
        tif: int,
        qty: int,
        price: int | None = None,
        exec_inst: int = 0,
        stp: int = 255,
        entry: int | None = None,
        user: str = "",
        num: int = 0,
        text: str = "",
    ) -> None: ...
    def cancel(
        self,
        *,
        entry: int | None = None,
        user: str = "",
        num: int = 0,
        orig_num: int = 0,
        text: str = "",
        order_id: int = 0,
        instrument: int | None = None,
    ) -> None: ...
    def replace(
        self,
        *,
        entry: int | None = None,
        user: str = "",
        num: int = 0,
        orig_num: int = 0,
        text: str = "",
        order_id: int = 0,
        price: int | None = None,
        qty: int | None = None,
        instrument: int | None = None,
    ) -> None: ...
    def mass_cancel(
        self,
        *,
        kind: int,
        entry: int | None = None,
        user: str = "",
        num: int = 0,
        instrument: int | None = None,
        side: int = 0,
    ) -> None: ...
    def status(
        self,
        *,
        entry: int,
        req_id: int,
        num: int = 0,
        order_id: int = 0,
        instrument: int | None = None,
    ) -> None: ...
    def refuse(self, entry: int, ref_id: int, template: int, reason: int) -> None: ...
    def instrument(
        self,
        symbol: str,
        *,
        tick: int,
        lot: int,
        qty_min: int = 0,
        qty_max: int = 0,
        notional_min: int = 0,
        price_band_bps: int = 0,
        orders_per_side_max: int = 0,
        session_end_s: int = 0,
        open: bool = True,
    ) -> None: ...
    def settings(
        self,
        *,
        accounts_max: int,
        client_ids_per_account_max: int,
        instruments_max: int,
        event_batch_bytes_max: int,
        stamp_ahead_ns_max: int,
    ) -> None: ...
    def tick(self) -> None: ...
    def seal(
        self, gateway: int, incarnation: int, number: int, stamp_ns: int, commands_max: int
    ) -> bytes | None: ...

def describe_commands(batch: bytes) -> str: ...
def describe_events(batches: bytes) -> str: ...

@final
class View:
    def __new__(
        cls,
        gateway: int,
        *,
        recent_orders_max: int = 20_000,
        overlay_orders_max: int = 200_000,
        trades_max: int = 1_000,
    ) -> View: ...
    @property
    def sequence(self) -> int: ...
    @property
    def time_ns(self) -> int: ...
    @property
    def full(self) -> bool: ...
    @property
    def counts(self) -> tuple[int, int]: ...
    def apply(
        self, batches: bytes
    ) -> tuple[list[tuple[int, int, bytes, int, int]], list[tuple[int, bytes]]]: ...
    def recorded(self, sequence: int) -> None: ...
    def listen(self, connection: int, user: str) -> None: ...
    def unlisten(self, connection: int, user: str) -> None: ...
    def instruments(self) -> list[tuple[int, str]]: ...
    def instruments_json(self) -> bytes: ...
    def book_json(self, symbol: str, depth: int) -> bytes | None: ...
    def trades(self, symbol: str, limit: int) -> list[tuple[int, bytes]]: ...
    def ticker_edge(self, symbol: str, now_ns: int) -> tuple[int, int] | None: ...
    def ticker_json(
        self,
        symbol: str,
        now_ns: int,
        edge: tuple[int, int, int, int, int, int, int] | None = None,
    ) -> bytes | None: ...
    def order_json(self, order_id: int) -> bytes | None: ...
    def recent(
        self,
        user: str,
        *,
        before: int,
        limit: int,
        status: str | None = None,
        symbol: str | None = None,
    ) -> list[tuple[int, bytes]]: ...
    def keeps(self, order_id: int) -> bool: ...
    def wait_for(self, order_id: int) -> int: ...
    def wait_for_user(self, user: str) -> int: ...

def load_main(args: list[str]) -> int: ...
def parse_decimal(text: bytes) -> int: ...
