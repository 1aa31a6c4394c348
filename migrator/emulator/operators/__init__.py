"""torch's operators on the device: kernels that run the CPU's on the same bytes, and what may lie over them."""
