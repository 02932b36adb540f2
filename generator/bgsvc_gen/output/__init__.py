"""The output folder: what is there, what differs, and writing it whole."""
