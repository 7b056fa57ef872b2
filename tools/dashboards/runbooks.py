"""Where runbooks are read."""

from grafana_foundation_sdk.models import dashboard

RUNBOOKS = "https://github.com/contravento/contravento/blob/main/docs/runbooks/"


def runbook_link(name: str) -> dashboard.DashboardLink:
    """`name` is the alert's, in small letters with hyphens."""
    return dashboard.DashboardLink(
        title=f"What to do: {name.replace('-', ' ')}",
        type_val=dashboard.DashboardLinkType.LINK,
        icon="doc",
        url=f"{RUNBOOKS}{name}.md",
        target_blank=True,
    )
