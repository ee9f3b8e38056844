"""TCP order entry: accept, authenticate, pump sessions, route events back.

``connections`` is what every protocol needs, ``connection`` one TCP connection, ``replay`` the pump
of old messages; ``binary`` is what the binary protocol decides.  What is done per message is
``core.OrderEntry``.
Imports ``store`` and below; only ``quantscope`` imports it.
"""
