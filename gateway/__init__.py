"""TCP order entry: accept, authenticate, pump sessions, route events back.

Imports ``store`` and below; only ``quantscope`` imports it.
"""
