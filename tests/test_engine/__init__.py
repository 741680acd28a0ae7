"""Tests of the engine: resume, checkpoints, several processes, what goes wrong."""
