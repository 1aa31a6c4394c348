"""Emulated habana_frameworks.torch.core."""
