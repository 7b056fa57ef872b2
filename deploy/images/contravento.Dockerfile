# The application's image: web process, worker and command line. Runs as nobody in particular, on a
# read-only root; what it keeps goes to STORAGE_URL, what it spools to /tmp.

FROM python:3.13-slim-trixie AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=/app/.venv
RUN pip install --no-cache-dir uv
WORKDIR /build
COPY pyproject.toml uv.lock README.md ./
RUN python3 -m venv /app/.venv \
    && uv sync --locked --no-dev --no-install-project --python /app/.venv/bin/python
COPY src src
RUN uv sync --locked --no-dev --no-editable --python /app/.venv/bin/python

FROM python:3.13-slim-trixie
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOST=0.0.0.0 PORT=8000
RUN groupadd --system --gid 10001 contravento \
    && useradd --system --uid 10001 --gid contravento --no-create-home contravento \
    && install -d -o contravento -g contravento /var/lib/contravento/storage
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY alembic.ini ./
COPY deploy/images/poetry /usr/local/bin/
USER contravento
VOLUME /var/lib/contravento/storage
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --start-interval=1s \
    CMD ["python3", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health/live', timeout=4)"]
CMD ["contravento", "web"]
