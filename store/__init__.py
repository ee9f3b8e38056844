"""The Store port with its SQLite adapter, and the recorder that fills it from the journal.

Imports ``journal`` and below; the facade, the engine and the gateway may import it.
"""

from store.port import Store
from store.recorder import RecorderService
from store.sqlite import SqliteStore

__all__ = ["RecorderService", "SqliteStore", "Store"]
