"""Move training code from NVIDIA GPUs to Intel Gaudi, stage by stage, with every change explained."""

__version__ = "0.1.0"
