"""`run.json` as it is when a run starts: every key, in the order a person reads them."""

from __future__ import annotations

import hashlib
from typing import Any

from jupyter_labbook.record import context
from jupyter_labbook.record.plan import Plan
from jupyter_labbook.record.redact import redact
from jupyter_labbook.record.values import parameter_value
from jupyter_labbook.store import layout, liveness


def first_fields(
    plan: Plan,
    id: str,
    started: str,
    metric_sources: dict[str, str],
    warnings: list[str],
    degraded: list[str],
) -> dict[str, Any]:
    """The fields of a record whose run begins now; the last three grow while it lives."""
    sweep, trial = context.sweep_context()
    source = redact(plan.source).encode("utf-8", "backslashreplace")
    return {
        "format": layout.FORMAT,
        "id": id,
        "experiment": redact(plan.experiment),
        "what": _redacted(plan.what),
        "why": _redacted(plan.why),
        "expect": [
            {"claim": redact(claim), "verdict": "none", "observed": None, "reason": None}
            for claim in (*plan.expect, *plan.prose)
        ],
        "status": "running",
        "verdict": "none",
        "conclusion": None,
        "tags": [redact(tag) for tag in plan.tags],
        "parameters": {},
        "parameter_sources": {},
        "parameter_types": {},
        "metrics": {},
        "metric_sources": metric_sources,
        "missing_metrics": [],
        "started": started,
        "ended": None,
        "duration": None,
        "group": plan.group,
        "each": {name: parameter_value(value)[0] for name, value in plan.each.items()},
        "sweep": sweep,
        "trial": trial,
        "parent": plan.parent,
        "baseline": plan.baseline,
        "seed": plan.seed,
        "notebook": plan.notebook,
        "cell": {"sha256": hashlib.sha256(source).hexdigest(), "magic": _redacted(plan.magic)},
        "code": {},
        "environment": {},
        "data": [],
        "artifacts": [],
        "error": None,
        "resources": {},
        "warnings": warnings,
        "degraded": degraded,
        "host": liveness.host(),
        "process": context.this_process(),
    }


def _redacted(text: str | None) -> str | None:
    return None if text is None else redact(text)
