"""The host on a desktop system: notifications, the console, the service manager."""
