"""The plain files of a labbook: what every other room writes to and reads from."""
