"""What the tests put into a log."""


def batch(offset: int, size: int) -> bytes:
    """Bytes that differ from those of any other offset."""
    return (offset.to_bytes(8, "little") * (size // 8 + 1))[:size]
