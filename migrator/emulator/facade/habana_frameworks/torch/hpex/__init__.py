"""Emulated habana_frameworks.torch.hpex."""
