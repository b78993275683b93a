# shellcheck shell=sh
# Takes a deployment away when whoever made it is gone. Prints `ready`, then reads its standard
# input: the line `done` says that nothing is left to do, its end that the other side died.
#
# MASTO_REAP     name of the deployment
# MASTO_LABEL    the label that says whose something is
# MASTO_SHARED   its value on what all deployments share
# MASTO_INGRESS  name of the shared ingress
# MASTO_FORGET   what makes the ingress forget the deployment
# MASTO_FOLDER   what is kept for the deployment on this machine
# MASTO_LOCK     held while the ingress is changed
set -u
export LC_ALL=C

if ! command -v docker >/dev/null; then
  echo "there is no \`docker\` on the PATH" >&2
  exit 127
fi
echo ready
exec >/dev/null 2>&1
if read -r word && [ "$word" = done ]; then exit 0; fi

list() { # container, network or volume; the label's value
  all=
  if [ "$1" = container ]; then all=--all; fi
  # shellcheck disable=SC2086 # no word or one
  docker "$1" ls $all --quiet --filter "label=$MASTO_LABEL=$2"
}

take_away() { # the label's value
  for container in $(list container "$1"); do docker container rm --force --volumes "$container"; done
  for network in $(list network "$1"); do
    # The ingress is in it, and belongs to everybody.
    members=$(docker network inspect --format '{{range $id, $_ := .Containers}}{{$id}} {{end}}' "$network")
    for member in $members; do docker network disconnect --force "$network" "$member"; done
    docker network rm "$network"
  done
  for volume in $(list volume "$1"); do docker volume rm --force "$volume"; done
}

is_gone() { # the label's value
  [ -z "$(list container "$1")$(list network "$1")$(list volume "$1")" ]
}

others() {
  docker network ls --filter "label=$MASTO_LABEL" --format "{{.Label \"$MASTO_LABEL\"}}" |
    grep --quiet --line-regexp --fixed-strings --invert-match -e "$MASTO_SHARED" -e "$MASTO_REAP"
}

# What the engine was still at when the other side died may come a moment later: only what is gone
# twice is gone.
looks=0
calm=0
while [ "$looks" -lt 60 ] && [ "$calm" -lt 2 ]; do
  take_away "$MASTO_REAP"
  if is_gone "$MASTO_REAP"; then calm=$((calm + 1)); else calm=0; fi
  looks=$((looks + 1))
  [ "$calm" -ge 2 ] || sleep 1
done

# Where there is no flock(1), as on macOS, a masto that changes the ingress now begins again.
if command -v flock; then
  exec 9>>"$MASTO_LOCK"
  flock --timeout 30 9
fi
if others; then
  docker exec "$MASTO_INGRESS" sh -c "$MASTO_FORGET"
else
  take_away "$MASTO_SHARED"
fi
rm -rf "$MASTO_FOLDER"
