"""Python clients for the binary protocol, FIX, REST and WebSocket: pure Python.

Imports ``protocol`` alone; only ``quantscope`` (and programs of users) import it.
"""
