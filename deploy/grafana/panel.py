"""How a dashboard and its panels look: a title, a unit, a legend, and a word on what is seen."""

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import common as shown
from grafana_foundation_sdk.builders import dashboard as built
from grafana_foundation_sdk.builders import prometheus, timeseries
from grafana_foundation_sdk.models import common, dashboard, units

DATASOURCE = dashboard.DataSourceRef(type_val="prometheus", uid="prometheus")
"""As ``provisioning/`` names it."""
WIDTH = 12
"""Of a panel: a dashboard is 24 wide."""
HEIGHT = 8
TAG = "quantscope"
NAME = "{{name}}"
"""A legend of one process."""

OPERATIONS = units.OpsPerSecond
SECONDS = units.Seconds
BYTES = units.BytesIEC
SHARE = units.PercentUnit
COUNT = units.Short


@dataclass(frozen=True)
class Query:
    """What Prometheus is asked, and how each of its series is called."""

    expr: str
    legend: str = NAME


@dataclass(frozen=True)
class Graph:
    """A panel: lines over time."""

    title: str
    about: str
    unit: str
    queries: Sequence[Query]
    warn: float | None = None
    """Where its first threshold is drawn, if it has one."""
    alarm: float | None = None
    least: float | None = 0
    """The lowest value that is shown in any case."""


@dataclass(frozen=True)
class Board:
    """A dashboard."""

    uid: str
    title: str
    about: str
    graphs: Sequence[Graph]


def quantiles(metric: str, by: str = "", where: str = "") -> tuple[Query, Query]:
    """Median and 99th percentile of a histogram, for all or by a label."""
    labels, begin = ("le", "") if not by else (f"le, {by}", f"{{{{{by}}}}} ")
    rate = f"sum by ({labels}) (rate({metric}_bucket{where}[$__rate_interval]))"
    return (
        Query(f"histogram_quantile(0.5, {rate})", f"{begin}p50"),
        Query(f"histogram_quantile(0.99, {rate})", f"{begin}p99"),
    )


def mean(metric: str) -> str:
    """The mean of a histogram over all processes."""
    total, count = (f"sum(rate({metric}_{part}[$__rate_interval]))" for part in ("sum", "count"))
    return f"{total} / {count}"


def build(board: Board) -> dashboard.Dashboard:
    """The dashboard as Grafana has it."""
    builder = (
        built.Dashboard(f"QuantScope: {board.title}")
        .uid(board.uid)
        .description(board.about)
        .tags([TAG])
        .time("now-1h", "now")
        .refresh("10s")
        .timezone("utc")
        .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
        .link(_others())
        .annotation(_alarms())
    )
    for number, graph in enumerate(board.graphs, 1):
        builder = builder.with_panel(_panel(graph).id(number))
    return builder.build()


def _panel(graph: Graph) -> timeseries.Panel:
    legend = shown.VizLegendOptions().show_legend(True).calcs(["lastNotNull", "max"])
    legend = legend.display_mode(common.LegendDisplayMode.TABLE)
    tooltip = shown.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI)
    style = common.GraphThresholdsStyleMode
    marked = graph.warn is not None or graph.alarm is not None
    panel = (
        timeseries.Panel()
        .title(graph.title)
        .description(graph.about)
        .datasource(DATASOURCE)
        .unit(graph.unit)
        .span(WIDTH)
        .height(HEIGHT)
        .legend(legend.placement(common.LegendPlacement.BOTTOM))
        .tooltip(tooltip.sort(common.SortOrder.DESCENDING))
        .fill_opacity(8)
        .show_points(common.VisibilityMode.NEVER)
        .thresholds(_thresholds(graph))
        .thresholds_style(
            shown.GraphThresholdsStyleConfig().mode(style.DASHED if marked else style.OFF)
        )
    )
    if graph.least is not None:
        panel = panel.axis_soft_min(graph.least)
    for letter, query in zip("ABCDEFGH", graph.queries, strict=False):
        target = prometheus.Dataquery().expr(query.expr).legend_format(query.legend).range()
        panel = panel.with_target(target.ref_id(letter).datasource(DATASOURCE))
    return panel


def _thresholds(graph: Graph) -> built.ThresholdsConfig:
    steps = [dashboard.Threshold(value=None, color="green")]
    if graph.warn is not None:
        steps.append(dashboard.Threshold(value=graph.warn, color="orange"))
    if graph.alarm is not None:
        steps.append(dashboard.Threshold(value=graph.alarm, color="red"))
    return built.ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps(steps)


def _others() -> built.DashboardLink:
    link = built.DashboardLink("QuantScope").type(dashboard.DashboardLinkType.DASHBOARDS)
    return link.tags([TAG]).as_dropdown(True).keep_time(True)


def _alarms() -> built.AnnotationQuery:
    """Alarms that fire, drawn over each panel."""
    return (
        built.AnnotationQuery()
        .name("Alarms")
        .datasource(DATASOURCE)
        .enable(True)
        .icon_color("red")
        .expr('ALERTS{alertstate="firing"}')
    )
