"""The testing kit: what tests and benchmarks of more than one folder share; it is not shipped.

Here belongs an exchange to test, in this process or in one of its own; what makes disks, logs,
lines and clocks fail on purpose; the words in which tests speak to an exchange; the checkers of
what clients saw; and the naive twins with which the exchange is compared.  A helper that one
folder of tests uses alone stands beside these tests.

It may import whatever is shipped.  Nothing that is shipped imports it, and it imports no test.
"""
