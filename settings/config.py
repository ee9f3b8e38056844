"""All settings."""

import msgspec

from settings.engine import EngineSettings
from settings.facade import FacadeSettings
from settings.fix import FixSettings
from settings.gateway import GatewaySettings
from settings.journal import JournalSettings
from settings.kafka import KafkaSettings
from settings.redis import RedisSettings
from settings.server import ServerSettings
from settings.store import StoreSettings
from settings.tls import TlsSettings
from settings.trading import InstrumentSettings, UserSettings, default_instruments, demo_users
from settings.values import Section


class Config(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All of it."""

    server: ServerSettings = ServerSettings()
    tls: TlsSettings = TlsSettings()
    journal: JournalSettings = JournalSettings()
    kafka: KafkaSettings = KafkaSettings()
    engine: EngineSettings = EngineSettings()
    gateway: GatewaySettings = GatewaySettings()
    fix: FixSettings = FixSettings()
    facade: FacadeSettings = FacadeSettings()
    store: StoreSettings = StoreSettings()
    redis: RedisSettings = RedisSettings()
    users: tuple[UserSettings, ...] = msgspec.field(default_factory=demo_users)
    instruments: tuple[InstrumentSettings, ...] = msgspec.field(default_factory=default_instruments)
