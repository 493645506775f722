# The service in a container: unprivileged, with a file system that may be read-only (/data, where SQLite is used, aside).
FROM python:3.11-slim AS build
WORKDIR /build
RUN python -m venv /opt/countersign
COPY requirements.txt .
RUN /opt/countersign/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY cards cards
COPY service service
RUN /opt/countersign/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin countersign \
    && install --directory --owner countersign --mode 0700 /data
COPY --from=build /opt/countersign /opt/countersign
ENV PATH=/opt/countersign/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    COUNTERSIGN_HOST=0.0.0.0 \
    COUNTERSIGN_PORT=8000
USER 10001
WORKDIR /data
EXPOSE 8000
# Not urllib: it would ask a proxy that the environment names.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-c", "\
import http.client, os, sys; \
client = http.client.HTTPConnection('127.0.0.1', int(os.environ['COUNTERSIGN_PORT']), timeout=4); \
client.request('GET', '/readyz'); \
sys.exit(client.getresponse().status != 200)"]
ENTRYPOINT ["countersign"]
CMD ["serve"]
