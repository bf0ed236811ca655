# syntax=docker/dockerfile:1
# Claimcheck in a container: one Node.js, the compiled server, the portal, and nothing to build with.
#   docker build -t claimcheck .

FROM node:26-trixie-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Without scripts: the portal is built below, and the module for SQLite brings its own binary.
RUN npm ci --ignore-scripts
COPY . .
RUN node portal/prepare.mjs \
 && node_modules/.bin/tsc -p tsconfig.build.json \
 && npm prune --omit=dev --ignore-scripts

FROM debian:trixie-slim
# Node.js needs it, and the base image has it not.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends libatomic1 \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /usr/local/bin/node /usr/local/bin/node
WORKDIR /app
COPY --from=build /app/package.json /app/LICENSE ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --from=build /app/dist-portal dist-portal
COPY --from=build /app/examples examples
# Numbers, so that Kubernetes can see that it is not root.
RUN install -d -o 10001 -g 10001 -m 0700 /var/lib/claimcheck
USER 10001:10001
# Everything that is written goes below it, so that the root file system may be read-only.
WORKDIR /var/lib/claimcheck
VOLUME /var/lib/claimcheck
# The C library keeps a pool of memory for each thread otherwise: 8 MB of what a server takes.
ENV MALLOC_ARENA_MAX=1 \
    CLAIMCHECK_HOST=0.0.0.0 \
    CLAIMCHECK_PORT=8080 \
    CLAIMCHECK_DATA=/var/lib/claimcheck/data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.CLAIMCHECK_PORT}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--max-semi-space-size=4", "/app/dist/main.js"]
CMD ["serve"]
