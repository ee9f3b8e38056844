"""The naive twin of the engine, and random sequences of commands for both."""
