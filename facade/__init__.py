"""REST, WebSocket and the documents that describe them.

Imports ``store`` and below; only ``quantscope`` imports it.
"""
