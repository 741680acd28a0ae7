"""models/losses (see docs/architecture.md)."""
