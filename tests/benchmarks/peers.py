"""Other trackers, each starting and finishing a run as its documentation shows, without its dear extras."""

from __future__ import annotations

import logging
import os
import time
import uuid
from itertools import islice

Parameters = dict[str, float]
Points = list[dict[str, float]]


class _Peer:
    """`run` does what has to be done, `record` says how long it took."""

    def run(self, parameters: Parameters, points: Points) -> None:
        raise NotImplementedError

    def record(self, parameters: Parameters, points: Points) -> float:
        begin = time.perf_counter()
        self.run(parameters, points)
        return time.perf_counter() - begin

    def settle(self) -> None:
        """None of these has anything left to do that it says when it is done."""


class MlflowFiles(_Peer):
    def __init__(self) -> None:
        self._open(f"file:{os.getcwd()}/mlruns")

    def _open(self, uri: str) -> None:
        import mlflow

        mlflow.set_tracking_uri(uri)
        mlflow.set_experiment("bench")

    def run(self, parameters: Parameters, points: Points) -> None:
        import mlflow
        from mlflow.entities import Metric

        with mlflow.start_run() as run:
            mlflow.log_params(parameters)
            if len(points) == 1:
                mlflow.log_metrics(points[0])
                return
            now = int(time.time() * 1000)
            metrics = (Metric(*item, now, step) for step, point in enumerate(points) for item in point.items())
            while batch := list(islice(metrics, 1000)):
                mlflow.MlflowClient().log_batch(run.info.run_id, metrics=batch)


class MlflowSqlite(MlflowFiles):
    def __init__(self) -> None:
        self._open(f"sqlite:///{os.getcwd()}/mlflow.db")


class Trackio(_Peer):
    def __init__(self) -> None:
        import trackio

        self._trackio = trackio

    def run(self, parameters: Parameters, points: Points) -> None:
        self._trackio.init(project="bench", config=parameters)
        for point in points:
            self._trackio.log(point)
        self._trackio.finish()


class Dvclive(_Peer):
    def __init__(self) -> None:
        from dvclive import Live

        self._live = Live

    def run(self, parameters: Parameters, points: Points) -> None:
        folder = f"dvclive-{uuid.uuid4().hex}"
        with self._live(dir=folder, save_dvc_exp=False, dvcyaml=None, report=None) as live:
            live.log_params(parameters)
            for point in points:
                for name, value in point.items():
                    live.log_metric(name, value)
                if len(points) > 1:
                    live.next_step()


class Sacred(_Peer):
    def __init__(self) -> None:
        from sacred import Experiment
        from sacred.observers import FileStorageObserver

        logging.disable(logging.WARNING)
        self._points: Points = []
        self._experiment = Experiment("bench", interactive=True)
        self._experiment.observers.append(FileStorageObserver("sacred"))

        @self._experiment.main
        def train(_run):  # type: ignore[no-untyped-def]  # named and filled in by Sacred
            for step, point in enumerate(self._points):
                for name, value in point.items():
                    _run.log_scalar(name, value, step)

    def run(self, parameters: Parameters, points: Points) -> None:
        self._points = points
        if not self._experiment.configurations:  # it warns of parameters that were not declared
            self._experiment.add_config(dict.fromkeys(parameters, 0.0))
        self._experiment.run(config_updates=parameters)


class TensorboardX(_Peer):
    def __init__(self) -> None:
        from tensorboardX import SummaryWriter

        self._writer = SummaryWriter

    def run(self, parameters: Parameters, points: Points) -> None:
        writer = self._writer(f"tensorboard/{uuid.uuid4().hex}")
        for name, value in parameters.items():
            writer.add_text(name, str(value))
        for step, point in enumerate(points):
            for name, value in point.items():
                writer.add_scalar(name, value, step)
        writer.close()


PEERS = {
    "MLflow, SQLite": MlflowSqlite,
    "MLflow, files": MlflowFiles,
    "Trackio": Trackio,
    "DVCLive": Dvclive,
    "Sacred": Sacred,
    "tensorboardX": TensorboardX,
}
