"""The data that every other room shares: enums, errors, configuration, events, status."""
