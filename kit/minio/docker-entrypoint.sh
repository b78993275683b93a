#!/bin/sh
# The entrypoint of the official MinIO image: every command but `minio` is an argument of `minio`,
# so that running `mc` in this image takes another entrypoint, as it does there.
set -eu
if [ "${1:-minio}" != minio ]; then
  set -- minio "$@"
fi
exec "$@"
