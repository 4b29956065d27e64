// A page like the one given, with other numbers: as many points as wanted, 20 metrics with intervals, four defenses.

/** Numbers that look random and are the same every time (Park and Miller 1988). */
function stream(seed) {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

/** Corners around a middle; none for a circle. */
const SHAPES = [[], [[-1, -1], [1, -1], [1, 1], [-1, 1]], [[0, -1.2], [1.1, 0.8], [-1.1, 0.8]], [[0, -1.2], [1.2, 0], [0, 1.2], [-1.2, 0]]];

export function synthetic(page, count) {
  const draw = stream(20261129);
  const all = Array.from({ length: count }, (_, i) => i);
  const metrics = Array.from({ length: 20 }, (_, m) => {
    const values = all.map(() => Math.min(1, Math.max(0, 0.2 + 0.6 * draw() + 0.1 * draw())));
    return {
      key: `metric_${m}`, title: `metric ${m}`, group: m < 2 ? "objective" : "shown",
      direction: m % 3 === 2 ? "lower" : "higher", bound: "exact", range: [0, 1], values,
      low: values.map((x) => Math.round((x - 0.02) * 1e6) / 1e6), high: values.map((x) => Math.round((x + 0.02) * 1e6) / 1e6),
    };
  });
  const block = {
    about: "Synthetic numbers.", objectives: [0, 1], axes: [0, 1], metrics, left_out: 0,
    points: {
      label: all.map((i) => `d${i % 4} ${Math.floor(i / 4)}`), defense: all.map((i) => i % 4), strength: all.map((i) => Math.floor(i / 4)),
      columns: [{ name: "defense", values: all.map((i) => `d${i % 4}`) }, { name: "strength", values: all.map((i) => String(Math.floor(i / 4))) }],
      place: all.map(() => "—"), verdict: null, degenerate: [], off: {},
    },
    defenses: ["#0072B2", "#C24E00", "#117733", "#A44F82"].map((light, i) => ({ name: `d${i}`, light, dark: light, shape: SHAPES[i] })),
    attacks: null, checks: { names: [], points: all.map(() => []) }, anchors: [],
  };
  const [start, end] = ['<script type="application/json" id="numbers">', "</script>"];
  const from = page.indexOf(start) + start.length;
  // What tables and figures of the report say does not matter here.
  return page.slice(0, from) + JSON.stringify(block) + page.slice(page.indexOf(end, from));
}
