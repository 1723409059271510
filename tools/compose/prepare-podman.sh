#!/usr/bin/env bash
# Writes commands and configuration that make podman usable in place of a Docker engine, on machines without systemd too:
#
#     prepare-podman.sh FOLDER
#
# FOLDER/bin/podman is podman with that configuration. FOLDER/bin/docker takes the arguments of docker.
set -euo pipefail

HERE=$(dirname "$(realpath "$0")")
mkdir -p "$1/bin"
FOLDER=$(realpath "$1")
CA=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}
PODMAN_COMPOSE_VERSION=1.6.0

# A format that keeps health checks, no image registry, and the npm registry of this machine.
BUILD_OPTIONS="--format=docker --pull=never --network=host --volume=$FOLDER/npmrc:/root/.npmrc:ro --volume=$FOLDER/ca-certificates.crt:/etc/ssl/certs/ca-certificates.crt:ro"

# A container may not raise its limits on a machine where root may not either, so runc gets no limits to raise.
cat > "$FOLDER/bin/runc" <<SH
#!/bin/sh
previous= file=
for argument; do
  case \$previous in --bundle | -b) file=\$argument/config.json ;; --process | -p) file=\$argument ;; esac
  case \$argument in --bundle=*) file=\${argument#--bundle=}/config.json ;; --process=*) file=\${argument#--process=} ;; esac
  previous=\$argument
done
[ -n "\$file" ] && [ -f "\$file" ] && python3 - "\$file" <<'PY'
import json, sys
with open(sys.argv[1]) as file:
    config = json.load(file)
(config.get('process') or config).pop('rlimits', None)
with open(sys.argv[1], 'w') as file:
    json.dump(config, file)
PY
exec $(command -v runc) "\$@"
SH

# - podman 4.3 does not know --health-startup-interval; compose-on-podman.ts checks the health itself.
# - For a read-only container podman makes /tmp, /run and /var/tmp writable. A Docker engine does not.
cat > "$FOLDER/bin/podman" <<SH
#!/usr/bin/env bash
export CONTAINERS_CONF=$FOLDER/containers.conf CONTAINERS_REGISTRIES_CONF=$FOLDER/registries.conf
arguments=() skip=
for argument; do
  [ -n "\$skip" ] && { skip=; continue; }
  [ "\$argument" = --health-startup-interval ] && { skip=1; continue; }
  [ "\$argument" = --read-only ] && arguments+=(--read-only-tmpfs=false)
  arguments+=("\$argument")
done
exec $(command -v podman) --cgroup-manager cgroupfs --runtime "$FOLDER/bin/runc" "\${arguments[@]}"
SH

cat > "$FOLDER/bin/docker" <<SH
#!/bin/sh
case \$1 in
  compose) shift; WAYMARK_COMPOSE_FOLDER=$FOLDER PODMAN_BUILD_OPTIONS="$BUILD_OPTIONS" exec $(command -v node) $HERE/compose-on-podman.ts "\$@" ;;
  build) shift; exec $FOLDER/bin/podman build $BUILD_OPTIONS "\$@" ;;
  *) exec $FOLDER/bin/podman "\$@" ;;
esac
SH
chmod +x "$FOLDER"/bin/*

cat > "$FOLDER/containers.conf" <<'CONF'
[network]
network_backend = "netavark"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
CONF
cat > "$FOLDER/registries.conf" <<'CONF'
unqualified-search-registries = ["docker.io"]
short-name-mode = "permissive"
CONF

# npm's registry and the certificates of this machine. A build mounts them, and the image does not contain them.
printf 'registry=%s\ncafile=%s\n' "$(npm config get registry)" "$CA" > "$FOLDER/npmrc"
cp -L "$CA" "$FOLDER/ca-certificates.crt"

if [ ! -x "$FOLDER/python/bin/podman-compose" ]; then
  python3 -m venv "$FOLDER/python"
  "$FOLDER/python/bin/pip" install --quiet "podman-compose==$PODMAN_COMPOSE_VERSION"
fi
