"""What the server that victims are forked from loads: all that recording a first run would load."""

from __future__ import annotations

import IPython.core.completer
import IPython.core.debugger
import IPython.core.magics
import IPython.utils.text
import numpy

from jupyter_labbook.frontends import line_magic, magic
from jupyter_labbook.record import artifacts, card, code, data, environment, hardware, patch, recording
from jupyter_labbook.store import check, history, repair, runs, selection

LOADED = (
    IPython,
    numpy,  # who becomes nobody may not be able to read the environment any more
    artifacts,
    card,
    check,
    code,
    data,
    environment,
    hardware,
    history,
    line_magic,
    magic,
    patch,
    recording,
    repair,
    runs,
    selection,
)
