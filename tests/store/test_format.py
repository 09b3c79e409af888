"""FORMAT.md, the frozen schemas and the code say the same."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_type_hints

import jsonschema
import msgspec
import pytest

from jupyter_labbook.errors import LabbookWarning
from jupyter_labbook.run import (
    STATUSES,
    VERDICTS,
    Artifact,
    Cell,
    Claim,
    Code,
    Data,
    Environment,
    Error,
    Note,
    Notebook,
    Process,
    Record,
    Summary,
)
from jupyter_labbook.store import annotations, damage, layout, rows, runs, upgrade
from jupyter_labbook.store.store import Store

HOME = Path(upgrade.__file__).parent
FORMAT = (HOME / "FORMAT.md").read_text("utf-8")
SCHEMA = json.loads((HOME / "schema" / f"run-{layout.FORMAT}.json").read_text("utf-8"))
GOLDEN = Path(__file__).parent / "golden" / f"format-{layout.FORMAT}" / "labbook"
RECORDS = sorted(GOLDEN.glob("runs/*/run.json"))

SECTIONS: dict[str, type] = {
    "run.json": Record,
    "A claim in `expect`": Claim,
    "A summary in `metrics`": Summary,
    "notebook": Notebook,
    "cell": Cell,
    "code": Code,
    "environment": Environment,
    "An entry of `data`": Data,
    "An entry of `artifacts`": Artifact,
    "error": Error,
    "process": Process,
    "annotation-….json": annotations.Annotation,
}


def described(section: str) -> list[str]:
    """The keys of the table of a section."""
    match = re.search(rf"^#+ {re.escape(section)}\n(.*?)(?=^#|\Z)", FORMAT, re.MULTILINE | re.DOTALL)
    assert match, section
    return [key for key in re.findall(r"^\| `([^`]+)`", match[1], re.MULTILINE) if key != "format"]


# FORMAT.md --------------------------------------------------------------------------------------


@pytest.mark.parametrize("section", SECTIONS)
def test_every_key_is_described_in_its_order(section: str) -> None:
    fields = [name for name in SECTIONS[section].__struct_fields__ if name != "format"]  # type: ignore[attr-defined]
    assert described(section) == fields


def test_every_struct_of_a_record_has_a_section() -> None:
    named = {struct.__name__ for struct in SECTIONS.values()}
    assert set(msgspec.json.schema(Record)["$defs"]) - named == {Note.__name__}  # notes are files, not keys


def test_every_file_name_is_described() -> None:
    names = [
        layout.STORE_FILE,
        layout.RUNS,
        layout.OBJECTS,
        layout.SWEEPS,
        layout.LESSONS,
        layout.LOST_AND_FOUND,
        layout.RECORD,
        layout.SOURCE,
        layout.METRICS,
        layout.metrics_table(2),
        layout.SYSTEM,
        layout.OUTPUT,
        layout.REPLAY,
        layout.NOTES,
        layout.figure_name(1, "png"),
        layout.torn_file(layout.METRICS),
        layout.TEMPORARY,
    ]
    assert [name for name in names if name not in FORMAT] == []


def test_every_kind_of_damage_is_described() -> None:
    section = FORMAT.partition("## What can be wrong")[2]
    faults, remarks = section.split("| remark | meaning |")
    words = [word for cell in re.findall(r"^\| (`.*?) \|", faults, re.MULTILINE) for word in cell.split(", ")]
    assert [word.strip("`") for word in words] == list(damage.FAULTS)
    assert re.findall(r"^\| `([a-z-]+)`", remarks, re.MULTILINE) == list(damage.REMARKS)


def test_every_status_and_verdict_is_described() -> None:
    assert [word for word in (*STATUSES, *VERDICTS) if f"`{word}`" not in FORMAT] == []


def test_names_of_the_examples_are_names_that_are_accepted() -> None:
    assert layout.is_run_id(re.search(r"^    (\S+)/$", FORMAT, re.MULTILINE)[1])  # type: ignore[index]
    assert all(map(layout.is_annotation, re.findall(r"annotation-\d\S+?\.json", FORMAT)))
    assert all(map(layout.is_notes, re.findall(r"notes-\d\S+?\.md", FORMAT)))


def test_the_grammar_of_tables_is_the_one_that_is_read(tmp_path: Path) -> None:
    table = tmp_path / "metrics.csv"
    table.write_bytes(b'step,time,"a,""b""",c\n0,0.5,1,\n1.5,1,-2.5e-3,nan\n2,1.5,-inf,inf\n3,2,1')
    header = rows.read_header(table)
    assert header is not None
    assert header.names == ['a,"b"', "c"]
    [block] = rows.blocks(table, header)
    found = rows.columns(block, header.width, [2, 3])
    assert [str(column.values) for column in found] == ["[1, -0.0025, -inf]", "[nan, inf]"]


# the frozen schemas -----------------------------------------------------------------------------


