"""Every figure of ours is explained, and somebody looks at it."""

import pytest
from tools import metrics_page
from tools.metrics_page import LEFT_ALONE, Figure, who_looks_at

FIGURES = [*metrics_page.of_the_application(), *metrics_page.of_the_containers()]


def test_the_page_is_as_the_program_writes_it() -> None:
    assert metrics_page.PAGE.read_text() == metrics_page.page(), "run make dashboards"


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_somebody_looks_at_it_or_it_is_said_why_not(figure: Figure) -> None:
    assert bool(who_looks_at(figure.name)) != (figure.name in LEFT_ALONE)


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_it_is_named_as_prometheus_would_have_it(figure: Figure) -> None:
    assert figure.name.startswith(metrics_page.OURS)
    assert (figure.kind == "counter") == figure.name.endswith("_total")
    assert figure.meaning.endswith(".")


def test_every_name_of_ours_that_is_asked_for_exists() -> None:
    """Also when it was misspelt in a panel or a rule. Backups have none yet."""
    known = {figure.name + part for figure in FIGURES for part in metrics_page.PARTS}
    asked = frozenset().union(*metrics_page.looks().values())
    assert {name for name in asked if name.startswith(metrics_page.OURS)} <= known


def test_a_name_within_quotes_is_no_metric() -> None:
    asked = 'sum by (route) (rate(http_requests_total{route!~"container_up"}[5m]))'
    assert "http_requests_total" in metrics_page.names_in(asked)
    assert "container_up" not in metrics_page.names_in(asked)
