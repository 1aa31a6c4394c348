"""The pure core: bytes in, bytes out. No I/O, no git, no printing."""
