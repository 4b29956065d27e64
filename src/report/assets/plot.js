// The plot: points, stairs and bars on two axes where better is up and to the right. It draws the scene it is given and tells what a pointer does.

/** How far from a mark, in CSS pixels, a pointer still means it. */
const REACH = 28;
/** How far beyond the plane, in CSS pixels, a mark on its border may reach. */
const EDGE = 9;
/** Trivial models: as in the figures. */
const DIAMOND = [[0, -1.2], [1.2, 0], [0, 1.2], [-1.2, 0]];
/** A pointer that moved less than this, in CSS pixels, pressed and did not drag. */
const STILL = 6;

/** A mark in the shape that the figures give it, crossed out where it is to be: `shape` has corners around a middle, in radii, or none for a circle. */
function drawMark(ctx, shape, [x, y], { radius, fill, edge, width, isCrossed }) {
  ctx.beginPath();
  if (shape.length) {
    for (const [right, down] of shape) ctx.lineTo(x + radius * right, y + radius * down);
    ctx.closePath();
  } else {
    ctx.arc(x, y, radius, 0, 2 * Math.PI);
  }
  ctx.fillStyle = fill;
  ctx.fill();
  if (isCrossed) {
    const reach = radius + 2;
    for (const side of [-1, 1]) {
      ctx.moveTo(x - reach, y - side * reach);
      ctx.lineTo(x + reach, y + side * reach);
    }
  }
  ctx.strokeStyle = edge;
  ctx.lineWidth = width;
  ctx.stroke();
}

function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function isDark() {
  return getComputedStyle(document.documentElement).colorScheme === "dark";
}

function defenseColor(defense) {
  // A single defense needs no colors to tell it from others.
  const { light, dark } = data.defenses[defense];
  return isDark() ? dark : light;
}

/** Ends of an axis around `values`, within what the number can be. */
function around(values, metric) {
  let [low, high] = [Math.min(...extremes(values)), Math.max(...extremes(values))];
  if (!Number.isFinite(low)) [low, high] = [0, 1];
  const margin = high > low ? 0.07 * (high - low) : Math.max(0.05 * Math.abs(high), 0.05);
  const [least, most] = metric.range ?? [null, null];
  return [Math.max(low - margin, least ?? -Infinity), Math.min(high + margin, most ?? Infinity)];
}

