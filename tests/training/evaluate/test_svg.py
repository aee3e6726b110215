"""Axes, marks and words of the plots."""

import xml.etree.ElementTree as ElementTree

import pytest

from training.evaluate.svg import MARKS, Point, Series, axis, dot_plot


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.0, 9.7, [0, 2, 4, 6, 8, 10]),
        (-0.3, 0.1, [-0.3, -0.2, -0.1, 0.0, 0.1]),
        (0.0, 0.0, [0.0, 0.2]),
        (0.0, 250.0, [0, 50, 100, 150, 200, 250]),
    ],
)
def test_ticks_are_round_and_enclose(low, high, ticks):
    assert axis(low, high) == pytest.approx(ticks)


def test_every_series_has_a_mark_of_its_own_and_every_point_its_words():
    series = [Series(f"<{mark}>", [Point(3.0, 2.0, 4.0), None]) for mark in MARKS]
    figure = ElementTree.fromstring(dot_plot("a & b", ["x < y", "nothing"], series))
    plot = figure.find("svg")
    assert plot is not None
    assert (plot.get("role"), plot.get("aria-label")) == ("img", "a & b")
    titles = [title.text for title in plot.iter("title")]
    assert titles == [f"x < y, <{mark}>: 3.00 (2.00 to 4.00)" for mark in MARKS]
    shapes = {
        "".join(ElementTree.tostring(child, encoding="unicode") for child in group)
        for group in figure.iter("g")
    }
    assert len(shapes) == 2 * len(MARKS)  # in the key and in the plot


def test_all_points_lie_inside():
    figure = ElementTree.fromstring(dot_plot("t", ["a"], [Series("s", [Point(-3.0, -9.9, 70.0)])]))
    whisker = figure.find("svg/g/line")
    assert whisker is not None
    assert 190 <= float(whisker.get("x1", "")) < float(whisker.get("x2", "")) <= 740
