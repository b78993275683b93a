# shellcheck shell=bash
# What the scripts of this directory share: how they speak, and how they find the engine.

KIT_QUIET=${KIT_QUIET:-}

elapsed() { printf '%3ds' "$SECONDS"; }

# Progress and advice go to stderr: stdout is for what a pipe may take.
step() { [[ -n $KIT_QUIET ]] || printf '[%s] %s\n' "$(elapsed)" "$*" >&2; }

note() { printf '       %s\n' "$@" >&2; }

# What happened, then what to type, one argument a line.
die() {
  printf '\n%s: %s\n' "$(basename "$0")" "$1" >&2
  shift
  [[ $# == 0 ]] || printf '  %s\n' "$@" >&2
  exit 1
}

is_root() { [[ $(id -u) == 0 ]]; }

# Prints the comment at the head of a script, which is its manual.
usage() { sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p}' "$1"; }

# Installs Debian packages where that needs nobody's leave, and says what to type where it does.
need_packages() {
  local missing=() package
  for package; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  command -v apt-get >/dev/null ||
    die "needs ${missing[*]}, and this system has no apt-get" "install them with this system's own package tool, or use Debian or Ubuntu"
  is_root || die "needs ${missing[*]}" "type:  sudo apt-get install ${missing[*]}" "then:  $0"
  step "installing ${missing[*]}"
  local log
  log=$(mktemp)
  if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    die "apt-get could not install ${missing[*]}" "the lines above say why; its whole output is in $log"
  fi
  rm -f "$log"
}

# The same by the name of a program: a machine may have it from elsewhere than Debian.
need_program() {
  command -v "$1" >/dev/null || need_packages "$2"
}

need_cargo() {
  local rustup=$HOME/.cargo/bin
  command -v cargo >/dev/null || [[ ! -x $rustup/cargo ]] || PATH=$rustup:$PATH
  if command -v cargo >/dev/null; then
    # Crates with C in them (ring) need a compiler, and every crate a linker.
    need_program cc build-essential
    return
  fi
  die "needs a Rust toolchain: there is no cargo" \
    "type:  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal" \
    "then:  . \"\$HOME/.cargo/env\" && $0"
}

# Prints where a program from PyPI is, of one version, in a place of its own, so that nothing on this
# machine changes. Tests may ask at the same time.
python_tool() {
  local package=$1 version=$2 program=$3
  local home=${XDG_CACHE_HOME:-$HOME/.cache}/masto/tools/$package-$version
  mkdir -p "$(dirname "$home")"
  (
    flock 9
    if [[ ! -x $home/bin/$program ]]; then
      rm -rf "$home"
      python3 -m venv "$home" >/dev/null && "$home/bin/pip" install --quiet --disable-pip-version-check "$package==$version" >"$home.log" 2>&1
    fi
  ) 9>"$home.lock" || return 1
  echo "$home/bin/$program"
}

engine_answers() { timeout 20 docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

# Starts the engine that is installed here. ENGINE_STARTED says what stops it again: the name of a
# command, or empty where the engine ran already.
ENGINE_STARTED=
ENGINE_PID=
start_engine() {
  step "starting Docker"
  if [[ -d /run/systemd/system ]]; then
    ENGINE_STARTED='systemctl stop docker docker.socket'
    systemctl start docker >/dev/null 2>&1 || true
  elif [[ -x /etc/init.d/docker ]]; then
    # Debian's script wants to raise a limit, which a container may not: then dockerd itself.
    ENGINE_STARTED='service docker stop'
    service docker start >/dev/null 2>&1 || true
  fi
  await_engine 20 && return
  local log=${TMPDIR:-/tmp}/masto-dockerd.log
  command -v dockerd >/dev/null || die "Docker's client is installed, but there is no dockerd" "type:  apt-get install docker.io"
  setsid dockerd >"$log" 2>&1 &
  ENGINE_PID=$!
  ENGINE_STARTED="kill $ENGINE_PID"
  await_engine 60 || { tail -n 5 "$log" >&2; die "dockerd does not come up" "its log is $log"; }
}

# Ends the engine that start_engine started.
stop_engine() {
  [[ -n $ENGINE_STARTED ]] || return 0
  step "stopping the Docker engine that was started here"
  # shellcheck disable=SC2086 # a command and its arguments
  $ENGINE_STARTED >/dev/null 2>&1 || true
}

# Waits for the engine's answer, at most this many seconds.
await_engine() {
  local deadline=$((SECONDS + $1))
  until engine_answers; do
    [[ $SECONDS -lt $deadline ]] || return 1
    [[ -z $ENGINE_PID ]] || kill -0 "$ENGINE_PID" 2>/dev/null || return 1
    sleep 0.2
  done
}

# Finds an engine that answers; installs and starts Debian's where it may, and otherwise says what to do.
need_engine() {
  if command -v docker >/dev/null && engine_answers; then return; fi
  # A rootless engine that no context names.
  local rootless=${XDG_RUNTIME_DIR:-/nonexistent}/docker.sock
  if [[ -z ${DOCKER_HOST:-} && -S $rootless ]] && DOCKER_HOST=unix://$rootless engine_answers; then
    export DOCKER_HOST=unix://$rootless
    return
  fi
  local why
  why=$(timeout 20 docker version 2>&1 >/dev/null | tail -n 1 || true)
  if [[ -n ${DOCKER_HOST:-} ]]; then
    die "the Docker engine at DOCKER_HOST=$DOCKER_HOST does not answer: ${why:-no answer}" \
      "start that engine, or type:  unset DOCKER_HOST   to use the one of this machine"
  fi
  if ! command -v docker >/dev/null; then
    command -v apt-get >/dev/null || die "there is no Docker" "install it: https://docs.docker.com/engine/install/"
    is_root || die "there is no Docker" \
      "type:  sudo apt-get install docker.io && sudo usermod -aG docker $(id -un)" \
      "then log out and in again (or type \`newgrp docker\`), and:  $0"
    need_packages docker.io
    # Docker's own choice of a storage driver copies whole images where overlays cannot be stacked.
    [[ $(stat -f -c %T /var/lib) != overlayfs ]] || need_packages fuse-overlayfs
    # Since Debian 13 the client is a package of its own.
    command -v docker >/dev/null || need_packages docker-cli
  fi
  engine_answers && return
  local socket=/var/run/docker.sock
  if [[ -S $socket && ! -w $socket ]]; then
    if id -nG "$(id -un)" | grep -qw docker; then
      die "this session may not use Docker's socket yet, though $(id -un) is in the group docker" \
        "log out and in again, or type:  newgrp docker" "then:  $0"
    fi
    die "$(id -un) may not use Docker's socket $socket" \
      "type:  sudo usermod -aG docker $(id -un)" \
      "then log out and in again (or type \`newgrp docker\`), and:  $0"
  fi
  is_root || die "Docker is installed, but does not answer: ${why:-no answer}" \
    "type:  sudo systemctl start docker    (or: sudo service docker start)" "then:  $0"
  start_engine
}
