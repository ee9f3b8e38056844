"""Write the dashboards that Grafana reads."""

from pathlib import Path

from deploy.grafana.boards import rendered

FOLDER = Path(__file__).parent / "dashboards"

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in rendered().items():
        (FOLDER / name).write_text(text)
