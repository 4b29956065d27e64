// The numbers of the page: read from its JSON block, compared, written for people and for machines. Nothing here touches the page.

const data = JSON.parse(document.getElementById("numbers").textContent);
const count = data.points.label.length;
const everyPoint = Array.from({ length: count }, (_, i) => i);
const degenerate = new Set(data.points.degenerate);

/** Three decimals, a real minus sign and none before zero, ties to even: as everywhere in the report. */
function written(x) {
  let text = x.toFixed(3);
  // Only sixteenths lie exactly between two numbers of three decimals.
  if (Number.isInteger(x * 16) && !Number.isInteger(x * 8)) {
    const below = Math.floor(x * 1000);
    text = ((below % 2 === 0 ? below : below + 1) / 1000).toFixed(3);
  }
  return /[1-9]/.test(text) ? text.replace("-", "−") : text.replace("-", "");
}

/** `0.974 [0.962, 0.986]`, or why there is no number. */
function estimate(metric, point) {
  const value = metric.values[point];
  if (value === null) return metric.reasons?.[point] ? `undefined: ${metric.reasons[point]}` : "—";
  const [low, high] = interval(metric, point) ?? [];
  return low === undefined ? written(value) : `${written(value)} [${written(low)}, ${written(high)}]`;
}

function interval(metric, point) {
  const low = metric.low?.[point] ?? null;
  return low === null ? null : [low, metric.high[point]];
}

/** `higher is better`, `lower is better`, or that the number only describes. */
function better(metric) {
  return metric.direction ? `${metric.direction} is better` : "describes, no better side";
}

/** What is lost at `value`: less is always better. */
function cost(metric, value) {
  return metric.direction === "lower" ? value : -value;
}

/**
 * The points among `candidates` that no other is at least as good as on both numbers and better on one; equals of a member are members.
 * Nothing where a number has no better side.
 */
function front(x, y, candidates) {
  if (!x.direction || !y.direction) return [];
  const at = (point) => [cost(x, x.values[point]), cost(y, y.values[point])];
  const able = candidates.filter((point) => x.values[point] !== null && y.values[point] !== null && !(point in data.points.off));
  const order = able.map((point) => [point, ...at(point)]).sort((a, b) => a[1] - b[1] || a[2] - b[2]);
  const members = [];
  let [bestX, bestY] = [Infinity, Infinity];
  for (const [point, costX, costY] of order) {
    if (costY < bestY || (costY === bestY && costX === bestX)) {
      members.push(point);
      [bestX, bestY] = [costX, costY];
    }
  }
  return members;
}

/** Whether the two numbers are all that the declared front is about. */
function isDeclared(x, y) {
  const pair = new Set([data.metrics.indexOf(x), data.metrics.indexOf(y)]);
  return data.objectives.length === 2 && pair.size === 2 && data.objectives.every((index) => pair.has(index));
}

/** One word of a shell's command line, whatever is in it. */
function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** `points` with the numbers of `metrics`, as rows under a head; exact values, ends of intervals to six decimals. */
function rowsOf(points, metrics, further = []) {
  const columns = data.points.columns;
  const head = columns.map((column) => column.name);
  for (const metric of metrics) head.push(metric.key, ...(metric.low ? [`${metric.key}:low`, `${metric.key}:high`] : []));
  head.push(...further.map(([name]) => name));
  const row = (point) => [
    ...columns.map((column) => column.values[point]),
    ...metrics.flatMap((metric) => [metric.values[point], ...(metric.low ? [metric.low[point], metric.high[point]] : [])]),
    ...further.map(([, of]) => of(point)),
  ];
  return [head, ...points.map(row)];
}
