// The panel of the explorer: all that is known of the kept point, and beside it of the one pointed at.

/** Caption, head and body of a table: a row begins with its name, cells from `numeric` on stand at the right. */
function tableOf(caption, head, rows, numeric) {
  const cell = (tag, text, i) => make(tag, { ...(tag === "th" ? { scope: i === 0 && numeric ? "row" : "col" } : {}), ...(i >= numeric ? { class: "number" } : {}) }, text);
  return [
    make("caption", {}, make("span", { class: "held" }, caption)),
    make("thead", {}, make("tr", {}, ...head.map((text, i) => make("th", { scope: "col", ...(i >= numeric ? { class: "number" } : {}) }, text)))),
    make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map((text, i) => cell(i === 0 ? "th" : "td", text, i))))),
  ];
}

const arrow = (metric) => ({ higher: " ↑", lower: " ↓" })[metric.direction] ?? "";

/** What the checks say of the models of `point`. */
function checked(point, table, folded) {
  const rows = data.checks.points[point] ?? [];
  if (!rows.length) return [];
  const loud = rows.filter(([, , warned, failed]) => warned + failed > 0);
  const line = ([check, passed, warned, failed, none, overridden, says]) => [
    data.checks.names[check],
    [[passed, "pass"], [warned, "warn"], [failed, "fail"], [none, "not applicable"], [overridden, "overridden"]].filter(([n]) => n > 0).map(([n, word]) => `${n} ${word}`).join(", "),
    says,
  ];
  const head = ["check", "models", "for example"];
  const summary = `Sanity checks: ${rows.length - loud.length} of ${rows.length} without a remark`;
  return [
    loud.length ? table(summary, head, loud.map(line)) : make("p", { class: "help" }, `${summary}.`),
    folded("All sanity checks", () => table("Sanity checks, over the models of this point", head, rows.map(line))),
  ];
}

/** A function that shows the kept and the pointed point (or null), and where they stand in what the explorer found, in `panel`. */
function detailIn(panel) {
  const opened = new Set();
  let shown = "";
  /** The kept point, and beside it the one pointed at; `lost`: why the kept one is not among what remains, where that is so. */
  return (kept, pointed, { x, y, members }, lost) => {
    const points = [...new Set([kept, pointed])].filter((point) => point !== null);
    const key = [kept, pointed, x.key, y.key, points.map((point) => members.has(point)), lost].join();
    if (key === shown) return;
    shown = key;
    if (!points.length) {
      panel.replaceChildren(make("p", { class: "help" }, "No point is kept. Point at a mark, or go to one with the arrow keys, and press it to keep it here; then point at another to compare."));
      return;
    }
    const [main] = points;
    const label = (point) => `${data.points.label[point]}${point === kept ? " (kept)" : ""}`;
    const wanted = (group) => data.metrics.filter((metric) => group.includes(metric.group) && points.some((point) => metric.values[point] !== null || metric.reasons?.[point]));
    const compared = (list) => list.map((metric) => [metric.title + arrow(metric), ...points.map((point) => estimate(metric, point))]);
    const table = (caption, head, rows) => make("table", {}, ...tableOf(caption, head, rows, 1));
    const folded = (name, content) => {
      const box = make("details", { open: opened.has(name) }, make("summary", {}, name));
      const open = () => box.childElementCount < 2 && box.append(content());
      if (box.open) open();
      box.addEventListener("toggle", () => (box.open ? (opened.add(name), open()) : opened.delete(name)));
      return box;
    };
    const facts = [
      ...data.points.columns.map((column) => [column.name, ...points.map((point) => column.values[point] || "—")]),
      ["declared front", ...points.map((point) => data.points.place[point])],
      ...(data.points.verdict ? [["verdict", ...points.map((point) => data.points.verdict[point])]] : []),
      ["this front", ...points.map((point) => data.points.off[point] ?? (members.has(point) ? "yes" : "no"))],
    ];
    const heads = points.map(label);
    const parts = [make("h3", {}, label(main))];
    if (lost) parts.push(make("p", { class: "lost" }, `Filtered out of the plot: ${lost}.`));
    if (points.length > 1) parts.push(make("p", { class: "help" }, `Beside it: ${label(points[1])}.`));
    parts.push(table("Configuration", ["setting", ...heads], facts));
    parts.push(table("Means with 95 % intervals", ["number", ...heads], compared(wanted(["objective", "shown"]))));
    const further = wanted(["further"]);
    const left = data.left_out ? ` (${data.left_out} more are in measurements.csv)` : "";
    if (further.length) parts.push(folded(`${further.length} numbers by class, group or radius${left}`, () => table("Means with 95 % intervals", ["number", ...heads], compared(further))));
    if (data.attacks) {
      const rows = data.attacks.names.map((name, i) => {
        const standing = points.map((point) => data.attacks.standing[i][point]);
        return [data.attacks.exact[i] ? `${name} (exact)` : name, ...standing.map((share) => (share === null ? "—" : written(share)))];
      });
      parts.push(table(`Attack by attack at ${data.attacks.threat}: share of rows still right`, ["attack", ...heads], rows));
    }
    parts.push(...checked(main, table, folded));
    panel.replaceChildren(...parts);
  };
}
