"""Trains a small network on scikit-learn's digits; workers average their gradients each step."""

import argparse

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

from trainstack_runtime import progress, result


def datasets() -> tuple[tf.data.Dataset, tf.data.Dataset]:
    """Every fifth image is for the test; each worker takes its share of every batch."""
    pixels, numbers = load_digits(return_X_y=True)
    images, held_out = (pixels / 16).astype("float32"), np.arange(len(numbers)) % 5 == 0
    train = tf.data.Dataset.from_tensor_slices((images[~held_out], numbers[~held_out]))
    test = tf.data.Dataset.from_tensor_slices((images[held_out], numbers[held_out]))
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    batches = train.shuffle(2000, seed=0).batch(64, drop_remainder=True)
    return batches.with_options(options), test.batch(100).with_options(options)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    args = parser.parse_args()

    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    tf.keras.utils.set_random_seed(0)
    train, test = datasets()
    with strategy.scope():
        model = tf.keras.Sequential(
            [
                tf.keras.layers.Dense(128, "relu", input_shape=(64,)),
                tf.keras.layers.Dense(10),
            ]
        )
        model.compile(
            tf.keras.optimizers.SGD(args.lr, momentum=0.9),
            tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )

    def tell(epoch: int, logs: dict[str, float]) -> None:
        progress(step=epoch + 1, total=args.epochs, loss=logs["loss"])

    callbacks = [tf.keras.callbacks.LambdaCallback(on_epoch_end=tell)]
    model.fit(train, epochs=args.epochs, callbacks=callbacks, verbose=0)
    _, accuracy = model.evaluate(test, verbose=0)
    result(accuracy=round(accuracy, 4), workers=strategy.num_replicas_in_sync)


if __name__ == "__main__":
    main()
