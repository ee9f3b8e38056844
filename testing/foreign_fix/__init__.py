"""FIX engines that others wrote, driven by tests: QuickFIX, QuickFIX/J and Binance's connector.

Each runs in a process of its own, so that it can be killed, and so that its threads are not those
of the tests.  A driver (``quickfix_driver.py``, ``Driver.java``, ``binance_driver.py``) reads lines
of JSON and says lines of JSON; ``ForeignEngine`` is the other end of all of them.

The first line to a driver is an object with ``settings`` (the engine's own, by name, as texts) and
``logon`` (tags and values that it adds to each Logon).  It answers ``{"said": "ready"}``, and
connects.  Then each line is a command, and each is answered by one line, ``{"said": "done", ...}``
or ``{"said": "failed", "text": WHY}``:

========================  ======================================================================
``do``                    what it does
========================  ======================================================================
``send``                  sends ``text``, a whole message as FIX has it; the engine writes the
                          header's CompIDs, number and time anew
``numbers``               sets ``next_out`` and ``next_in`` where they are given; the answer has
                          both as they are then
``logon``, ``logout``     logs on again by and by; logs out with ``text``, and stays so
``disconnect``            closes the connection without a Logout; the engine comes back
``reset``                 logs out, and begins anew with number 1 on both sides
``stop``                  ends, and is not answered.  The end of the input does the same
========================  ======================================================================

Between the answers come ``{"said": "in"}`` and ``{"said": "out"}`` with the ``text`` of each
message as it went over the line (each byte a character), ``{"said": "logged_on"}`` and
``{"said": "logged_out"}``, and ``{"said": "log"}`` with what else the engine logs.  A message is
said when it was read, which is before the engine has acted upon it.
"""
