"""Packing short sequences into rows: the algorithms, on counts of lengths only."""
