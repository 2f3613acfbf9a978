"""The plots of docs/performance.md: small SVGs that only change when the figures do."""

import os

import stores

SIZE = (8.0, 4.0)  # inches
COLORS = {"embedded": "#2f6fde", "memory": "#7aa5ee", "mysql": "#d9822b", "postgres": "#4c9a5b", "redis": "#b3261e"}
BARS = (("saga, sync 1", {"mode": "saga", "sync": 1}), ("saga, sync 0", {"mode": "saga", "sync": 0}),
        ("tcc", {"mode": "tcc", "sync": 1}), ("msg", {"mode": "msg", "sync": 1}))
PERCENTILES = ("p50", "p90", "p99", "p99.9")


def load_library():
    try:
        import matplotlib
    except ImportError as error:
        raise SystemExit(f"plots: {error}; scripts/install-packages.sh --bench installs it") from None
    matplotlib.use("svg")
    # Text stays text, and names inside do not depend on the time.
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "dtmd", "font.family": "sans-serif",
                                "font.size": 10, "axes.spines.top": False, "axes.spines.right": False,
                                "axes.axisbelow": True, "axes.grid": True, "grid.color": "#e3e7ee"})
    import matplotlib.pyplot
    return matplotlib.pyplot


def save(pyplot, figure, path):
    figure.tight_layout()
    # A white ground, for pages that are shown dark.
    figure.savefig(path, format="svg", metadata={"Date": None}, facecolor="white")
    pyplot.close(figure)
    return path


def find(rows, **wanted):
    for row in rows:
        if "failed" not in row and all(row.get(key) == value for key, value in wanted.items()):
            return row
    return None


def grouped_bars(axes, groups, values_of, names):
    """One group of bars per entry of `groups`, in it a bar for each store."""
    width = 0.8 / len(names)
    for number, name in enumerate(names):
        places = [place + (number - (len(names) - 1) / 2) * width for place in range(len(groups))]
        heights = [values_of(group, name) or 0 for group in groups]
        axes.bar(places, heights, width * 0.92, color=COLORS[name], label=stores.TITLES[name])
    axes.set_xticks(range(len(groups)))
    axes.grid(axis="x", visible=False)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,g}")
    axes.legend(frameon=False, fontsize=9)


def draw_throughput(pyplot, rows, names, path):
    figure, axes = pyplot.subplots(figsize=SIZE)

    def per_second(bar, name):
        row = find(rows, store=name, connections=32, protocol="http", **bar[1])
        return row and row["per_second"]

    grouped_bars(axes, BARS, per_second, names)
    axes.set_xticklabels([title for title, _ in BARS])
    axes.set_ylabel("transactions a second")
    axes.set_title("Two branches, 32 connections")
    return save(pyplot, figure, path)


def draw_latency(pyplot, rows, names, path):
    figure, axes = pyplot.subplots(figsize=SIZE)

    def millis(percentile, name):
        row = find(rows, store=name, connections=32, protocol="http", mode="saga", sync=1)
        return row and row.get(percentile)

    grouped_bars(axes, PERCENTILES, millis, names)
    axes.set_xticklabels(PERCENTILES)
    axes.set_ylabel("ms")
    axes.set_title("Latency of a saga with two branches, 32 connections")
    return save(pyplot, figure, path)


def draw_connections(pyplot, rows, names, path):
    figure, axes = pyplot.subplots(figsize=SIZE)
    for name in names:
        points = sorted((row["connections"], row["per_second"]) for row in rows
                        if "failed" not in row and row["store"] == name and row["mode"] == "saga" and row["sync"] == 1
                        and row["protocol"] == "http")
        if points:
            axes.plot(*zip(*points), marker="o", markersize=4, color=COLORS[name], label=stores.TITLES[name])
    axes.set_xscale("log")
    ticks = sorted({row["connections"] for row in rows if row["mode"] == "saga"})
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,g}")
    axes.set_xlabel("connections")
    axes.set_ylabel("sagas a second")
    axes.set_title("Sagas by connections")
    axes.legend(frameon=False, fontsize=9)
    return save(pyplot, figure, path)


def draw_matrix(rows, folder):
    """(path, title) of each."""
    pyplot = load_library()
    os.makedirs(folder, exist_ok=True)
    names = [name for name in stores.NAMES if any(row["store"] == name for row in rows)]
    drawn = ((draw_throughput, "throughput.svg", "Transactions a second by store"),
             (draw_latency, "latency.svg", "Latency by store"),
             (draw_connections, "connections.svg", "Sagas a second by connections"))
    return [(draw(pyplot, rows, names, os.path.join(folder, file)), title) for draw, file, title in drawn]
