"""The command line, and the one place where roles are wired together.

Imports everything; nothing imports it.
"""
