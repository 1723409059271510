#!/usr/bin/env bash
# Builds the published images that docker-compose.yml and the Dockerfile start from, where podman does not have them. There
# may be no registry, so each is the real program on a root file system like that of the published image: the same user,
# volumes, entry point, and programs for a health check. Grafana is a stand-in that answers its health check only.
#
#     base-images.sh FOLDER
#
# FOLDER is that of prepare-podman.sh. The environment names the images (NODE_IMAGE, BUSYBOX_IMAGE, COLLECTOR_IMAGE,
# JAEGER_IMAGE, PROMETHEUS_IMAGE, ALERTMANAGER_IMAGE, VICTORIA_LOGS_IMAGE, GRAFANA_IMAGE) and the programs (COLLECTOR, JAEGER,
# PROMETHEUS, ALERTMANAGER, VICTORIA_LOGS). PULL=1 pulls the published images instead.
set -euo pipefail

FOLDER=$(realpath "$1")
ROOTS=$FOLDER/roots
CA=$FOLDER/ca-certificates.crt
SUITE=${SUITE:-trixie}
MIRROR=${MIRROR:-$(apt-get indextargets --format '$(SITE)' | grep -v security | head -1)}
mkdir -p "$ROOTS"

podman() { "$FOLDER/bin/podman" "$@"; }

# Succeeds if the stand-in of an image has to be built: is_missing IMAGE [PROGRAM]
is_missing() {
  revision=${2:+$(stat --dereference --format '%s-%Y' "$2")}
  if podman image exists "$1"; then
    # A published image, or a stand-in of this very program.
    local labels
    labels=$(podman image inspect --format '{{.Labels}}' "$1")
    [[ $labels != *waymark.stand-in:* || -z $revision || $labels == *waymark.stand-in:"$revision"* ]] && return 1
  fi
  [ -n "${PULL:-}" ] && podman pull --quiet "$1" && return 1
  echo "building a stand-in of $1"
}

# Makes a root file system with busybox and all of its applets, as the images on alpine and busybox have them.
busybox_root() {
  rm -rf "$1"
  mkdir -p "$1"/{bin,dev,etc/ssl/certs,home,proc,root,sys,tmp,usr/bin,var}
  chmod 1777 "$1/tmp"
  cp "$(command -v busybox)" "$1/bin/busybox"
  local applet
  for applet in $(busybox --list); do [ "$applet" = busybox ] || ln -s busybox "$1/bin/$applet"; done
  printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n' > "$1/etc/passwd"
  printf 'root:x:0:\nnobody:x:65534:\n' > "$1/etc/group"
  cp "$CA" "$1/etc/ssl/certs/ca-certificates.crt"
}

# Copies a program and the libraries that it is linked with: copy_program PROGRAM PATH ROOT
copy_program() {
  mkdir -p "$(dirname "$3$2")"
  cp "$1" "$3$2"
  { ldd "$1" 2> /dev/null || true; } | { grep -o '/[^ ]*' || true; } | while read -r library; do
    mkdir -p "$3$(dirname "$library")"
    cp -L "$library" "$3$library"
  done
}

# Builds an image from a root file system. The instructions after FROM and COPY come from standard input.
build() {
  { printf 'FROM scratch\nCOPY . /\n'; cat; } > "$ROOTS/Containerfile"
  podman build --quiet --pull=never --label waymark.stand-in="${revision:-true}" --tag "$1" --file "$ROOTS/Containerfile" "$2" > /dev/null
  rm -rf "$2"
}

if is_missing "$BUSYBOX_IMAGE"; then
  busybox_root "$ROOTS/busybox"
  build "$BUSYBOX_IMAGE" "$ROOTS/busybox" <<< 'CMD ["sh"]'
fi

if is_missing "$COLLECTOR_IMAGE" "$COLLECTOR"; then # scratch
  mkdir -p "$ROOTS/collector"
  cp "$COLLECTOR" "$ROOTS/collector/otelcol-contrib"
  build "$COLLECTOR_IMAGE" "$ROOTS/collector" << 'END'
USER 10001
ENTRYPOINT ["/otelcol-contrib"]
CMD ["--config", "/etc/otelcol-contrib/config.yaml"]
END
fi

if is_missing "$JAEGER_IMAGE" "$JAEGER"; then # alpine
  busybox_root "$ROOTS/jaeger"
  copy_program "$JAEGER" /cmd/jaeger/jaeger-linux "$ROOTS/jaeger"
  build "$JAEGER_IMAGE" "$ROOTS/jaeger" << 'END'
ENV JAEGER_LISTEN_HOST=0.0.0.0
VOLUME ["/tmp"]
ENTRYPOINT ["/cmd/jaeger/jaeger-linux"]
USER 10001
END
fi

if is_missing "$PROMETHEUS_IMAGE" "$PROMETHEUS"; then # busybox
  busybox_root "$ROOTS/prometheus"
  mkdir -p "$ROOTS/prometheus"/{prometheus,etc/prometheus}
  copy_program "$PROMETHEUS" /bin/prometheus "$ROOTS/prometheus"
  build "$PROMETHEUS_IMAGE" "$ROOTS/prometheus" << 'END'
