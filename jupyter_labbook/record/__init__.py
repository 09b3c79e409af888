"""A cell becomes a run: the only room that knows IPython's execution of a cell."""
