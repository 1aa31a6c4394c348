"""`torch.autocast("hpu")`: which operators it casts, how, and to what; and CPU autocast kept off the device's work."""
