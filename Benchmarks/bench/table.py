"""Rows, their verdicts, and the table at the end."""

import dataclasses
import json
import pathlib
import statistics


@dataclasses.dataclass
class Row:
    """One line of the table. `product` and `yardstick` are the values of single runs."""

    name: str
    unit: str
    product: list[float]
    #: What it is compared with; without one the goal is for the value itself.
    yardstick: list[float] | None = None
    yardstick_name: str = "—"
    #: Of the ratio where there is a yardstick, else of the value; `None`: for information.
    goal: float | None = None
    at_most: bool = False
    note: str = ""

    @property
    def value(self) -> float:
        return statistics.median(self.product)

    @property
    def reference(self) -> float | None:
        return statistics.median(self.yardstick) if self.yardstick else None

    @property
    def ratio(self) -> float | None:
        return self.value / self.reference if self.reference else None

    @property
    def is_met(self) -> bool | None:
        """`None` where there is no goal."""
        if self.goal is None:
            return None
        judged = self.ratio if self.yardstick else self.value
        return judged is not None and (judged <= self.goal if self.at_most else judged >= self.goal)

    def cells(self) -> list[str]:
        compared = self.yardstick is not None
        sign = "≤" if self.at_most else "≥"
        goal = "—" if self.goal is None else f"{sign} {_times(self.goal)}" if compared else f"{sign} {_figure(self.goal)}"
        verdict = {None: "—", True: "met", False: "NOT MET"}[self.is_met]
        return [
            self.name, self.unit, _figure(self.value), _spread(self.product),
            f"{_figure(self.reference)} ({self.yardstick_name})" if compared else "—",
            _times(self.ratio) if self.ratio is not None else "—", goal, verdict, self.note,
        ]


HEADER = ["row", "unit", "Tributary", "runs", "yardstick", "ratio", "goal", "", "note"]


def render(rows: list[Row]) -> str:
    """Markdown that can be read in a terminal as well."""
    lines = [HEADER] + [row.cells() for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    texts = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in lines]
    texts.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(texts)


def write(rows: list[Row], about: dict[str, str], directory: pathlib.Path) -> pathlib.Path:
    """Writes `last.md` and `last.json`; returns the former's path."""
    directory.mkdir(parents=True, exist_ok=True)
    plain = [dataclasses.asdict(row) | {"ratio": row.ratio, "met": row.is_met} for row in rows]
    (directory / "last.json").write_text(json.dumps({"about": about, "rows": plain}, indent=2, ensure_ascii=False))
    facts = "\n".join(f"- {name}: {text}" for name, text in about.items())
    page = directory / "last.md"
    page.write_text(f"{facts}\n\n{render(rows)}\n", encoding="utf-8")
    return page


def _figure(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _times(value: float) -> str:
    return f"{value:.0%}" if value < 1.5 else f"{value:.1f}×"


def _spread(values: list[float]) -> str:
    return f"{_figure(min(values))}–{_figure(max(values))}" if len(values) > 1 else "1 run"
