#!/usr/bin/env bash
# Runs `npm run test:compose` with a real Docker engine and the real `docker compose`, on a machine that may have neither and
# reaches no image registry. The engine is Debian's, in a root file system, mount namespace and network namespace of its own:
# its ports and firewall rules touch nothing else. The base images come from podman.
#
#     docker-engine.sh [start | test FILES... | docker ARGUMENTS... | end]      (default: start, test, end)
#
# The environment:
#
#     STORE=containerd  the image store of new installations (Docker 29, Docker Desktop), in place of overlay2
#     BAKE=1            builds with `docker buildx bake`, as new releases of Compose do
#     DOCKER_ROOT       the root file system with the engine    (default: one in ~/.cache/waymark/compose, made by debootstrap)
#     WORKERS, TAIL_SAMPLING_PERCENTAGE  as docker-compose.yml reads them
set -euo pipefail

HERE=$(dirname "$(realpath "$0")")
CHECKOUT=$(realpath "$HERE/../..")
FOLDER=${XDG_CACHE_HOME:-$HOME/.cache}/waymark/compose
ENGINE=$FOLDER/engine
ROOT=${DOCKER_ROOT:-$FOLDER/docker-root}
SUITE=${SUITE:-trixie}
MIRROR=${MIRROR:-$(apt-get indextargets --format '$(SITE)' | grep -v security | head -1)}
export TMPDIR=$ENGINE/tmp
# The Node that Waymark runs on.
export PATH=$CHECKOUT/node_modules/.bin:$PATH
mkdir -p "$ENGINE"/{bin,data} "$TMPDIR"

say() { printf '== %s\n' "$*"; }
is_running() { [ -f "$ENGINE/pid" ] && kill -0 "$(cat "$ENGINE/pid")" 2> /dev/null; }

# The test runs outside of the engine's root file system, and finds its files there at the same paths.
cat > "$ENGINE/bin/docker" <<SH
#!/bin/sh
exec nsenter --target "\$(cat "$ENGINE/pid")" --mount --net --root --wd sh -c 'cd "\$0" && exec /usr/bin/docker "\$@"' "\$PWD" "\$@"
SH
chmod +x "$ENGINE/bin/docker"
docker() { "$ENGINE/bin/docker" "$@"; }

make_root() {
  if [ ! -x "$ROOT/usr/sbin/dockerd" ]; then
    say 'a root file system with Docker, made once'
    [ -d "$ROOT/etc" ] || debootstrap --variant=minbase --include=ca-certificates "$SUITE" "$ROOT" "$MIRROR" > "$ENGINE/debootstrap.log"
    cp /etc/resolv.conf "$ROOT/etc/resolv.conf"
    chroot "$ROOT" sh -c 'apt-get update -qq && apt-get install -y -qq --no-install-recommends \
      docker.io docker-cli docker-compose docker-buildx iptables' > "$ENGINE/apt.log" 2>&1
  fi
  mkdir -p "$ROOT"/{etc/docker,oldroot,var/lib/docker} "$ROOT$CHECKOUT" "$ROOT$ENGINE"
  local containerd=false
  [ "${STORE:-}" = containerd ] && containerd=true
  echo "{\"features\": {\"containerd-snapshotter\": $containerd}, \"exec-opts\": [\"native.cgroupdriver=cgroupfs\"]}" > "$ROOT/etc/docker/daemon.json"
}

start() {
  is_running && return
  make_root
  say "the engine (image store: ${STORE:-overlay2})"
  # pivot_root, and not chroot: a command that an engine in a chroot executes in a container would run outside of it.
  cat > "$ENGINE/start.sh" <<SH
mount --make-rprivate /
mount --bind "$ROOT" "$ROOT"
mount -t proc proc "$ROOT/proc"; mount --rbind /sys "$ROOT/sys"; mount --rbind /dev "$ROOT/dev"
mount --bind "$ENGINE/data" "$ROOT/var/lib/docker"
mount -t tmpfs tmpfs "$ROOT/run"; mkdir -p "$ROOT/run/lock"
mount --bind "$CHECKOUT" "$ROOT$CHECKOUT"; mount --bind "$ENGINE" "$ROOT$ENGINE"
ip link set lo up
echo \$\$ > "$ENGINE/pid"
exec > "$ENGINE/log" 2>&1 < /dev/null
cd "$ROOT"; pivot_root . oldroot; umount -l /oldroot
exec dockerd --config-file /etc/docker/daemon.json
SH
  rm -f "$ENGINE/pid"
  setsid unshare --mount --net bash "$ENGINE/start.sh" &
  for _ in $(seq 60); do
    sleep 0.5
    [ -f "$ENGINE/pid" ] && docker version > /dev/null 2>&1 && break
  done
  docker version --format 'engine {{.Server.Version}}'
  docker compose version
  # The build asks the npm registry.
  setsid slirp4netns --configure --mtu=1400 --disable-host-loopback "$(cat "$ENGINE/pid")" tap0 > "$ENGINE/slirp.log" 2>&1 < /dev/null &
  echo $! > "$ENGINE/slirp.pid"
  sleep 2
  load_images
}

load_images() {
  docker image inspect waymark-base-images:loaded > /dev/null 2>&1 && return
  say 'base images into the engine'
  node --input-type=module --eval "
    const { prepareContainers } = await import('$HERE/prepare.ts');
    await prepareContainers(process.stdout, new AbortController().signal);"
  xargs "$FOLDER/bin/podman" save --quiet --multi-image-archive --output "$ENGINE/images.tar" < "$FOLDER/base-images"
  docker load --quiet --input "$ENGINE/images.tar"
  rm "$ENGINE/images.tar"
  # The npm registry and the certificates of this machine, in the engine's copy of the base image only.
  local image
  image=$(sed -n 's#docker.io/library/\(node:.*\)#\1#p' "$FOLDER/base-images")
  mkdir -p "$ENGINE/node"
  cp "$FOLDER/npmrc" "$FOLDER/ca-certificates.crt" "$ENGINE/node"
  printf 'FROM %s\nCOPY npmrc /root/.npmrc\nCOPY ca-certificates.crt /etc/ssl/certs/\n' "$image" > "$ENGINE/node/Dockerfile"
  docker build --quiet --tag "$image" "$ENGINE/node"
  docker tag "$image" waymark-base-images:loaded
}

run_tests() {
  say "the tests (WORKERS=${WORKERS:-1}, TAIL_SAMPLING_PERCENTAGE=${TAIL_SAMPLING_PERCENTAGE:-none})"
  cd "$CHECKOUT"
  DOCKER_COMMAND=$ENGINE/bin/docker nsenter --target "$(cat "$ENGINE/pid")" --net npm run test:compose -- "$@"
}

end() {
  local file
  for file in slirp.pid pid; do
    [ -f "$ENGINE/$file" ] && kill "$(cat "$ENGINE/$file")" 2> /dev/null || true
  done
  for _ in $(seq 40); do is_running || break; sleep 0.5; done
  rm -f "$ENGINE/pid" "$ENGINE/slirp.pid"
}

case ${1:-all} in
  all) trap end EXIT; start; run_tests ;;
  start) start ;;
  test) shift; run_tests "$@" ;;
  end) end ;;
  docker) shift; docker "$@" ;;
  *) echo "unknown step $1" >&2; exit 2 ;;
esac
