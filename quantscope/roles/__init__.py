"""The parts of an exchange that are run: the engine, the recorder, order entry, the facade.

Each is a ``role.Role``: it is opened, runs until it is told to stop, and is closed.  One process
may have all of them, as ``quantscope.serve`` does.  Here stands how a role is put together from the
rooms below, and nothing of what those do.  ``quantscope.serve`` imports this, and tests.
"""
