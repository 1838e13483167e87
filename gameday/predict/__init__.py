"""What the settings promise before anything is broken. Pure, on NumPy."""
