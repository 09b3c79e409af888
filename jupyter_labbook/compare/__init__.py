"""Runs side by side: pure functions, no input or output."""
