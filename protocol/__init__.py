"""What goes over the wires: the SBE schema, SoupBinTCP packets, message types, documents.

Pure: no I/O, no clock.  Imports nothing of the project; everything may import it.
"""
