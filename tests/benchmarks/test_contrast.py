import math

from benchmarks import contrast


def test_every_kind_of_mean_has_a_row(capsys):
    contrast.main(steps=2, seeds=1)
    header, rule, *rows = capsys.readouterr().out.splitlines()
    assert header.count("|") == rule.count("|") == 9
    assert [row.split(" | ")[0] for row in rows] == ["| untrained"] + [
        f"| over {average}" for average in ("pairs", "queries", "tags") for _ in range(2)
    ]
    assert all(math.isfinite(float(cell)) for row in rows for cell in row.strip("| ").split(" | ")[2:])


def test_over_pairs_all_embeddings_become_alike():
    pairs, tags = (contrast.run(0, steps=40, average=average, background=True) for average in ("pairs", "tags"))
    names = contrast.COLUMNS
    alike, apart = dict(zip(names, pairs, strict=True)), dict(zip(names, tags, strict=True))
    assert alike["same class"] - alike["background"] < 0.05
    assert apart["same class"] - apart["background"] > 0.2
    assert apart["AUC"] > 0.9
