"""``/metrics``: what each part counts, read at the scrape and never before.

One class for each role or part, which takes what it reads and nothing else; ``exposition.renderer``
puts some of them together for a process.  Whoever needs one imports it from its own module: one
process does not load what only a cluster has.
"""
