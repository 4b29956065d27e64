// The explorer: what is chosen, what remains, and what is said about it.

/** With more points than this only those on the front have bars. */
const BARRED = 45;
/** With more points than this only those on the front are named. */
const NAMED = 16;
/** Rows of the table of points. */
const ROWS = 500;

function explore() {
  const by = (id) => document.getElementById(id);
  const metrics = data.metrics;
  const strengths = [...new Set(data.points.strength)].sort((a, b) => a - b);
  const declared = data.axes ?? [0, Math.min(1, metrics.length - 1)];
  const state = {
    x: declared[0], y: declared[1], hidden: new Set(), low: 0, high: strengths.length - 1,
    limits: [], pinned: null, active: null, whole: false,
    /** The last point shown: the arrow keys go on from there. */
    last: null,
  };
  /** What follows from the state: see `follow`. */
  let found = null;
  let scene = null;

  // Controls.

  const worst = metrics.findIndex((metric) => /^worst_(group|class)_accuracy/.test(metric.key));
  const lists = listsOf(metrics, [[by("axis-y"), state.y], [by("axis-x"), state.x], [by("limit-metric"), worst < 0 ? state.y : worst]]);
  const search = searchIn(by("search"), by("found"), lists, (text) => tell(text));

  const axisChanged = () => {
    [state.x, state.y] = [Number(by("axis-x").value), Number(by("axis-y").value)];
    // A region belongs to the axes it was drawn on.
    state.limits = state.limits.filter((limit) => !limit.drawn);
    update();
  };
  by("axis-x").addEventListener("change", axisChanged);
  by("axis-y").addEventListener("change", axisChanged);
  const turn = (x, y) => {
    // What is set must be in the lists, whatever is searched for.
    search.forget();
    [by("axis-x").value, by("axis-y").value] = [x, y];
    axisChanged();
  };
  by("swap").addEventListener("click", () => turn(state.y, state.x));
  const clear = () => {
    state.hidden.clear();
    for (const box of by("defenses").querySelectorAll("input")) box.checked = true;
    [by("strength-low").value, by("strength-high").value] = [state.low, state.high] = [0, strengths.length - 1];
    state.limits = [];
  };
  by("reset").addEventListener("click", () => {
    clear();
    turn(...declared);
  });
  by("clear").addEventListener("click", () => {
    clear();
    update();
  });

  by("defenses").hidden = data.defenses.length < 2;
  const swatches = data.defenses.map((defense, i) => {
    const box = make("input", { type: "checkbox", checked: true });
    box.addEventListener("change", () => {
      if (box.checked) state.hidden.delete(i);
      else state.hidden.add(i);
      update();
    });
    const swatch = make("canvas", { width: 36, height: 36, class: "swatch", "aria-hidden": "true" });
    by("defenses").append(make("label", {}, box, swatch, make("span", {}, defense.name)));
    return swatch;
  });
  function drawSwatches() {
    swatches.forEach((canvas, i) => {
      const ctx = canvas.getContext("2d");
      const own = defenseColor(i);
      ctx.clearRect(0, 0, 36, 36);
      drawMark(ctx, data.defenses[i].shape, [18, 18], { radius: 11, fill: own, edge: own, width: 2 });
    });
  }

  for (const [id, chosen] of [["strength-low", 0], ["strength-high", strengths.length - 1]]) {
    by(id).append(...strengths.map((strength, i) => new Option(String(strength), i)));
    by(id).value = chosen;
    by(id).addEventListener("change", () => {
      [state.low, state.high] = [Number(by("strength-low").value), Number(by("strength-high").value)];
      update();
    });
  }
  by("strength-low").closest("fieldset").hidden = strengths.length < 2;

  by("controls").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = by("limit-value").value.trim().replace("−", "-").replace(",", ".");
    const value = Number(text);
    const isNumber = text !== "" && Number.isFinite(value);
    by("limit-fault").textContent = isNumber ? "" : "A requirement needs a number, such as 0.6.";
    by("limit-value").setAttribute("aria-invalid", String(!isNumber));
    if (!isNumber) return by("limit-value").focus();
    const next = { metric: Number(by("limit-metric").value), relation: by("limit-relation").value, value, drawn: false };
    // A new limit on the same side of the same number takes the place of the old one, so that it can be loosened too.
    const at = state.limits.findIndex((limit) => !limit.drawn && limit.metric === next.metric && limit.relation === next.relation);
    if (at < 0) state.limits.push(next);
    else state.limits[at] = next;
    update();
  });

  by("region").addEventListener("click", () => {
    const isOn = by("plot").classList.toggle("drawing");
    by("region").setAttribute("aria-pressed", String(isOn));
  });
  by("whole").addEventListener("click", () => {
    state.whole = !state.whole;
    by("whole").setAttribute("aria-pressed", String(state.whole));
    update();
  });
  by("release").addEventListener("click", release);
  by("copy-plot").addEventListener("click", () => {
    const { x, y, remaining, members } = found;
    copy(csv(rowsOf(remaining, x === y ? [x] : [x, y], [["on this front", (point) => (members.has(point) ? "yes" : "no")]])), by("copy-plot"));
  });
  by("remaining").addEventListener("toggle", tabulate);

  // What follows from what is chosen.

  function holds(limit, point) {
    const value = metrics[limit.metric].values[point];
    return value !== null && (limit.relation === ">=" ? value >= limit.value : value <= limit.value);
  }

  function follow() {
    const [x, y] = [metrics[state.x], metrics[state.y]];
    const known = everyPoint.filter((point) => x.values[point] !== null && y.values[point] !== null);
    const [low, high] = [strengths[state.low], strengths[state.high]];
    const kept = known.filter((point) => {
      const strength = data.points.strength[point];
      return !state.hidden.has(data.points.defense[point]) && strength >= low && strength <= high;
    });
    const remaining = kept.filter((point) => state.limits.every((limit) => holds(limit, point)));
    const members = front(x, y, remaining);
    const ranges = rangesOf(x, y, kept);
    const isIn = (point) =>
      [[x, ranges.x], [y, ranges.y]].every(([metric, [least, most]]) => metric.values[point] >= least && metric.values[point] <= most);
    return {
      x, y, known, kept, remaining, members: new Set(members), list: members, ranges,
      inView: kept.filter(isIn),
      isDeclared: isDeclared(x, y),
      isWhole: remaining.length === known.length,
    };
  }

  /** Working points set the range; trivial and degenerate ones join when they are near. */
  function rangesOf(x, y, kept) {
    const working = kept.filter((point) => !degenerate.has(point));
    const core = state.whole || !working.length ? kept : working;
    const anchors = data.anchors;
    const ends = (metric, index) => {
      const own = extremes(core.flatMap((point) => [metric.values[point], ...(core.length <= BARRED ? interval(metric, point) ?? [] : [])]));
      const others = [...kept.map((point) => metric.values[point]), ...anchors.flatMap((anchor) => anchor.values[index] ?? [])];
      const joined = extremes([...own, ...others]);
      const isNear = joined[1] - joined[0] <= 1.6 * (own[1] - own[0]);
      return around(state.whole || isNear ? joined : own, metric);
    };
    return { x: ends(x, state.x), y: ends(y, state.y) };
  }

  function sceneOf() {
    const { x, y, members, remaining, ranges } = found;
    const left = new Set(remaining);
    const groups = new Map();
    for (const point of found.inView) {
      const kind = degenerate.has(point) ? "degenerate" : !left.has(point) ? "pale" : members.has(point) ? "front" : "off";
      const name = `${data.points.defense[point]} ${kind}`;
      if (!groups.has(name)) groups.set(name, { defense: data.points.defense[point], kind, points: [] });
      groups.get(name).points.push(point);
    }
    const bars = found.inView.filter((point) => left.has(point) && !degenerate.has(point) && (found.inView.length <= BARRED || members.has(point)));
    const within = (value, [low, high]) => value !== undefined && value >= low && value <= high;
    const anchors = data.anchors
      .map((anchor) => ({ x: anchor.values[state.x], y: anchor.values[state.y] }))
      .filter((anchor) => within(anchor.x, ranges.x) && within(anchor.y, ranges.y));
    return {
      x, y, ranges, anchors,
      groups: [...groups.values()],
      drawn: found.inView.length,
      front: found.list,
      isDeclared: found.isDeclared && found.isWhole,
      barred: bars.map((point) => [point, defenseColor(data.points.defense[point])]),
      named: namesOf(bars),
      region: regionOf(),
      pinned: visible(state.pinned),
      active: visible(state.active),
    };
  }

  /** What the marks are called: strengths, and defenses where color and shape do not say them. */
  function namesOf(points) {
    const { members } = found;
    const order = [...points].sort((a, b) => members.has(b) - members.has(a) || a - b);
    const chosen = points.length > NAMED ? order.filter((point) => members.has(point)) : order;
    if (chosen.length > NAMED) return [];
    const several = data.defenses.length > 4;
    return chosen.map((point) => [point, several ? `${data.defenses[data.points.defense[point]].name} ${data.points.strength[point]}` : String(data.points.strength[point])]);
  }

  const visible = (point) => (point !== null && found.inView.includes(point) ? point : null);

  /** The drawn region that is still in force, where there is one. */
  function regionOf() {
    const drawn = state.limits.filter((limit) => limit.drawn);
    if (!drawn.length) return null;
    const side = (metric, [low, high]) => {
      const end = (relation, other) => drawn.find((limit) => limit.metric === metric && limit.relation === relation)?.value ?? other;
      return [end(">=", low), end("<=", high)];
    };
    return { x: side(state.x, found.ranges.x), y: side(state.y, found.ranges.y) };
  }

  /** Why `point` is not drawn, or drawn pale; nothing where it remains. */
  function lostTo(point) {
    if (point === null || (found.remaining.includes(point) && found.inView.includes(point))) return "";
    const without = [found.x, found.y].find((metric) => metric.values[point] === null);
    if (without) return `it has no ${without.title}`;
    const [low, high] = [strengths[state.low], strengths[state.high]];
    const strength = data.points.strength[point];
    if (state.hidden.has(data.points.defense[point])) return "its defense is not ticked";
    if (strength < low || strength > high) return `its strength ${strength} is not between ${low} and ${high}`;
    const broken = state.limits.filter((limit) => !holds(limit, point));
    if (broken.length) return `it is not as required: ${broken.map(worded).join(", ")}`;
    return "it is off the scale of the plot";
  }

  const worded = (limit) => `${metrics[limit.metric].key} ${limit.relation} ${limit.value}`;

  // What is said.

  function update() {
    found = follow();
    const isReversed = state.low > state.high;
    by("strength-fault").textContent = isReversed ? `The strengths are reversed: “from” ${strengths[state.low]} is above “to” ${strengths[state.high]}, so no point remains.` : "";
    for (const id of ["strength-low", "strength-high"]) by(id).setAttribute("aria-invalid", String(isReversed));
    if (state.active !== null && !found.inView.includes(state.active)) state.active = null;
    scene = sceneOf();
    plot.draw(scene);
    sayState();
    listLimits();
    tabulate();
    show(state.pinned, state.active, found, lostTo(state.pinned));
  }

  const nameOf = (index) => metrics[index].title;
  const listed = (names) => (names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`);

  function sayState() {
    const { x, y, remaining, known, kept, members, inView } = found;
    const objectives = data.objectives.map(nameOf);
    const isOnly = found.isDeclared && found.isWhole;
    let standing;
    if (!x.direction || !y.direction) {
      const blank = !x.direction ? x : y;
      standing = `No front: ${blank.title} describes and has no better side.`;
    } else if (isOnly) {
      standing = "These are the declared objectives, and all points: the front of this report.";
    } else if (found.isDeclared) {
      standing = "Exploratory: a front of the points that remain only, so without verdicts and stability.";
    } else {
      standing = `Exploratory: the declared objectives are ${listed(objectives)}, so this front has no verdicts and no stability.`;
    }
    const off = kept.length - inView.length;
    const missing = count - known.length;
    const parts = [
      standing,
      `${remaining.length} of ${plural(known.length, "point")} remain${remaining.length === 1 ? "s" : ""}; ${members.size} on this front.`,
      ...(missing ? [`${plural(missing, "point")} without one of the two numbers.`] : []),
      ...(off ? [`${plural(off, "point")} off scale.`] : []),
      ...(lostTo(state.pinned) ? [`The kept point, ${data.points.label[state.pinned]}, is not among them: ${lostTo(state.pinned)}.`] : []),
    ];
    by("state").replaceChildren(make("span", { class: isOnly ? "declared" : "exploratory" }, parts[0]), ` ${parts.slice(1).join(" ")}`);
    by("hint").hidden = !state.limits.length;
    // What `choose` has no word for.
    const filters = [
      ...(state.hidden.size ? ["choice of defenses"] : []),
      ...(state.low > 0 || state.high < strengths.length - 1 ? ["range of strengths"] : []),
    ];
    const wanted = state.limits.map(({ metric, relation, value }) => `--require ${quoted(`${metrics[metric].key}${relation}${value}`)}`);
    by("hint").replaceChildren(
      "These are test rows; to choose on validation rows, which does not flatter the choice: ",
      make("code", {}, `equipoise choose DIR ${wanted.join(" ")} --${y.direction === "lower" ? "min" : "max"} ${quoted(y.key)}`),
      ...(filters.length ? [` (The ${listed(filters)} above ${filters.length > 1 ? "are" : "is"} not part of it: it chooses among all configurations.)`] : []),
    );
    by("plot-title").replaceChildren(make("strong", {}, `${y.title} against ${x.title}${isOnly ? "" : " (exploratory)"}. `), caption());
    by("plot").setAttribute("aria-label", `Plot of ${plural(inView.length, "point")}: ${y.title} up, ${x.title} across. Its numbers are in the table below it.`);
    tell(`${parts.join(" ")}`);
  }

  function caption() {
    const parts = ["Filled: on the front of these two; hollow: not."];
    if (found.inView.some((point) => degenerate.has(point))) parts.push("Crossed out: degenerate.");
    if (scene.anchors.length) parts.push("Grey diamonds: trivial models.");
    if (state.limits.length) parts.push("Pale: not as required.");
    parts.push(`Bars: 95 % intervals${found.inView.length > BARRED ? ", on the front only" : ""}. ${data.about.replaceAll("`", "")}`);
    return parts.join(" ");
  }

  let waiting = 0;
  /** Says it to readers of the screen, once things have come to rest. */
  function tell(text) {
    clearTimeout(waiting);
    waiting = setTimeout(() => (by("told").textContent = text), 150);
  }

  function listLimits() {
    by("limits").replaceChildren(
      ...state.limits.map((limit, i) => {
        const text = worded(limit);
        const button = make("button", { type: "button", "aria-label": `Drop the requirement ${text}` }, "×");
        button.addEventListener("click", () => {
          state.limits.splice(i, 1);
          update();
          by("limit-add").focus();
        });
        return make("li", {}, make("code", {}, text), " ", button);
      }),
    );
  }

  function tabulate() {
    if (!by("remaining").open) return;
    const { x, y, members, remaining } = found;
    const order = [...remaining].sort((a, b) => members.has(b) - members.has(a) || cost(y, y.values[a]) - cost(y, y.values[b]));
    const rows = order.slice(0, ROWS).map((point) => {
      const keep = make("button", { type: "button", "aria-label": `Keep ${data.points.label[point]}` }, "Keep");
      keep.addEventListener("click", () => pin(point));
      return [data.points.label[point], estimate(y, point), estimate(x, point), members.has(point) ? "yes" : "no", keep];
    });
    const more = order.length > ROWS ? ` The first ${ROWS} of ${order.length}; Copy data has all.` : "";
    by("plot-table").replaceChildren(...tableOf(`What remains, the front first.${more}`, ["point", y.title, x.title, "on this front", "keep"], rows, 1));
  }

  // Pointers and keys.

  function point(next) {
    if (next === state.active) return;
    state.active = next;
    if (next !== null) state.last = next;
    plot.mark(visible(state.pinned), visible(state.active));
    show(state.pinned, state.active, found, lostTo(state.pinned));
  }

  function pin(next) {
    state.pinned = next === state.pinned ? null : next;
    state.last = next;
    plot.mark(visible(state.pinned), visible(state.active));
    show(state.pinned, state.active, found, lostTo(state.pinned));
    tell(state.pinned === null ? "Released." : `Kept ${spoken(state.pinned)}`);
  }

  function release() {
    const isKept = state.pinned !== null;
    const hasRegion = state.limits.some((limit) => limit.drawn);
    [state.pinned, state.active] = [null, null];
    if (!isKept && hasRegion) state.limits = state.limits.filter((limit) => !limit.drawn);
    update();
    tell(isKept || !hasRegion ? "Released." : "The region is gone.");
  }

  function spoken(point) {
    const { x, y, members } = found;
    const place = data.points.off[point] ?? (members.has(point) ? "on this front" : "not on this front");
    return `${data.points.label[point]}: ${y.title} ${estimate(y, point)}, ${x.title} ${estimate(x, point)}; ${place}.`;
  }

  /** Where in `order` a step begins: at the last point shown or, where that is not among them, between its neighbors; first before the end that it leads away from. */
  function startOf(order, along, step) {
    const at = order.indexOf(state.last);
    if (at >= 0) return at;
    const [index, sign] = along === "x" ? [0, 1] : [1, -1];
    const before = step > 0 ? -1 : order.length;
    const place = state.last === null ? NaN : sign * plot.at(state.last)[index];
    if (Number.isNaN(place)) return before;
    const beyond = order.findIndex((point) => sign * plot.at(point)[index] > place);
    const end = beyond < 0 ? order.length : beyond;
    return step > 0 ? end - 1 : end;
  }

  function go(along, step) {
    const index = along === "x" ? 0 : 1;
    const sign = along === "x" ? 1 : -1;
    const places = new Map(found.inView.map((p) => [p, plot.at(p)]));
    const left = new Set(found.remaining);
    const order = found.inView.filter((p) => left.has(p)).sort((a, b) => sign * (places.get(a)[index] - places.get(b)[index]) || a - b);
    if (!order.length) return tell("No point remains.");
    const last = order.length - 1;
    const to = Math.min(Math.max(Number.isFinite(step) ? startOf(order, along, step) + step : step, 0), last);
    point(order[to]);
    tell(`${to + 1} of ${order.length}: ${spoken(order[to])}`);
  }

  const keys = {
    ArrowRight: () => go("x", 1),
    ArrowLeft: () => go("x", -1),
    ArrowUp: () => go("y", 1),
    ArrowDown: () => go("y", -1),
    Home: () => go("x", -Infinity),
    End: () => go("x", Infinity),
    Enter: () => state.active !== null && pin(state.active),
    " ": () => state.active !== null && pin(state.active),
    Escape: release,
  };
  by("plot").addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });

  const show = detailIn(by("detail"));
  const plot = plotIn(by("plot"), {
    pointed: point,
    pressed: (next) => next !== null && pin(next),
    marked({ x, y }) {
      state.limits = state.limits.filter((limit) => !limit.drawn);
      for (const [metric, [low, high]] of [[state.x, x], [state.y, y]]) {
        const [least, most] = outward(low, high);
        state.limits.push({ metric, relation: ">=", value: least, drawn: true }, { metric, relation: "<=", value: most, drawn: true });
      }
      update();
    },
  });

  /** Ends with as many digits as a hand can draw, rounded away from each other. */
  function outward(low, high) {
    const unit = 10 ** (Math.floor(Math.log10(high - low || 1)) - 2);
    const exact = (x) => Number((x * unit).toPrecision(12));
    return [exact(Math.floor(low / unit)), exact(Math.ceil(high / unit))];
  }

  drawSwatches();
  update();
  return {
    /** Draws again in the colors now in force. */
    recolor() {
      drawSwatches();
      plot.draw((scene = sceneOf()));
    },
    /** Puts what paper shows in the place of what a screen shows; returns what undoes it. */
    paper() {
      tabulate();
      const copy = plot.copied([SHEET, 440]);
      by("plot").append(copy);
      return () => copy.remove();
    },
  };
}
