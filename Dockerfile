# One image for every role; docker-compose.yml says which command each container runs.
# scripts/bare_build.py executes the steps of this file where there is no container engine.

FROM debian:12.13-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
      ca-certificates cargo-web gcc libc6-dev python3 python3-venv rustc-web \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
# What changes seldom comes first, and is not made again: packages of others, held to their hashes.
COPY requirements.lock ./
RUN python3 -m venv /opt/quantscope \
    && /opt/quantscope/bin/python -m pip install --no-deps --require-hashes \
      -r requirements.lock
COPY . .
ARG PROFILE=release
RUN PATH=$PATH:/opt/quantscope/bin maturin build --profile $PROFILE --strip --locked \
      -i /opt/quantscope/bin/python -o dist \
    && /opt/quantscope/bin/python -m pip install --no-deps dist/*.whl \
    && /opt/quantscope/bin/python -m pip uninstall -y maturin pip setuptools

FROM debian:12.13-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates python3 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/quantscope /opt/quantscope
COPY deploy/cluster.toml /etc/quantscope/cluster.toml
# A new volume gets the owner that the folder has here.
RUN mkdir /var/lib/quantscope && chown 10001:10001 /var/lib/quantscope
ENV PATH=/opt/quantscope/bin:/usr/local/bin:/usr/bin:/bin QUANTSCOPE_CONFIG=/etc/quantscope/cluster.toml
WORKDIR /var/lib/quantscope
USER 10001:10001
CMD ["quantscope", "config"]
