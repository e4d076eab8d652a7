"""Retention: what is too old, or too much, leaves the data set at night, whole days at a time."""

from __future__ import annotations

import datetime
import logging
import math
import time
from collections.abc import Mapping

from delta_learn.config import RetentionConfig
from delta_learn.nightly.night import Night
from delta_learn.storage.shards import Stamp

logger = logging.getLogger(__name__)


def retain(night: Night) -> None:
    """Remove the shards of days beyond `retention.days`, then the oldest beyond `retention.max_mb`.

    What is learned anew afterwards knows nothing of them; nothing is denied, as when something is forgotten.

    Raises:
        LockHeldError, StorageError: as `Store.expire`.
    """
    days = outdated(night.store.stamps(), night.config.retention)
    if not days:
        return
    gone = night.store.expire(days)
    night.say(f"{gone:,} entries until {days[-1]} were kept long enough and are gone (retention.days, .max_mb).")
    logger.info("%d entries of %d days left the data set", gone, len(days))


def outdated(stamps: Mapping[str, Stamp], config: RetentionConfig) -> list[str]:
    """The days that are kept no longer, oldest first, of those that there are.

    Years count from the newest day, not from today: who comes back after a long time finds all that there was. And
    to the last time that a day was written, which for an imported history is the import: it is not gone next night.
    """
    if not stamps:
        return []
    written = {day: max(day, time.strftime("%Y-%m-%d", time.localtime(s.changed / 1e9))) for day, s in stamps.items()}
    newest = datetime.date.fromisoformat(max(written.values()))
    first = (newest - datetime.timedelta(days=config.days)).isoformat() if config.days else ""
    gone = [day for day in sorted(stamps) if written[day] < first]
    left = sum(stamps[day].size for day in stamps.keys() - set(gone))
    for day in sorted(stamps.keys() - set(gone))[:-1]:
        if left <= (config.max_mb * 1e6 or math.inf):
            break
        gone.append(day)
        left -= stamps[day].size
    return sorted(gone)
