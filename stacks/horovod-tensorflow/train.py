"""Trains a small network on scikit-learn's digits; ranks average their gradients each step."""

import argparse

import horovod.tensorflow as hvd
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

from trainstack_runtime import progress, result


def datasets() -> tuple[tf.data.Dataset, tf.data.Dataset]:
    """Every fifth image is for the test; each rank takes its share of the others."""
    pixels, numbers = load_digits(return_X_y=True)
    images, held_out = (pixels / 16).astype("float32"), np.arange(len(numbers)) % 5 == 0
    train = tf.data.Dataset.from_tensor_slices((images[~held_out], numbers[~held_out]))
    test = tf.data.Dataset.from_tensor_slices((images[held_out], numbers[held_out]))
    even = train.shuffle(2000, seed=0).batch(32 * hvd.size(), drop_remainder=True).unbatch()
    return even.shard(hvd.size(), hvd.rank()).batch(32), test.batch(100)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    args = parser.parse_args()

    hvd.init()
    train, test = datasets()
    model = tf.keras.Sequential(
        [tf.keras.layers.Dense(128, "relu", input_shape=(64,)), tf.keras.layers.Dense(10)]
    )
    optimizer = tf.keras.optimizers.SGD(args.lr, momentum=0.9)
    optimizer.build(model.trainable_variables)
    hvd.broadcast_variables([*model.variables, *optimizer.variables], root_rank=0)
    entropy = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    @tf.function
    def learn(images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = entropy(labels, model(images, training=True))
        gradients = hvd.DistributedGradientTape(tape).gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    for epoch in range(args.epochs):
        for images, labels in train:
            loss = learn(images, labels)
        progress(step=epoch + 1, total=args.epochs, loss=float(loss))

    accuracy = tf.keras.metrics.SparseCategoricalAccuracy()
    for images, labels in test:
        accuracy.update_state(labels, model(images))
    result(accuracy=round(float(accuracy.result()), 4), ranks=hvd.size())


if __name__ == "__main__":
    main()
