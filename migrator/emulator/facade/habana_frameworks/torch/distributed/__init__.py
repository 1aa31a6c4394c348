"""Emulated habana_frameworks.torch.distributed."""
