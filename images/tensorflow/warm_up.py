"""Import what a training usually does, so that its compiled modules are in the image."""

import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import sklearn.datasets
import tensorflow as tf

digits = sklearn.datasets.load_digits()
model = tf.keras.Sequential([tf.keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
data = tf.data.Dataset.from_tensor_slices((digits.data, digits.target)).batch(64).take(2)
model.fit(data, verbose=0)
assert tf.distribute.MultiWorkerMirroredStrategy().num_replicas_in_sync == 1
