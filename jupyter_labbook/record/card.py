"""The card under a cell: one line a person reads at a glance, and the rest behind it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from jupyter_labbook.compare.direction import better, direction
from jupyter_labbook.render import html, text
from jupyter_labbook.run import Claim, Run, shown_metrics

SIGNS: Final = {"finished": "✓", "failed": "✗", "interrupted": "■", "running": "…", "lost": "?"}
VERDICTS: Final = {"supported": "✓", "refuted": "✗", "inconclusive": "?", "none": "·"}
SHOWN: Final = 4
"""Metrics on the line; the others are behind it."""

_COLORS: Final = {"finished": html.GOOD, "supported": html.GOOD, "failed": html.BAD, "refuted": html.BAD}


def card(run: Run, before: Run | None) -> tuple[str, str]:
    """The card as text and as static HTML; `before` is the run of the same experiment before this one."""
    pieces = list(_pieces(run, before))
    return " · ".join([piece for piece, _ in pieces]), _html(run, " · ".join([markup for _, markup in pieces]))


def _pieces(run: Run, before: Run | None) -> Iterator[tuple[str, str]]:
    sign = SIGNS[run.status]
    name = text.plain(text.shorten(run.experiment, 40))
    status = "" if run.status == "finished" else f" {run.status}"
    head = f"{_signed(run.status, sign)} <b>{html.escape(name)}</b> {html.code(run.short_id)}{status}"
    yield f"{sign} {name} {run.short_id}{status}", head
    seconds = text.duration(run.record.duration)
    yield seconds, seconds
    if run.record.error is not None:
        message = text.plain(text.shorten(f"{run.record.error.type}: {run.record.error.message}", 80))
        yield message, html.escape(message)
    earlier = shown_metrics(before.metrics) if before is not None else {}
    metrics = shown_metrics(run.metrics)
    for metric, value in _leading(run, metrics):
        yield _metric(metric, value, earlier.get(metric), [claim.claim for claim in run.claims])
    if len(metrics) > SHOWN:
        more = f"{len(metrics) - SHOWN} more"
        yield more, more
    for claim in run.claims:
        yield _claim(claim)
    if run.record.warnings:
        yield _warnings(run.record.warnings)


def _leading(run: Run, metrics: dict[str, int | float]) -> list[tuple[str, int | float]]:
    """The metrics on the line: those that a claim names, then those logged last."""
    places = {name: " ".join(claim.claim for claim in run.claims).find(name) for name in metrics}
    claimed = sorted((name for name in metrics if places[name] >= 0), key=places.__getitem__)
    others = [name for name in metrics if name not in claimed]
    return [(name, metrics[name]) for name in (*claimed, *reversed(others[-SHOWN:]))][:SHOWN]


def _metric(name: str, value: int | float, earlier: int | float | None, claims: list[str]) -> tuple[str, str]:
    shown = text.number(value)
    label = text.shorten(name, 40)
    plain, markup = f"{text.plain(label)} {shown}", f"{html.escape(label)} <b>{shown}</b>"
    if earlier is None or earlier != earlier or value != value:
        return plain, markup
    change = value - earlier
    delta = f"({text.signed(change, text.decimals([value]))})"
    if change == 0:
        return f"{plain} {delta}", f"{markup} {delta}"
    color = html.GOOD if better(value, earlier, direction(name, claims)) else html.BAD
    return f"{plain} {delta}", f'{markup} <span style="color:{color}">{delta}</span>'


def _claim(claim: Claim) -> tuple[str, str]:
    sign = VERDICTS[claim.verdict]
    shown = text.shorten(claim.claim, 60)
    why = f" ({text.shorten(claim.reason, 80)})" if claim.reason and claim.verdict == "inconclusive" else ""
    return (
        f"{sign} {text.plain(shown)} {claim.verdict}{text.plain(why)}",
        f"{_signed(claim.verdict, sign)}&nbsp;{html.code(shown)} {claim.verdict}{html.escape(why)}",
    )


def _warnings(warnings: list[str]) -> tuple[str, str]:
    first = text.shorten(warnings[0], 100)
    more = f" (and {len(warnings) - 1} more)" if len(warnings) > 1 else ""
    return f"⚠ {text.plain(first)}{more}", f"⚠ {html.escape(first)}{more}"


def _signed(word: str, sign: str) -> str:
    color = _COLORS.get(word)
    return f'<b style="color:{color}">{sign}</b>' if color else f"<b>{sign}</b>"


def _html(run: Run, line: str) -> str:
    entries = [(label, value) for label, value in _rest(run) if value]
    return (
        '<details style="margin:.4em 0;font-size:13px;line-height:1.5">'
        f'<summary style="cursor:pointer">{line}</summary>'
        f'<div style="padding:.2em 0 .2em 1em">{html.definitions(entries)}</div></details>'
    )


def _rest(run: Run) -> Iterator[tuple[str, str]]:
    record = run.record
    yield "what", run.what or ""
    yield "why", run.why or ""
    for claim in run.claims:
        yield f"claim {claim.verdict}", claim.claim + (f" — {claim.reason}" if claim.reason else "")
    yield (
        "parameters",
        ", ".join(f"{name}={text.shorten(str(value), 60)}" for name, value in run.parameters.items()),
    )
    yield (
        "metrics",
        ", ".join(f"{name} {text.number(value)}" for name, value in shown_metrics(run.metrics).items()),
    )
    for warning in record.warnings:
        yield "warning", warning
    yield "run", f"{run.id} · %labbook show {run.short_id} · %labbook compare last last-1"
