"""Tensors of the device: CPU memory under a second label, and what torch does with them from Python."""
