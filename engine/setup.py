"""Configuration as commands: what differs from the engine's state is journaled like all else."""

import logging
from dataclasses import asdict, dataclass, fields, replace

from core import RULES, Commands, Engine, EngineLimits, Entry, Instrument
from protocol.terms import EntryKind, Gateway

log = logging.getLogger("quantscope.engine")


@dataclass(frozen=True)
class InstrumentSetup:
    """An instrument as it is to be; prices and quantities in multiples of 10^-8, 0 = no limit."""

    symbol: str
    tick: int
    lot: int
    qty_min: int
    qty_max: int
    notional_min: int
    price_band_bps: int
    orders_per_side_max: int
    session_end_s: int
    open: bool

    @classmethod
    def of(cls, known: Instrument) -> "InstrumentSetup":
        """The setup of an instrument as the engine has it."""
        return cls(**{field.name: getattr(known, field.name) for field in fields(cls)})


@dataclass(frozen=True)
class EntrySetup:
    """A session of a protocol with logins: ``kind`` is the protocol (see ``EntryKind``)."""

    kind: int
    name: str
    account: str
    cancel_on_disconnect: bool
    stp: int

    @property
    def key(self) -> str:
        """The name under which the engine has it: a login is told without case."""
        return self.name.lower()


class SetupRefused(Exception):
    """What is configured does not fit into the engine's limits."""


@dataclass(frozen=True)
class Setup:
    """What the engine's answers depend on, besides the orders."""

    limits: EngineLimits
    instruments: tuple[InstrumentSetup, ...]
    entries: tuple[EntrySetup, ...]

    def commands(self, engine: Engine) -> Commands:
        """What differs from the engine's state, as commands; nothing where nothing does.

        An instrument that is no longer named is closed: it has its number for ever, and its open
        orders can still be canceled.
        """
        out = Commands()
        self._limits(engine, out)
        self._instruments(engine, out)
        self._entries(engine, out)
        return out

    def changes(self, engine: Engine) -> list[str]:
        """What differs from the engine's state, in a line each, for who is to read it first."""
        rows = {row.symbol: InstrumentSetup.of(row) for row in engine.instruments()}
        wanted = {item.symbol: item for item in self.instruments}
        lines = [] if engine.settings() == self.limits else ["limits: others than before"]
        for symbol, item in wanted.items():
            known = rows.get(symbol)
            if known is None:
                lines.append(f"instrument {symbol}: new")
            elif known != item:
                lines.append(f"instrument {symbol}: {_differences(known, item)}")
        lines += [
            f"instrument {symbol}: closed, for it is not configured"
            for symbol in rows.keys() - wanted.keys()
            if rows[symbol].open
        ]
        entries = entries_by_name(engine)
        for entry in self.entries:
            row = entries.get((entry.kind, entry.key))
            if row is None:
                lines.append(f"user {entry.name}: new; gateways know it after SIGHUP, or a start")
            elif (row.cancel_on_disconnect, row.stp) != (entry.cancel_on_disconnect, entry.stp):
                lines.append(f"user {entry.name}: other settings")
        if engine.rules() < RULES:
            lines.append(f"rules: version {engine.rules()} -> {RULES}")
        return sorted(lines)

    def _limits(self, engine: Engine, out: Commands) -> None:
        if engine.settings() != self.limits:
            out.settings(self.limits)

    def _instruments(self, engine: Engine, out: Commands) -> None:
        rows = engine.instruments()
        known = {row.symbol: InstrumentSetup.of(row) for row in rows}
        numbers = {row.symbol: row.number for row in rows}
        wanted = {item.symbol: item for item in self.instruments}
        count = len(known.keys() | wanted.keys())
        if wanted.keys() - known.keys() and count > self.limits.instruments_max:
            raise SetupRefused(
                f"engine.instruments_max = {self.limits.instruments_max} does not allow {count} "
                f"instruments: {len(wanted)} are configured, and {len(known)} have been"
            )
        for symbol in known.keys() - wanted.keys():
            if known[symbol].open:
                log.warning(
                    "instrument %s is no longer configured: it is closed, its open orders can be "
                    "canceled",
                    symbol,
                )
            wanted[symbol] = replace(known[symbol], open=False)
        for symbol, item in wanted.items():
            if known.get(symbol) != item:
                # A new one's number is above all that there are: it is that instrument's for ever.
                number = numbers.setdefault(symbol, max(numbers.values(), default=0) + 1)
                if number > self.limits.instruments_max and symbol not in known:
                    raise SetupRefused(
                        f"engine.instruments_max = {self.limits.instruments_max} does not allow "
                        f"instrument {symbol}: its number would be {number}"
                    )
                out.instrument(number, **asdict(item))

    def _entries(self, engine: Engine, out: Commands) -> None:
        known = entries_by_name(engine)
        accounts = {entry.account_name for entry in engine.entries()}
        new = [entry for entry in self.entries if (entry.kind, entry.key) not in known]
        if new:
            self._check_accounts(accounts, new)
        for entry in self.entries:
            row = known.get((entry.kind, entry.key))
            if row is None:
                out.entry_open(
                    entry.kind,
                    entry.key,
                    account_of(entry.account, accounts),
                    cancel_on_disconnect=entry.cancel_on_disconnect,
                    stp=entry.stp,
                )
                continue
            if row.account_name != account_of(entry.account, accounts):
                log.warning(
                    "user %s trades for the account %s, which it has had from the first, not for "
                    "%s",
                    entry.name,
                    row.account_name,
                    entry.account,
                )
            if (row.cancel_on_disconnect, row.stp) != (entry.cancel_on_disconnect, entry.stp):
                out.entry_open(
                    row.kind,
                    row.name,
                    row.account_name,
                    cancel_on_disconnect=entry.cancel_on_disconnect,
                    stp=entry.stp,
                )

    def _check_accounts(self, known: set[str], new: list[EntrySetup]) -> None:
        count = len(known | {account_of(entry.account, known) for entry in new})
        most = self.limits.accounts_max
        if count > max(most, len(known)):
            raise SetupRefused(
                f"engine.accounts_max = {most} does not allow {count} accounts: "
                f"there are {len(known)}, and user {new[-1].name} needs one"
            )