function extremes(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** Text broken into lines of about `width` CSS pixels. */
function lines(text, width) {
  const most = Math.max(16, Math.floor(width / 6.6));
  const all = [""];
  for (const word of text.split(" ")) {
    const line = all[all.length - 1];
    if (line && line.length + word.length + 1 > most) all.push(word);
    else all[all.length - 1] = line ? `${line} ${word}` : word;
  }
  return all;
}

/** The marks of one kind, as they are drawn: `kind` is `front`, `off`, `pale` or `degenerate`. */
function marks({ defense, kind, points }, scene) {
  const own = kind === "degenerate" ? color("anchor") : kind === "pale" ? color("pale") : defenseColor(defense);
  const many = scene.drawn > 2000 ? 3 : scene.drawn > 200 ? 4.5 : 6;
  return {
    data: points.map((point) => ({ x: scene.x.values[point], y: scene.y.values[point], point })),
    // The library has none of these shapes: it lays out, and `draw` below draws.
    pointStyle: false,
    shape: data.defenses[defense].shape,
    look: {
      radius: kind === "front" ? many + 1 : kind === "pale" ? many - 1 : many,
      fill: kind === "front" ? own : color("surface"),
      edge: kind === "front" ? color("ink") : own,
      width: kind === "front" ? 1 : many > 3 ? 2 : 1,
      isCrossed: kind === "degenerate",
    },
    // What is on the front is drawn over all others.
    order: { front: 0, off: 1, degenerate: 2, pale: 3 }[kind],
  };
}

function axis(metric, [min, max], across, room) {
  const title = `${metric.title}${{ upper: ", upper bound", lower: ", lower bound" }[metric.bound] ?? ""}`;
  const way = metric.direction ? ` (${better(metric)} →${metric.direction === "lower" ? ", axis reversed" : ""})` : ` (${better(metric)})`;
  return {
    type: "linear",
    position: across ? "bottom" : "left",
    reverse: metric.direction === "lower",
    min,
    max,
    title: { display: true, text: lines(title + way, room), color: color("ink"), font: { size: 13 } },
    grid: { color: color("grid"), drawTicks: false },
    border: { color: color("edge") },
    ticks: {
      color: color("quiet"),
      includeBounds: false,
      maxTicksLimit: 8,
      padding: 6,
      callback(value, index, ticks) {
        return Chart.Ticks.formatters.numeric.call(this, value, index, ticks).replace("-", "−");
      },
    },
  };
}

/**
 * The plot in `place`, which holds a canvas and a tip. `hears` has `pointed(point or null)`, `pressed(point or null)` and
 * `marked({x: [low, high], y: [low, high]})`.
 */
function plotIn(place, hears) {
  const canvas = place.querySelector("canvas");
  const tip = place.querySelector("#tip");
  let scene = null;
  let pixels = null;
  let drag = null;
  /** Width and height of a copy in the making; nothing where it is as large as its place. */
  let paper = null;

  /** Stairs, bars, the region and the marked points: what a scatter chart does not have. */
  const extras = {
    id: "extras",
    afterLayout: () => (pixels = null),
    // The library draws once before there is a scene.
    beforeDatasetsDraw: ({ ctx, chartArea }) => scene && within(ctx, chartArea, () => {
      if (scene.region) regionOf(ctx, scene.region);
      stairs(ctx, chartArea);
      bars(ctx);
    }),
    afterDatasetsDraw: ({ ctx, chartArea }) => {
      if (!scene) return;
      within(ctx, chartArea, () => everyMark(ctx), EDGE);
      names(ctx, chartArea);
      for (const [point, width] of [[scene.pinned, 3], [scene.active, 2]]) if (point !== null) ring(ctx, point, width);
      if (drag?.isOn) within(ctx, chartArea, () => rectangle(ctx, drag.from, drag.to));
    },
  };

  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  const chart = new Chart(canvas, {
    type: "scatter",
    data: { datasets: [] },
    options: {
      animation: false,
      parsing: false,
      responsive: true,
      maintainAspectRatio: false,
      events: [],
      locale: "en-US",
      layout: { padding: { top: 10, right: 14 } },
      plugins: { legend: { display: false }, tooltip: { enabled: false } },
    },
    plugins: [extras],
  });

  const across = (value) => chart.scales.x.getPixelForValue(value);
  const up = (value) => chart.scales.y.getPixelForValue(value);
  const at = (point) => [across(scene.x.values[point]), up(scene.y.values[point])];

  /** Draws on the plane, and as far beyond its border as `beyond` says. */
  function within(ctx, area, draw, beyond = 0) {
    ctx.save();
    ctx.beginPath();
    ctx.rect(area.left - beyond, area.top - beyond, area.width + 2 * beyond, area.height + 2 * beyond);
    ctx.clip();
    draw();
    ctx.restore();
  }

  /** The border of what the members attain: stairs, not straight lines, since mixtures of models were not measured. */
  function stairs(ctx, area) {
    const corners = scene.front.map(at).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    if (!corners.length) return;
    ctx.strokeStyle = color("ink");
    ctx.lineWidth = 1.5;
    ctx.setLineDash(scene.isDeclared ? [] : [6, 4]);
    ctx.beginPath();
    ctx.moveTo(area.left, corners[0][1]);
    corners.forEach(([x, y], i) => {
      ctx.lineTo(x, y);
      ctx.lineTo(x, corners[i + 1]?.[1] ?? area.bottom);
    });
    ctx.stroke();
    ctx.setLineDash([]);
  }

  function everyMark(ctx) {
    const sets = [...chart.data.datasets].sort((a, b) => b.order - a.order);
    for (const { data: own, shape, look } of sets) for (const mark of own) drawMark(ctx, shape, [across(mark.x), up(mark.y)], look);
  }

  function bars(ctx) {
    for (const [point, strength] of scene.barred) {
      const [x, y] = at(point);
      ctx.strokeStyle = strength;
      ctx.globalAlpha = 0.6;
      ctx.lineWidth = 1.6;
      ctx.beginPath();
      const wide = interval(scene.x, point);
      const tall = interval(scene.y, point);
      if (wide) ctx.moveTo(across(wide[0]), y), ctx.lineTo(across(wide[1]), y);
      if (tall) ctx.moveTo(x, up(tall[0])), ctx.lineTo(x, up(tall[1]));
      ctx.stroke();
      ctx.globalAlpha = 1;
    }
  }

  /** Names beside their marks, those that have room: of what is on the front first. */
  function names(ctx, area) {
    ctx.font = `600 12px ${Chart.defaults.font.family}`;
    ctx.fillStyle = color("ink");
    const taken = scene.named.map(([point]) => at(point)).map(([x, y]) => [x - 7, y - 7, x + 7, y + 7]);
    for (const [point, text] of scene.named) {
      const [x, y] = at(point);
      const width = ctx.measureText(text).width;
      const corners = [[x + 9, y - 9], [x + 9, y + 17], [x - 9 - width, y - 9], [x - 9 - width, y + 17]];
      const isFree = ([left, low]) =>
        left > area.left && left + width < area.right && low - 11 > area.top && low < area.bottom &&
        taken.every(([l, t, r, b]) => left > r || left + width < l || low - 11 > b || low < t);
      const place = corners.find(isFree);
      if (!place) continue;
      taken.push([place[0], place[1] - 11, place[0] + width, place[1]]);
      ctx.fillText(text, ...place);
    }
  }

  function ring(ctx, point, width) {
    const [x, y] = at(point);
    if (!Number.isFinite(x) || !Number.isFinite(y)) return;
    ctx.strokeStyle = color("accent");
    ctx.lineWidth = width;
    ctx.beginPath();
    ctx.arc(x, y, 12, 0, 2 * Math.PI);
    ctx.stroke();
  }

  function rectangle(ctx, [x0, y0], [x1, y1]) {
    ctx.fillStyle = color("accent");
    ctx.globalAlpha = 0.12;
    ctx.fillRect(x0, y0, x1 - x0, y1 - y0);
    ctx.globalAlpha = 1;
    ctx.strokeStyle = color("accent");
    ctx.lineWidth = 1.5;
    ctx.strokeRect(x0, y0, x1 - x0, y1 - y0);
  }

  function regionOf(ctx, { x, y }) {
    const [left, right] = (x ?? [chart.scales.x.min, chart.scales.x.max]).map(across);
    const [bottom, top] = (y ?? [chart.scales.y.min, chart.scales.y.max]).map(up);
    rectangle(ctx, [left, top], [right, bottom]);
  }

  function nearest([x, y], reach = REACH) {
    pixels ??= chart.data.datasets.flatMap((set) => set.data.filter((mark) => mark.point !== undefined).map((mark) => [mark.point, across(mark.x), up(mark.y)]));
    let [found, least] = [null, reach * reach];
    for (const [point, px, py] of pixels) {
      const far = (px - x) ** 2 + (py - y) ** 2;
      if (far < least) [found, least] = [point, far];
    }
    return found;
  }

  function show(point) {
    tip.hidden = point === null;
    if (point === null) return;
    const row = (metric) => make("span", {}, `${metric.title}: ${estimate(metric, point)}`);
    tip.replaceChildren(make("strong", {}, data.points.label[point]), row(scene.y), row(scene.x));
    const [x, y] = at(point);
    const { clientWidth: width, clientHeight: height } = place;
    tip.style.left = `${Math.max(4, Math.min(x + 14, width - tip.offsetWidth - 4))}px`;
    tip.style.top = `${y + 16 + tip.offsetHeight < height ? y + 16 : Math.max(4, y - tip.offsetHeight - 14)}px`;
  }

  const placeOf = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const isFar = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]) >= STILL;
  place.addEventListener("pointermove", (event) => {
    const to = placeOf(event);
    if (drag) {
      drag.to = to;
      drag.isOn ||= drag.mayMark && isFar(drag.from, to);
      if (drag.isOn) return hears.pointed(null), chart.draw();
    }
    hears.pointed(nearest(to));
  });
  place.addEventListener("pointerleave", () => hears.pointed(null));
  place.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const from = placeOf(event);
    drag = { from, to: from, isOn: false, mayMark: event.pointerType !== "touch" || place.classList.contains("drawing") };
    if (drag.mayMark) place.setPointerCapture(event.pointerId);
  });
  place.addEventListener("pointercancel", () => (drag = null));
  place.addEventListener("pointerup", (event) => {
    const ended = drag;
    drag = null;
    if (!ended) return;
    const to = placeOf(event);
    if (!ended.isOn) return isFar(ended.from, to) ? undefined : hears.pressed(nearest(to));
    const span = (scale, a, b) => [a, b].map((pixel) => Math.min(Math.max(scale.getValueForPixel(pixel), scale.min), scale.max)).sort((p, q) => p - q);
    hears.marked({ x: span(chart.scales.x, ended.from[0], to[0]), y: span(chart.scales.y, ended.from[1], to[1]) });
  });

  return {
    /** Draws `next`: {x, y, groups, front, isDeclared, barred, named, anchors, region, ranges, pinned, active, drawn}. */
    draw(next) {
      scene = next;
      const [width, height] = paper ?? [place.clientWidth, place.clientHeight];
      chart.options.scales = {
        x: axis(scene.x, scene.ranges.x, true, width - 90),
        y: axis(scene.y, scene.ranges.y, false, height - 70),
      };
      const grey = color("anchor");
      chart.data.datasets = scene.groups.map((group) => marks(group, scene));
      chart.data.datasets.push({
        data: scene.anchors, pointStyle: false, shape: DIAMOND, look: { radius: 5, fill: grey, edge: grey, width: 1 }, order: 4,
      });
      chart.update("none");
      show(scene.active);
    },
    /**
     * A copy of the plot as it is `size` (width and height in CSS pixels) large, as sharp as print is. A browser prints a canvas by drawing it again, and
     * what the library clears before it draws would clear the page around: a copy has nothing to clear.
     */
    copied(size) {
      paper = size;
      chart.options.devicePixelRatio = 3;
      chart.resize(...size);
      this.draw(scene);
      const copy = make("canvas", { width: canvas.width, height: canvas.height, class: "copied" });
      copy.getContext("2d").drawImage(canvas, 0, 0);
      paper = null;
      chart.options.devicePixelRatio = undefined;
      chart.resize();
      this.draw(scene);
      return copy;
    },
    /** Marks other points of the same scene. */
    mark(pinned, active) {
      [scene.pinned, scene.active] = [pinned, active];
      chart.draw();
      show(active);
    },
    /** Where a point is drawn, in CSS pixels from the corner of the plot. */
    at,
  };
}
