"""The roles of a cluster, each in a process of its own."""
