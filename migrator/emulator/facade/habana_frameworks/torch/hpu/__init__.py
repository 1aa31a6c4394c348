"""Emulated habana_frameworks.torch.hpu."""
