"""The sections of the page: a sentence with the figures first, then the plot, then all of its numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from delta_learn.collector.usage import Counts
from delta_learn.report.facts import Facts
from delta_learn.report.habits import Habit
from delta_learn.report.markup import Markup, element, table
from delta_learn.report.models import Model, Rival
from delta_learn.report.plots import growth_plot, models_plot, rivals_plot, savings_plot
from delta_learn.report.words import many, moment, percent, points

_MOST_CHARACTERS = 160
"""Of a command; what is longer is cut."""


def commands_section(facts: Facts) -> Markup:
    """How the data set grew."""
    growth, title = facts.growth, "Commands over time"
    if growth is None:
        return _section(title, _said(_NO_COMMANDS if not facts.status.dataset_size else _NO_TIMES))
    recorded, imported = sum(growth.recorded), sum(growth.imported)
    unit = growth.calendar.unit
    words = (
        f"{recorded + imported:,} commands on {many(growth.days, 'day')}: {recorded:,} recorded at your prompt, "
        f"{imported:,} imported from a history file."
    )
    if facts.untimed:
        words += f" {many(facts.untimed, 'command')} more without a time that could be right: in no bar."
    rows = [
        (growth.calendar.name(part), f"{growth.recorded[part]:,}", f"{growth.imported[part]:,}")
        for part in range(len(growth.calendar.starts))
    ]
    label = f"Bar chart of commands per {unit}. {words} The table below has every bar."
    caption = element(
        "figcaption",
        f"Commands per {unit}: ",
        element("b", "recorded", class_="recorded"),
        " and ",
        element("b", "imported", class_="imported"),
    )
    return _section(
        title,
        _said(words),
        _figure(caption, growth_plot(growth, label)),
        _numbers(f"Commands per {unit}", (unit, "recorded", "imported"), rows, 2),
    )


def savings_section(facts: Facts) -> Markup:
    """What suggestions saved at the prompt."""
    savings, title = facts.savings, "Keystrokes saved"
    if savings is None:
        return _section(title, _said(_NO_SUGGESTIONS))
    total, unit = savings.total, savings.calendar.unit
    words = (
        f"Suggestions saved {total.saved:,} keystrokes. {total.shown:,} were shown; you took {total.taken:,} of them "
        f"({percent(total.taken, total.shown)}), {total.whole:,} whole and {total.part:,} in part."
    )
    rows = [(savings.calendar.name(part), *_counted(counts)) for part, counts in enumerate(savings.counts)]
    label = f"Bar chart of keystrokes saved per {unit}. {words} The table below has every bar."
    caption = element("figcaption", "Keystrokes ", element("b", "saved", class_="saved"), f" per {unit}")
    header = (unit, "shown", "whole", "in part", "saved")
    return _section(
        title,
        _said(words),
        _figure(caption, savings_plot(savings, label)),
        _numbers(f"Keystrokes saved per {unit}", header, rows, 4),
    )


def gate_section(facts: Facts) -> Markup:
    """The newest model beside what could be used instead."""
    title = "Beside what you would use instead"
    if not facts.models:
        return Markup()  # the section on models says so
    newest, others = facts.models[-1], sorted((rival for rival in facts.rivals if rival.gain), key=_gained)
    if not others:
        return _section(title, _said(f"Of {newest.version} no comparison is kept; the next training measures anew."))
    words = (
        f"{newest.version} was replayed over your newest commands, which it was not trained on, and so was each of the "
        f"others. {_ahead(others)}"
    )
    label = f"Dot chart with intervals of what {newest.version} saves more than each other method. {_ahead(others)}"
    caption = element(
        "figcaption",
        "Of 100 keystrokes, how many ",
        element("b", "more", class_="gain"),
        " this model saves than each of the others; the lines are 90 % intervals",
    )
    header = ("method", "saves", "gain", "90 % interval")
    return _section(
        title,
        _said(words),
        _figure(caption, rivals_plot(others, label)),
        _numbers(
            "Keystrokes saved by method", header, [_rival_row(rival) for rival in sorted(facts.rivals, key=_gained)], 3
        ),
    )


def models_section(facts: Facts) -> Markup:
    """Each model and what the gate decided."""
    title = "Models and the gate"
    if not facts.models:
        return _section(title, _said(_NO_MODEL))
    passed = sum(model.passed for model in facts.models)
    words = f"{many(len(facts.models), 'model')} kept, {passed:,} of them passed the gate. " + (
        f"{facts.status.model_version} predicts now."
        if facts.status.model_version
        else "None is deployed: predictions come from your history alone."
    )
    parts: list[Markup] = []
    if any(model.gain for model in facts.models):
        label = f"Dot chart with intervals of what each model gained at the gate. {words} The table has the figures."
        caption = element(
            "figcaption",
            "Keys a command that a model ",
            element("b", "gained", class_="gain"),
            " on what predicted until then: a full dot passed the gate, a hollow one was kept back",
        )
        parts.append(_figure(caption, models_plot(facts.models, label)))
    rows = [_model_row(model) for model in reversed(facts.models)]
    parts.append(table("Models", ("model", "gate", "why", "entries"), rows, numbers=1))
    return _section(title, _said(words), *parts)


def habits_section(facts: Facts) -> Markup:
    """What follows what, most surely."""
    title = "Most predictable habits"
    if not facts.typed:
        return _section(title, _said(_NO_COMMANDS))
    words = f"{percent(facts.repeated, facts.typed)} of your {facts.typed:,} commands were a line typed before. " + (
        "What is next more often than all else together, the most frequent first:"
        if facts.habits
        else "No command was followed by the same one often enough yet to call that a habit."
    )
    habits = element("ol", *map(_habit, facts.habits), class_="habits") if facts.habits else Markup()
    return _section(title, _said(words), habits)


def secrets_section(facts: Facts) -> Markup:
    """What was replaced, by kind."""
    title, kinds = "Secrets replaced", facts.status.redactions
    if not kinds:
        return _section(title, _said("No secret was found in what is kept, so none was replaced."))
    words = f"{many(sum(kinds.values()), 'secret')} in your commands stand as a placeholder; the text itself is gone."
    ordered = sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
    most = ordered[0][1]
    rows = [(kind, _bar(n / most, "secret"), f"{n:,}") for kind, n in ordered]
    return _section(title, _said(words), table("Secrets replaced by kind", ("kind", "", "replaced"), rows, numbers=1))


def recording_section(facts: Facts) -> Markup:
    """Whether anything is recorded now, and when training comes."""
    status = facts.status
    paused = "Shells with the hook record."
    if status.paused:
        end = f"until {moment(status.paused_until)}" if status.paused_until else "until you run `delta-learn resume`"
        paused = f"Recording is paused {end}."
    waiting = f"{status.spool_bytes:,} bytes wait to be moved to the data set." if status.spool_bytes else ""
    last = f"Last training: {moment(status.last_training)}." if status.last_training else "Nothing was trained yet."
    coming = f"Next training: {moment(status.next_training)}." if status.next_training else ""
    return _section("Recording", _said(" ".join(filter(None, (paused, waiting, last, coming)))))


_NO_COMMANDS = "No command is kept yet: `delta-learn import` reads your shell's history, `delta-learn install` records."
_NO_TIMES = "Commands are kept, but none has a time, so there is nothing to draw over time."
_NO_SUGGESTIONS = "No suggestion was shown at a prompt yet; what they save is counted here from the first one on."
_NO_MODEL = "No model was trained yet: `delta-learn train` makes one and measures it on your newest commands."


def _section(title: str, *parts: Markup) -> Markup:
    return element("section", element("h2", title), *parts)


def _said(words: str) -> Markup:
    """A paragraph in which what stands between backquotes is code."""
    pieces = words.split("`")
    return element("p", *(element("code", piece) if i % 2 else piece for i, piece in enumerate(pieces)))


def _figure(caption: Markup, drawings: tuple[Markup, Markup]) -> Markup:
    wide, narrow = drawings
    return element("figure", caption, element("div", wide, class_="wide"), element("div", narrow, class_="narrow"))


def _numbers(label: str, header: Sequence[str], rows: Iterable[Sequence[str]], figures: int) -> Markup:
    return element("details", element("summary", "The numbers"), table(label, header, rows, numbers=figures))


def _habit(habit: Habit) -> Markup:
    lines = [("after", habit.before), ("then", habit.then)]
    cells = [cell for word, line in lines for cell in (element("span", word), element("code", _cut(line)))]
    often = element("span", f"{habit.times:,} of {habit.of:,} times")
    how = element("div", _bar(habit.times / habit.of, "habit"), often, class_="how")
    return element("li", element("div", *cells, class_="pair"), how)


def _bar(share: float, colour: str) -> Markup:
    """A bar as long as `share` of its place; the number stands beside it."""
    widths = (("line", "100"), (colour, f"{100 * share:.1f}"))
    whole, part = (element("rect", class_=f"fill-{name}", width=width, height="6") for name, width in widths)
    box = {"viewBox": "0 0 100 6", "preserveAspectRatio": "none", "aria_hidden": "true"}
    return element("svg", whole, part, class_="bar", **box)


def _rival_row(rival: Rival) -> tuple[str, ...]:
    gain = rival.gain
    more, interval = ("", "") if gain is None else (points(gain.mean), f"{points(gain.low)} to {points(gain.high)}")
    return rival.label, f"{rival.saved:.1%}", more, interval


def _model_row(model: Model) -> tuple[str, ...]:
    verdict = "passed" if model.passed else "kept back"
    now = ", predicts now" if model.deployed else ""
    name = model.version.removeprefix("delta_model_")
    why = element("div", " ".join(model.reasons), class_="long")
    return name, verdict + now, why, f"{model.entries:,}"


def _ahead(others: Sequence[Rival]) -> str:
    """Which of the others, of which the closest comes first, the model is clearly ahead of."""
    bands = [rival.gain for rival in others if rival.gain]
    ahead, behind = sum(band.low > 0 for band in bands), sum(band.high < 0 for band in bands)
    words = f"It clearly saves more than {ahead:,} of {len(bands):,}"
    words += f", and clearly less than {behind:,}." if behind else "."
    return f"{words} The closest is {others[0].label}: {points(bands[0].mean)} of 100 keystrokes."


def _gained(rival: Rival) -> float:
    return rival.gain.mean if rival.gain else -math.inf


def _counted(counts: Counts) -> tuple[str, str, str, str]:
    return f"{counts.shown:,}", f"{counts.whole:,}", f"{counts.part:,}", f"{counts.saved:,}"


def _cut(command: str) -> str:
    return command if len(command) <= _MOST_CHARACTERS else command[:_MOST_CHARACTERS] + "\u2026"
