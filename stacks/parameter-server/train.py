"""Trains a small network on scikit-learn's digits, its weights on parameter servers.

The chief runs this and hands the steps to the workers; the evaluator runs it too, and measures
each checkpoint that the chief has saved.
"""

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

from trainstack_runtime import progress, result

EVALUATION_SECONDS = 300
FOLDER = Path("/checkpoints", os.environ["TRAINSTACK_JOB"])
VERDICT = FOLDER / "evaluated.json"


def digits(*, test: bool) -> tuple[np.ndarray, np.ndarray]:
    """Images and numbers; every fifth is for the test."""
    pixels, numbers = load_digits(return_X_y=True)
    chosen = (np.arange(len(numbers)) % 5 == 0) == test
    return (pixels[chosen] / 16).astype("float32"), numbers[chosen]


def network() -> tf.keras.Model:
    return tf.keras.Sequential(
        [
            tf.keras.layers.Dense(128, "relu", input_shape=(64,)),
            tf.keras.layers.Dense(10),
        ]
    )


def train(resolver: tf.distribute.cluster_resolver.ClusterResolver, lr: float, epochs: int) -> None:
    strategy = tf.distribute.ParameterServerStrategy(resolver)
    with strategy.scope():
        model = network()
        model.compile(
            tf.keras.optimizers.SGD(lr, momentum=0.9),
            tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )
    # The chief alone writes: else each server would save its weights where it is.
    options = tf.train.CheckpointOptions(experimental_io_device="/job:chief")
    manager = tf.train.CheckpointManager(tf.train.Checkpoint(model=model), FOLDER, max_to_keep=3)

    def save(epoch: int, logs: dict[str, float]) -> None:
        manager.save(checkpoint_number=epoch + 1, options=options)
        progress(step=epoch + 1, total=epochs, loss=logs["loss"])

    batches = (
        tf.data.Dataset.from_tensor_slices(digits(test=False)).shuffle(2000).repeat().batch(32)
    )
    callbacks = [tf.keras.callbacks.LambdaCallback(on_epoch_end=save)]
    model.fit(batches, epochs=epochs, steps_per_epoch=45, callbacks=callbacks, verbose=0)

    deadline = time.monotonic() + EVALUATION_SECONDS
    while time.monotonic() < deadline:
        if VERDICT.exists() and (said := json.loads(VERDICT.read_text()))["epoch"] == epochs:
            result(
                accuracy=said["accuracy"], workers=len(resolver.cluster_spec().as_dict()["worker"])
            )
            return
        time.sleep(0.2)
    raise TimeoutError("the evaluator has not measured the last checkpoint")


def follow(epochs: int) -> None:
    model = network()
    images, numbers = digits(test=True)
    checkpoint = tf.train.Checkpoint(model=model)
    for path in tf.train.checkpoints_iterator(FOLDER, timeout=EVALUATION_SECONDS):
        checkpoint.restore(path).expect_partial()
        right = tf.argmax(model(images), axis=1) == numbers
        said = {
            "epoch": int(path.rpartition("-")[2]),
            "accuracy": round(float(tf.reduce_mean(tf.cast(right, tf.float32))), 4),
        }
        print(json.dumps(said), flush=True)
        VERDICT.with_suffix(".new").write_text(json.dumps(said))
        VERDICT.with_suffix(".new").replace(VERDICT)
        if said["epoch"] == epochs:
            return


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    args = parser.parse_args()
    resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
    if resolver.task_type == "evaluator":
        follow(args.epochs)
    else:
        train(resolver, args.lr, args.epochs)


if __name__ == "__main__":
    main()
