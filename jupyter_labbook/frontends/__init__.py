"""Doors to one vocabulary: each parses and shows, none decides."""
