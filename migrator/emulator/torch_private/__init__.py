"""Every private name of torch that the emulator imports: the one place to look at when torch moves on.

Three modules, by when their names can be imported. tests/emulator/test_private_api.py names them all again and fails
when a module outside of here reaches for one.
"""
