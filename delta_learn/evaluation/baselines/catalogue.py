"""The baselines by name: what people use today, and what the literature proposes."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection

from delta_learn.errors import ConfigError
from delta_learn.evaluation.baselines.atuin import Atuin
from delta_learn.evaluation.baselines.ipam import Ipam
from delta_learn.evaluation.baselines.lines import LineRanker
from delta_learn.evaluation.baselines.match_prev import MatchPrevious
from delta_learn.evaluation.baselines.recent import Fish, MostRecent
from delta_learn.evaluation.baselines.witten_bell import WittenBell

BASELINES: dict[str, Callable[[str], LineRanker]] = {
    "autosuggest": MostRecent,
    "match-prev": MatchPrevious,
    "atuin": Atuin,
    "fish": Fish,
    "ipam-0.8": lambda name: Ipam(name, alpha=0.8),
    "ipam-0.9": lambda name: Ipam(name, alpha=0.9),
    "witten-bell": WittenBell,
}


def baseline(name: str, also: Collection[str] = ()) -> LineRanker:
    """A new, empty baseline; `also` are other names that could have been meant.

    Raises:
        ConfigError: no baseline has this name.
    """
    if name not in BASELINES:
        names = [*also, *BASELINES]
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"choose among {', '.join(names)}."
        raise ConfigError(f"There is no method {name!r}; {hint}")
    return BASELINES[name](name)
