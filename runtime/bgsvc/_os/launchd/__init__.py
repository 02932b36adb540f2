"""macOS: the agents and daemons of launchd."""