def _differences(known: InstrumentSetup, item: InstrumentSetup) -> str:
    before, after = asdict(known), asdict(item)
    changed = [name for name in before if before[name] != after[name]]
    return ", ".join(f"{name} {before[name]} -> {after[name]}" for name in changed)


def batches_of(engine: Engine, setup: Setup, stamp_ns: int, commands_max: int) -> list[bytes]:
    """What a configuration changes, as batches of the engine's own; none where it changes nothing.

    Newer rules go first, and alone: what comes behind them is decided by them.
    """
    batches = []
    if engine.rules() < RULES:
        rules = Commands()
        rules.rules(RULES)
        cut = rules.seal(Gateway.ENGINE, 0, 0, stamp_ns, 1)
        batches += [] if cut is None else [cut]
    system = setup.commands(engine)
    while sealed := system.seal(Gateway.ENGINE, 0, 0, stamp_ns, commands_max):
        batches.append(sealed)
    return batches


def account_of(name: str, known: set[str]) -> str:
    """The account that a name stands for: users are told without case.

    New accounts have lower case; one that was opened with capitals is told by its exact name.
    """
    return name if name in known else name.lower()


def entries_by_name(engine: Engine) -> dict[tuple[int, str], Entry]:
    """The entries of logins, by protocol and by name without case: of two, the older one."""
    found: dict[tuple[int, str], Entry] = {}
    for entry in engine.entries():
        if entry.kind != EntryKind.REST:
            found.setdefault((entry.kind, entry.name.lower()), entry)
    return found
