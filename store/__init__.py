"""The Store port with its SQLite adapter, and the recorder that fills it from the journal.

Imports ``journal`` and below; the facade, the engine and the gateway may import it.
"""
