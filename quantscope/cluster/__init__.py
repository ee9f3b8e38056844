"""The roles of a cluster, each in a process of its own.

The counterpart of ``quantscope.roles`` with ``quantscope.serve``, which put all roles into one
process.
"""
