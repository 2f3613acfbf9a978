"""Rows as tables, for terminals and for docs/performance.md alike."""

import stores

COLUMNS = (
    ("store", lambda row: stores.TITLES.get(row["store"], row["store"]), 19),
    ("mode", lambda row: row["mode"] + (" (wrk)" if row["load"] == "wrk" else ""), 10),
    ("over", lambda row: row["protocol"], 4),
    ("sync", lambda row: str(row["sync"]), 4),
    ("connections", lambda row: str(row["connections"]), 11),
    ("transactions/s", lambda row: f"{row['per_second']:,.0f}", 14),
    ("p50 ms", lambda row: number(row.get("p50")), 7),
    ("p99 ms", lambda row: number(row.get("p99")), 7),
    ("CPU of dtmd", lambda row: f"{row['cpu_us']:.0f} us", 11),
    ("of the store", lambda row: f"{row['store_cpu_us']:.0f} us" if row["store_cpu_us"] else "", 12),
    ("peak MiB", lambda row: f"{row['peak_mib']:.0f}", 8),
    ("disk's sync us", lambda row: f"{row['sync_us']:.0f} to {row['sync_after_us']:.0f}", 16),
)


def number(value):
    return "" if value is None else f"{value:.2f}"


def line(cells, widths):
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths)) + " |"


def head(columns=COLUMNS):
    widths = [max(width, len(title)) for title, _, width in columns]
    return line([title for title, _, _ in columns], widths) + "\n|" + "|".join("-" * (width + 2) for width in widths) + "|"


def text(row, columns=COLUMNS):
    widths = [max(width, len(title)) for title, _, width in columns]
    if "failed" not in row:
        return line([show(row) for _, show, _ in columns], widths)
    cells = [known(show, row) for _, show, _ in columns]
    if "" in cells:
        cells[cells.index("")] = "failed: " + row["failed"].replace("|", "/")
    return line(cells, widths)


def known(show, row):
    try:
        return show(row)
    except (KeyError, TypeError):
        return ""


def table(rows, columns=COLUMNS):
    return "\n".join([head(columns), *(text(row, columns) for row in rows)])
