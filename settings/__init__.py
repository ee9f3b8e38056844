"""Every setting, once: its name, unit, default, bounds, and what it is for.

One file for each role, which takes its section as it is; native code takes the attributes that it
needs of one by these same names.  Imports nothing of the project; everything but ``protocol`` and
``clients`` may import it.  ``file`` reads the configuration, ``listing`` prints it.
"""

from settings.config import Config
from settings.engine import EngineSettings
from settings.facade import FacadeSettings
from settings.file import environment, load
from settings.fix import FixSettings
from settings.gateway import GatewaySettings
from settings.journal import JournalSettings
from settings.kafka import KafkaSettings
from settings.listing import show
from settings.redis import RedisSettings
from settings.server import ServerSettings
from settings.store import StoreSettings
from settings.tls import TlsSettings
from settings.trading import InstrumentSettings, UserSettings
from settings.values import ConfigError, Section

__all__ = [
    "Config",
    "ConfigError",
    "EngineSettings",
    "FacadeSettings",
    "FixSettings",
    "GatewaySettings",
    "InstrumentSettings",
    "JournalSettings",
    "KafkaSettings",
    "RedisSettings",
    "Section",
    "ServerSettings",
    "StoreSettings",
    "TlsSettings",
    "UserSettings",
    "environment",
    "load",
    "show",
]
