"""Words of the field that mean the same, and words that look alike and do not."""

from __future__ import annotations

from typing import Final

_SAME: Final = """
    accuracy: acc
    learning rate: lr
    batch size: bs, batchsize
    validation: val, valid
    training: train
    testing: test
    weight decay: wd
    epochs: n epochs, num epochs, nb epochs, number of epochs
    steps: n steps, num steps, nb steps, number of steps
    layers: n layers, num layers, nb layers, number of layers
    n: num, nb, number of
    momentum: mom
    cross entropy: ce, xent, crossentropy
    binary cross entropy: bce
    error: err
    temperature: temp
    dropout: drop, dropout rate, drop rate, p drop, dropout p
    optimizer: opt, optim, optimiser
    maximum: max
    minimum: min
    mean: avg, average
    deviation: std, stdev, sd
    perplexity: ppl
    precision: prec
    recall: rec
    f 1: f 1 score
    auc: roc auc, auroc, rocauc
    mean squared error: mse
    mean absolute error: mae
    root mean squared error: rmse
    negative log likelihood: nll
    intersection over union: iou
    random seed: random state
    gradient: grad
    regularization: reg, regularisation
    normalization: norm, normalisation
    dimension: dim
    embedding: emb, embed
    hidden: hid
    image: img
    prediction: pred
    probability: prob
    scheduler: sched, schedule
    memory: mem
    seconds: sec, secs
    milliseconds: ms
    initialization: init, initialisation
    tokenizer: tokeniser
    parameters: params
    configuration: config, cfg
    directory: dir
    filename: file name
    dataset: data set
"""

_DIFFERENT: Final = """
    macro micro; score store; score scope; scope store; scale stale; state stage; state stats; stage stale;
    decay delay; shape share; shape shade; share shade; later layer; latent latest; model modal;
    start state; sample simple; count court; block black; point print; width widen; inner inter;
    inter intra; intra infra; source sauce; encode encoder; encoded encoder; decode decoder;
    decoded decoder; sparse sparser; train trait; trail trial; price prime; class clash; global goal
"""


def _spellings() -> dict[tuple[str, ...], tuple[str, ...]]:
    table = {}
    for line in _SAME.strip().splitlines():
        meant, _, written = line.partition(":")
        for spelling in written.split(","):
            table[tuple(spelling.split())] = tuple(meant.split())
    return table


SPELLINGS: Final = _spellings()
"""What is written (one to three words) to what is meant."""

LONGEST_SPELLING: Final = max(map(len, SPELLINGS))

DIFFERENT: Final = frozenset(frozenset(pair.split()) for pair in _DIFFERENT.split(";"))
"""Pairs of words one letter apart that are not misspellings of each other."""
