#!/bin/sh
# The image's command: nnactive-bench, with fixed mount points, and without variables of the host's environment that
# could change what is imported.
unset PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONUSERBASE
export PYTHONNOUSERSITE=1 PYTHONDONTWRITEBYTECODE=1 LANG=C.UTF-8
export NNACTIVE_DATA=/data NNACTIVE_RUNS=/results NNACTIVE_OUT=/results/leaderboard.html
# Otherwise plugins in a layer's packages would run in every process, trainings included.
export PYDANTIC_DISABLE_PLUGINS=__all__ TORCH_DEVICE_BACKEND_AUTOLOAD=0
export HOME=/scratch TMPDIR=/scratch XDG_CACHE_HOME=/scratch/cache USER=benchmark LOGNAME=benchmark
export PATH=/opt/benchmark/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
unset NNACTIVE_RUNTIME NNACTIVE_IMAGE
exec /opt/benchmark/venv/bin/nnactive-bench "$@"
