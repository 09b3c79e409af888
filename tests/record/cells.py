"""Cells that show things in every way there is; each runs in the namespace that the ones before left."""

from __future__ import annotations

SHOWING = r"""
## text of both streams
import sys
print('a', 1)
sys.stdout.flush()
sys.stderr.write('err')
sys.stderr.flush()
print('c', end='')
## writelines and flush
sys.stdout.writelines(['a\n', 'b\n'])
sys.stdout.flush()
## a result
x = [1, 2]
x
## a silenced result
x;
## a rich result
from IPython.display import *
HTML('<b>x</b>')
## displays
display('a', Markdown('# b'))
print('between')
display({'text/plain': 'raw'}, raw=True)
## a display that changes
h = display('old', display_id='one')
print('x')
h.update('new')
update_display('newer', display_id='one')
## an update of another cell's display
update_display('newest', display_id='one')
print('done')
## cleared at once
print('gone')
display('gone')
clear_output()
print('stays')
## cleared when there is more
print('gone')
clear_output(wait=True)
print('stays')
## cleared when there is no more
print('stays')
clear_output(wait=True)
## JSON and metadata
display(JSON({'a': [1, 2.5, None]}), metadata={'application/json': {'expanded': True}})
## an image as bytes
display(Image(data=bytes.fromhex('89504e470d0a1a0a') + bytes(20), format='png', width=3))
## svg
display(SVG('<svg xmlns="http://www.w3.org/2000/svg"><g/></svg>'))
## a shell command
!echo from the shell; echo oops >&2
## a captured shell command
lines = !echo quiet
lines
## captured with a magic
%%capture got
print('kept by the user')
display('too')
42
## and shown afterwards
print(got.stdout, len(got.outputs))
got.show()
## timed
%%time
print('inside')
1 + 1
## redirected
import io
from contextlib import redirect_stdout
b = io.StringIO()
with redirect_stdout(b):
    print('hidden')
print('shown', repr(b.getvalue()))
## a stream in front of the stream
class Tee(io.TextIOBase):
    def __init__(self, to):
        self.to = to
    def write(self, text):
        return self.to.write(text.upper())
    def flush(self):
        self.to.flush()
before, sys.stdout = sys.stdout, Tee(sys.stdout)
print('teed')
sys.stdout = before
print('plain')
## threads
import threading
t = threading.Thread(target=lambda: (print('in a thread'), display('thread')))
t.start()
t.join()
## a child process that writes to the descriptor
import subprocess, time
subprocess.run(['echo', 'from below'])
time.sleep(0.3)
## awaiting
import asyncio
print('a')
await asyncio.sleep(0.01)
print('b')
'c'
## tasks
async def say(x):
    print(x)
await asyncio.gather(say(1), say(2))
## logging and warnings
import logging, warnings
logging.basicConfig(force=True)
logging.warning('logged')
warnings.warn('warned')
## an error
print('before')
1 / 0
## a syntax error
print('never')
x ==
## a usage error
%nosuchmagic
## an error while showing
class Bad:
    def __repr__(self):
        raise ValueError('no repr')
Bad()
## a chained error
try:
    1 / 0
except Exception as e:
    raise ValueError('x') from e
## an error group
raise ExceptionGroup('several', [ValueError(1), TypeError(2)])
## an exit
raise SystemExit(0)
## a run inside
shell = get_ipython()
shell.run_cell('print(1)\n2');
## colours and carriage returns
print('\x1b[31mred\x1b[0m')
for i in range(3):
    print(f'\r{i}', end='')
## nothing
pass
"""

PLOTTING = r"""
## left to the end of the cell
%matplotlib inline
import matplotlib.pyplot as plt
plt.rcParams['svg.hashsalt'] = 'x'
plt.plot([1, 2])
print('text')
## shown
fig, ax = plt.subplots(figsize=(1, 1))
ax.plot([1])
plt.show()
print('after')
## in two formats
%config InlineBackend.figure_formats = ['svg', 'png']
plt.plot([1]);
"""


def cells(text: str) -> dict[str, str]:
    """Name to source."""
    parts = text.removeprefix("\n## ").split("\n## ")
    return {name: source.rstrip("\n") for name, _, source in (part.partition("\n") for part in parts)}
