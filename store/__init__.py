"""The Store port with its SQLite adapter, and the recorder that fills it from the journal.

Imports ``journal`` and below; the facade, the engine and the gateway may import it.
"""

from store.port import Bar, Store, Sum, Trade
from store.recorder import RecorderService
from store.sqlite import SqliteStore

__all__ = ["Bar", "RecorderService", "SqliteStore", "Store", "Sum", "Trade"]
