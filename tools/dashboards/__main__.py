"""Writes Grafana's dashboards: `make dashboards`. A test says when they are out of date."""

from pathlib import Path

from tools.dashboards import (
    api_performance,
    backups,
    database,
    jobs_and_mail,
    overview,
    riders,
    system_resources,
)
from tools.dashboards.assembly import as_json

FOLDER = Path(__file__).resolve().parents[2] / "monitoring" / "grafana" / "dashboards"
PAGES = (overview, api_performance, database, system_resources, jobs_and_mail, riders, backups)


def files() -> dict[Path, str]:
    """Every dashboard's file with what it should hold."""
    pages = [each.page() for each in PAGES]
    return {FOLDER / page.file_name: as_json(page) for page in pages}


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path, content in files().items():
        path.write_text(content)
