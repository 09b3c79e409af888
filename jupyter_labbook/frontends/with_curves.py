"""A comparison as a notebook shows it: the table, and under it the learning curves as a picture."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from jupyter_labbook.compare.comparison import Comparison

SHARPNESS: Final = 2
"""Pixels a point of the screen: sharp on screens that have more of them."""


class WithCurves:
    """Shows `comparison` with its curves; in everything else it is that comparison."""

    def __init__(self, comparison: Comparison) -> None:
        self.comparison = comparison

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.comparison, name)

    def __str__(self) -> str:
        return str(self.comparison)

    def __repr__(self) -> str:
        return str(self.comparison)

    def _repr_html_(self) -> str:
        return self.comparison._repr_html_()

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display({"text/plain": str(self), "text/html": self._repr_html_()}, raw=True)
        names = self.comparison.curves()
        if names:
            content, metadata = _picture(self.comparison)
            plain = "learning curves: " + ", ".join(names)
            display({"image/png": content, "text/plain": plain}, metadata=metadata, raw=True)


def _picture(comparison: Comparison) -> tuple[bytes, dict[str, Any]]:
    """The figure as PNG, and its size on the screen."""
    figure = comparison.plot()
    width, height = figure.get_size_inches() * figure.dpi
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=figure.dpi * SHARPNESS)
    return buffer.getvalue(), {"image/png": {"width": int(width), "height": int(height)}}
