FROM node:26.10.0-trixie-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts
# Copied below with its owner: a named volume takes over the owner of the folder that it covers.
RUN mkdir data

FROM node:26.10.0-trixie-slim
WORKDIR /app
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=3000 \
    OTEL_EXPORTER_PROMETHEUS_HOST=0.0.0.0 \
    OTEL_EXPORTER_PROMETHEUS_PORT=9464 \
    DATA_DIR=/app/data
COPY --from=dependencies /app/node_modules node_modules
COPY --from=dependencies --chown=node:node /app/data data
COPY package.json ./
COPY otel/*.ts otel/
# Of the process's user: roles of versions, their audit trail and new versions are written beside what comes along.
COPY --chown=node:node models models
COPY packages/client/src packages/client/src
COPY src src
USER node
VOLUME /app/data
EXPOSE 3000 9464
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --start-interval=1s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--v8-pool-size=1", "--require", "./src/require-node.cjs", "--import", "./otel/preload.ts", "src/main.ts"]
