# The operator's image. Build: docker build -t exchange-kernel-operator:0.1.0 .

FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/operator
WORKDIR /src
COPY requirements/runtime.txt requirements/dev.txt requirements/
RUN /opt/operator/bin/pip install --require-hashes -r requirements/runtime.txt
# The build back-end comes from the same lock, and stays in this stage.
RUN python -m venv /opt/build && /opt/build/bin/pip install --require-hashes -r requirements/dev.txt
COPY pyproject.toml README.md LICENSE ./
COPY operator operator
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /opt/operator/bin/pip install --no-deps /wheels/*.whl \
 && /opt/operator/bin/python -m compileall -q /opt/operator

FROM python:3.11-slim
RUN useradd --uid 65532 --no-create-home --shell /usr/sbin/nologin operator
COPY --from=build /opt/operator /opt/operator
ENV PATH=/opt/operator/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["exchange-kernel"]
CMD ["run"]
