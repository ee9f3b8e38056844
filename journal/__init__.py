"""The Journal port, and its adapters: SQLite, memory, and a faulty one for tests.

Imports ``core`` and ``protocol``; the store, the engine, the gateway and the facade may import it.
"""