def shape(schema: dict[str, Any], definitions: dict[str, Any]) -> Any:
    """What a schema allows, however it is written: types, keys, values."""
    if "$ref" in schema:
        return shape(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "anyOf" in schema:
        return frozenset().union(*(shape(one, definitions) for one in schema["anyOf"]))
    if "enum" in schema:
        return frozenset(schema["enum"])
    types = schema.get("type", [])
    alternatives: set[Any] = {types} if isinstance(types, str) else set(types)
    if "properties" in schema:
        keys = frozenset((key, shape(value, definitions)) for key, value in schema["properties"].items())
        alternatives = {*alternatives - {"object"}, ("object", keys)}
    elif isinstance(schema.get("additionalProperties"), dict):
        values = shape(schema["additionalProperties"], definitions)
        alternatives = {*alternatives - {"object"}, ("map", values)}
    elif "items" in schema:
        alternatives = {*alternatives - {"array"}, ("list", shape(schema["items"], definitions))}
    return frozenset(alternatives)


def without_integer_beside_number(found: Any) -> Any:
    if isinstance(found, frozenset):
        parts = {without_integer_beside_number(part) for part in found}
        return frozenset(parts - {"integer"} if "number" in parts else parts)
    return tuple(map(without_integer_beside_number, found)) if isinstance(found, tuple) else found


def test_the_record_is_the_frozen_one() -> None:
    """Where this fails the format has changed: schema, upgrade, golden labbook and FORMAT.md go together."""
    derived = msgspec.json.schema(Record)
    now = shape(derived, derived["$defs"])
    assert without_integer_beside_number(now) == without_integer_beside_number(shape(SCHEMA, SCHEMA["$defs"]))


def test_what_the_code_requires_is_required() -> None:
    derived = msgspec.json.schema(Record)["$defs"]
    frozen = {"Record": SCHEMA, **SCHEMA["$defs"]}
    for name, definition in derived.items():
        assert set(definition.get("required", [])) <= set(frozen[name].get("required", [])), name


def test_unknown_keys_are_allowed_everywhere() -> None:
    objects = [SCHEMA, *(one for one in SCHEMA["$defs"].values() if one.get("type") == "object")]
    assert all(one["additionalProperties"] is True for one in objects)


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.parent.name[-5:])
def test_golden_records_are_as_the_schema_says(path: Path) -> None:
    jsonschema.validate(json.loads(path.read_text("utf-8")), SCHEMA, jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("status", "done"),
        ("started", None),
        ("tags", "a"),
        ("metrics", {"loss": {"last": "NaN", "min": 0, "max": 0, "mean": 0, "count": 1}}),
        ("data", [{"rows": 3}]),
        ("seed", 1.5),
    ],
)
def test_the_schema_refuses_what_is_no_record(key: str, value: Any) -> None:
    record = json.loads(RECORDS[0].read_text("utf-8"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**record, key: value}, SCHEMA, jsonschema.Draft202012Validator)


def test_a_new_labbook_is_as_its_schema_says(tmp_path: Path) -> None:
    schema = json.loads((HOME / "schema" / f"labbook-{layout.FORMAT}.json").read_text("utf-8"))
    facts = json.loads(layout.store_file(Store.create(tmp_path).path).read_text("utf-8"))
    jsonschema.validate(facts, schema, jsonschema.Draft202012Validator)
    assert set(facts) == {"format", *described("labbook.json")}
    assert set(schema["properties"]) == set(facts)


# upgrades ---------------------------------------------------------------------------------------


def test_every_older_format_has_an_upgrade_and_a_schema() -> None:
    assert sorted(upgrade.UPGRADES) == list(range(1, layout.FORMAT))
    for number in range(1, layout.FORMAT + 1):
        assert (HOME / "schema" / f"run-{number}.json").is_file()
        assert (HOME / "schema" / f"labbook-{number}.json").is_file()


@pytest.mark.parametrize("told", [None, 0, -1, True, "2", 1.0, [], {}])
def test_a_format_that_is_none_is_the_first(told: Any) -> None:
    assert upgrade.read_format({"format": told}) == 1
    assert upgrade.read_format({}) == 1


def test_upgrades_are_applied_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "FORMAT", 3)
    monkeypatch.setitem(upgrade.UPGRADES, 1, lambda raw: {**raw, "label": raw["title"]})
    monkeypatch.setitem(upgrade.UPGRADES, 2, lambda raw: {**raw, "label": raw["label"].upper()})
    raw = {"format": 1, "title": "a"}
    assert upgrade.upgrade(raw) == {"format": 3, "title": "a", "label": "A"}
    assert raw == {"format": 1, "title": "a"}
    assert upgrade.upgrade({"format": 2, "label": "b"}) == {"format": 3, "label": "B"}


def test_a_newer_format_is_left_alone_and_that_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upgrade, "_told", set())
    raw = {"format": 99, "surprise": 1}
    with pytest.warns(LabbookWarning, match="format 99"):
        assert upgrade.upgrade(raw) == raw
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert upgrade.upgrade(raw) == raw


def test_hints_of_a_record_can_be_resolved() -> None:
    assert list(get_type_hints(Record)) == list(Record.__struct_fields__)


def test_a_run_of_a_newer_format_is_read_as_far_as_it_is_understood(
    store: Store, make_run: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upgrade, "_told", set())
    id = make_run(format=7, status="finished", parameters={"p": 1}, tags={"not": "a list"})
    with pytest.warns(LabbookWarning, match="format 7"):
        found = runs.read(store, id)
    assert (found.status, found.parameters) == ("finished", {"p": 1})


def test_a_run_of_an_older_format_is_read_through_its_upgrade(
    store: Store, make_run: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    id = make_run(title="from long ago")
    monkeypatch.setattr(layout, "FORMAT", 2)
    monkeypatch.setitem(upgrade.UPGRADES, 1, lambda raw: {**raw, "what": raw["title"]})
    assert runs.read(store, id).what == "from long ago"
