"""TCP order entry: accept, authenticate, pump sessions, route events back.

``binary`` is the acceptor of the binary protocol, ``connection`` one TCP connection of it,
``replay`` the pump of old messages.  What is done per message is ``core.OrderEntry``.
Imports ``store`` and below; only ``quantscope`` imports it.
"""
