"""engine/hooks (see docs/architecture.md)."""
