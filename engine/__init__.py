"""The matching service: journal in, state machine, journal out; snapshots and recovery.

Imports ``store`` and below; only ``quantscope`` imports it.
"""
