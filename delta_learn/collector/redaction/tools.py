"""The tables of tools as one: by base name of the program, or by program and subcommand."""

from __future__ import annotations

from collections.abc import Mapping

from delta_learn.collector.redaction.tool import Tool, by_name
from delta_learn.collector.redaction.tools_cloud import CLOUD_TOOLS
from delta_learn.collector.redaction.tools_data import DATA_TOOLS
from delta_learn.collector.redaction.tools_net import NET_TOOLS
from delta_learn.collector.redaction.tools_system import SYSTEM_TOOLS

TOOLS: Mapping[str, Tool] = {
    name: tool for table in (DATA_TOOLS, NET_TOOLS, CLOUD_TOOLS, SYSTEM_TOOLS) for name, tool in by_name(table).items()
}
"""A key is a program, a program and a subcommand, or a program and the last two words of a subcommand."""

SUBCOMMANDS: frozenset[str] = frozenset(key.split()[-1] for key in TOOLS if " " in key)
"""Last words of the keys of subcommands."""
