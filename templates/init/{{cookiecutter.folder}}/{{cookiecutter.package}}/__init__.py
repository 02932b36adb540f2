"""The app; its service is in `heartbeat`."""
