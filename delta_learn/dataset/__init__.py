"""Sessions to training windows, split in time."""
