"""A real ipykernel in a process of its own, and what it sends when it executes a cell."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

ROOT = Path(__file__).parents[2]
Message = dict[str, Any]

_SHOWN = {"stream", "display_data", "update_display_data", "execute_result", "error", "clear_output"}


class Kernel:
    """Executes cells one after the other; `close` ends it."""

    def __init__(self, folder: Path, **environment: str) -> None:
        scoped = {f"JUPYTER_{kind}_DIR": str(folder / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
        for path in scoped.values():
            Path(path).mkdir(parents=True, exist_ok=True)
        own = {"IPYTHONDIR": str(folder / "ipython"), "PYTHONPATH": str(ROOT), "NO_COLOR": "1", **environment}
        inherited = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
        self._manager = KernelManager(kernel_name="python3", transport="ipc")
        self._manager.ip = str(folder / "socket")
        self._manager.start_kernel(env={**inherited, **scoped, **own}, cwd=str(folder))
        self._client: BlockingKernelClient = self._manager.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=60)

    def run(self, code: str, *, timeout: float = 60, cell_id: str | None = None, **options: Any) -> list[Message]:
        """What the kernel showed while it executed `code`: type and content of each message."""
        if cell_id is None:
            return self.answer(self._client.execute(code, **options), timeout)
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        message = self._client.session.msg("execute_request", content, metadata={"cellId": cell_id})
        self._client.shell_channel.send(message)
        return self.answer(message["header"]["msg_id"], timeout)

    def answer(self, asked: str, timeout: float = 60) -> list[Message]:
        messages: list[Message] = []
        while True:
            message = self._client.get_iopub_msg(timeout=timeout)
            if message["parent_header"].get("msg_id") != asked:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] == "idle":
                break
            if kind in _SHOWN:
                messages.append({"type": kind, **content})
        self.reply = self._reply(asked, timeout)
        return messages

    def _reply(self, asked: str, timeout: float) -> Message:
        """The reply to `asked`; replies to what `wait_for_ready` asked may lie before it."""
        while True:
            try:
                message = self._client.get_shell_msg(timeout=timeout)
            except Empty:
                return {}
            if message["parent_header"].get("msg_id") == asked:
                return dict(message["content"])

    def start(self, code: str) -> str:
        """Send a cell and do not wait for it."""
        return str(self._client.execute(code))

    def await_text(self, text: str) -> None:
        """Wait until the cell that executes has printed `text`."""
        while text not in self._client.get_iopub_msg(timeout=60)["content"].get("text", ""):
            pass

    def interrupt(self) -> None:
        self._manager.interrupt_kernel()

    def text(self, code: str, **options: Any) -> str:
        """What a cell printed."""
        return "".join(message["text"] for message in self.run(code, **options) if message["type"] == "stream")

    def close(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)
        self._manager.cleanup_resources()


def merged(messages: list[Message]) -> list[Message]:
    """Messages with the consecutive text of one stream in one piece, and without what differs by chance."""
    result: list[Message] = []
    for message in messages:
        message = {key: value for key, value in message.items() if key != "transient"}
        last = result[-1] if result else {}
        if message["type"] == "stream" and last.get("type") == "stream" and last["name"] == message["name"]:
            last["text"] += message["text"]
        else:
            result.append(message)
    return result


def comparable(messages: list[Message]) -> list[Message]:
    """Messages without what `%%time` measured, process ids and addresses."""
    text = json.dumps(merged(messages))
    text = re.sub(r"(CPU times|Wall time): .*?(?=\\n)", "TIME", text)
    text = re.sub(r"ipykernel_\d+", "KERNEL", text)
    text = re.sub(r"\d{5,}\.py", "CELL.py", text)  # named by a hash of the cell, magic line included
    found: list[Message] = json.loads(re.sub(r"0x[0-9a-f]+", "ADDRESS", text))
    return found