WORKDIR /prometheus
RUN chown -R nobody:nobody /etc/prometheus /prometheus && chmod g+w /prometheus
USER nobody
VOLUME ["/prometheus"]
ENTRYPOINT ["/bin/prometheus"]
CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]
END
fi

if is_missing "$ALERTMANAGER_IMAGE" "$ALERTMANAGER"; then # busybox
  busybox_root "$ROOTS/alertmanager"
  mkdir -p "$ROOTS/alertmanager/etc/alertmanager"
  copy_program "$ALERTMANAGER" /bin/alertmanager "$ROOTS/alertmanager"
  build "$ALERTMANAGER_IMAGE" "$ROOTS/alertmanager" << 'END'
RUN mkdir -p /alertmanager && chown -R nobody:nobody /etc/alertmanager /alertmanager
USER nobody
VOLUME ["/alertmanager"]
WORKDIR /alertmanager
ENTRYPOINT ["/bin/alertmanager"]
CMD ["--config.file=/etc/alertmanager/alertmanager.yml", "--storage.path=/alertmanager"]
END
fi

if is_missing "$VICTORIA_LOGS_IMAGE" "$VICTORIA_LOGS"; then # distroless since 1.52: root, no shell, no wget
  mkdir -p "$ROOTS/victoria-logs"/{etc/ssl/certs,tmp,home/nonroot,root}
  chmod 1777 "$ROOTS/victoria-logs/tmp"
  printf 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n' > "$ROOTS/victoria-logs/etc/passwd"
  cp "$CA" "$ROOTS/victoria-logs/etc/ssl/certs/ca-certificates.crt"
  copy_program "$VICTORIA_LOGS" /victoria-logs-prod "$ROOTS/victoria-logs"
  build "$VICTORIA_LOGS_IMAGE" "$ROOTS/victoria-logs" <<< 'ENTRYPOINT ["/victoria-logs-prod"]'
fi

if is_missing "$GRAFANA_IMAGE"; then # alpine
  busybox_root "$ROOTS/grafana"
  mkdir -p "$ROOTS/grafana"/{srv/api,var/lib/grafana,var/log/grafana,etc/grafana}
  echo '{"database":"ok","version":"stand-in"}' > "$ROOTS/grafana/srv/api/health"
  # The same conditions for its folders as /run.sh of the published image.
  cat > "$ROOTS/grafana/run.sh" << 'END'
#!/bin/sh
[ -w /var/lib/grafana ] || { echo "GF_PATHS_DATA is not writable"; exit 1; }
[ -r /etc/grafana/provisioning/datasources/datasources.yml ] || { echo "no provisioning"; exit 1; }
mkdir -p /var/lib/grafana/plugins && touch /var/lib/grafana/grafana.db || exit 1
trap 'kill $pid; exit 0' TERM
busybox httpd -f -p 3000 -h /srv & pid=$!
wait $pid
END
  chmod +x "$ROOTS/grafana/run.sh"
  build "$GRAFANA_IMAGE" "$ROOTS/grafana" << 'END'
RUN chown -R 472:0 /var/lib/grafana /var/log/grafana /etc/grafana && chmod -R 777 /var/lib/grafana /var/log/grafana
WORKDIR /usr/share/grafana
USER 472
ENTRYPOINT ["/run.sh"]
END
fi

if is_missing "$NODE_IMAGE"; then
  root=$ROOTS/node version=$(sed 's/.*node:\([0-9.]*\).*/\1/' <<< "$NODE_IMAGE")
  rm -rf "$root" "$ROOTS/npm"
  debootstrap --variant=minbase --include=ca-certificates,libatomic1 "$SUITE" "$root" "$MIRROR" > "$FOLDER/debootstrap.log"
  rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale}/* "$root"/dev/*
  mkdir -p "$ROOTS/npm" "$root/usr/local/lib/node_modules"
  # The package node takes the program for this machine in a script of its own.
  echo '{"allowScripts": {"node": true}}' > "$ROOTS/npm/package.json"
  (cd "$ROOTS/npm" && npm install --no-save --ignore-scripts=false "node@$version" npm@11)
  cp -L "$ROOTS/npm/node_modules/node/bin/node" "$root/usr/local/bin/node"
  cp -a "$ROOTS/npm/node_modules/npm" "$root/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"
  tar -C "$root" -c . | podman import --quiet --change "ENV NODE_VERSION=$version" --change 'CMD ["node"]' \
    --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' - "$NODE_IMAGE" > /dev/null
  rm -rf "$root" "$ROOTS/npm"
fi

printf '%s\n' "$NODE_IMAGE" "$BUSYBOX_IMAGE" "$COLLECTOR_IMAGE" "$JAEGER_IMAGE" "$PROMETHEUS_IMAGE" "$ALERTMANAGER_IMAGE" \
  "$VICTORIA_LOGS_IMAGE" "$GRAFANA_IMAGE" > "$FOLDER/base-images"
