import numpy as np
import pytest

from delta_learn.predictor.table import Table


def filled(rows: int) -> Table:
    table = Table(count=np.int32, time=np.float64)
    for row in range(rows):
        table.append(count=row, time=row / 2)
    return table


@pytest.mark.parametrize("rows", [0, 1, 256, 257, 1000])
def test_rows_survive_growing_and_the_record(rows: int) -> None:
    table = filled(rows)
    restored = Table(count=np.int32, time=np.float64)
    restored.load(table.to_record())
    for each in (table, restored):
        assert len(each) == rows
        assert each["count"].tolist() == list(range(rows))
        assert each["time"].tolist() == [row / 2 for row in range(rows)]
    restored.append(count=-1)
    assert restored["count"].tolist() == [*range(rows), -1]
    assert restored["time"][-1] == 0


def test_a_column_can_be_changed_in_place() -> None:
    table = filled(3)
    table["count"][1] += 10
    assert table["count"].tolist() == [0, 11, 2]


def test_records_that_do_not_fit_are_refused() -> None:
    record = filled(3).to_record()
    table = Table(count=np.int32, time=np.float64)
    with pytest.raises(ValueError, match="time is missing"):
        table.load({"count": record["count"]})
    with pytest.raises(ValueError, match="differ in length"):
        table.load({**record, "count": record["count"][:-4]})
