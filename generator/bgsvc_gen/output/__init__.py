"""The only code that touches the disk: what is there, what differs, and writing it whole."""
