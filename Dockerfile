FROM node:26.10.0-trixie-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The service loads neither source maps nor types, which are half of the packages' size.
RUN npm ci --omit=dev --ignore-scripts \
    && find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete
# A named volume takes over the owner of the folder that it covers.
RUN mkdir -p data models
# Node and the libraries that it is linked with: the image holds nothing else of Debian.
RUN mkdir /runtime \
    && cp --parents --dereference $(ldd /usr/local/bin/node | grep -o '/[^ )]*') /usr/local/bin/node /etc/nsswitch.conf /runtime

FROM busybox:1.37.0-musl AS programs
WORKDIR /app
COPY --from=dependencies /runtime /
COPY --from=dependencies /app/node_modules node_modules
COPY --from=dependencies --chown=1000:1000 /app/data data
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=3000 \
    OTEL_EXPORTER_PROMETHEUS_HOST=0.0.0.0 \
    OTEL_EXPORTER_PROMETHEUS_PORT=9464 \
    BUNDLED_MODELS_DIR=/app/bundled-models \
    DATA_DIR=/app/data
COPY package.json ./
COPY otel/*.ts otel/
# The process writes roles, audit trails and new versions beside these models.
COPY --chown=1000:1000 models models
# A volume of models hides the folder above. The service copies from here the versions that the volume lacks.
COPY models bundled-models
COPY packages/client/src packages/client/src
COPY src src

# Starts each program once. Node keeps the compiled form of its files for the same user, paths and options.
FROM programs AS compiled
COPY tools tools
USER 1000:1000
RUN node tools/compose/compile-cache.ts /tmp/compile-cache && chmod -R a+rX /tmp/compile-cache

FROM programs
# It belongs to root: a process must not change the code of the next one.
COPY --from=compiled --chown=0:0 /tmp/compile-cache node_modules/.cache/waymark
USER 1000:1000
EXPOSE 3000 9464
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--v8-pool-size=1", "--max-semi-space-size=16", "--heap-growing-percent=50", "--require", "./src/require-node.cjs", "--import", "./otel/preload.ts", "src/main.ts"]
