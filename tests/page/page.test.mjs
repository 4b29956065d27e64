// Drives the page as readers do. What it must show is worked out here from report.json, not by the page's own code.
//
// PAGE_FOLDER is a results folder made by `equipoise run tests/page/page.toml`, PAGE_HISTORY one whose report has rules, PAGE_COMPARISON a comparison;
// CHROMIUM the browser.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { synthetic } from "./synthetic.mjs";

const folder = process.env.PAGE_FOLDER;
const file = join(folder, "report.html");
const report = JSON.parse(readFileSync(join(folder, "report.json"), "utf8"));
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const WIDE = { width: 1600, height: 1000 };

let browser;
before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
});
after(() => browser?.close());

/** Runs `act` on the opened page and holds it to two promises: no error in the console, no request but for the file itself. `isStill`: it has no script. */
async function on(act, { viewport = WIDE, address = pathToFileURL(file).href, isStill = false, ...options } = {}) {
  const context = await browser.newContext({ viewport, ...options });
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && faults.push(message.text()));
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("request", (request) => request.url() !== address && faults.push(`request ${request.url().slice(0, 200)}`));
  try {
    await page.goto(address);
    if (options.javaScriptEnabled !== false && !isStill) await page.waitForFunction(() => "ready" in document.documentElement.dataset);
    await act(page, context);
    assert.deepEqual(faults, []);
  } finally {
    await context.close();
  }
}

// What must be shown, from report.json.

const objectives = report.front.objectives.map((objective) => objective.key);
const robust = objectives.find((key) => key.startsWith("robust_accuracy"));
const gap = Object.keys(report.points[0].measures).find((key) => key === "class_disparity");
const direction = (key) => report.metrics.find((metric) => metric.id === key.split(/[@!]/)[0]).direction;
const value = (point, key) => report.points[point].measures[key]?.value ?? null;
const all = report.points.map((_, point) => point);
const works = (point) => report.points[point].degenerate === null && report.points[point].failed.length === 0;

const isLoud = (row) => ["warn", "fail"].includes(row.status);

/** Three decimals with a real minus sign. */
const three = (x) => x.toFixed(3).replace("-", "−");

function shown(point, key) {
  const { value, interval } = report.points[point].measures[key];
  return interval ? `${three(value)} [${three(interval[0])}, ${three(interval[1])}]` : three(value);
}

/** The front by its definition, pair against pair. */
function front(x, y, candidates) {
  const better = (a, b, key) => (direction(key) === "lower" ? value(a, key) < value(b, key) : value(a, key) > value(b, key));
  const able = candidates.filter((point) => works(point) && value(point, x) !== null && value(point, y) !== null);
  const beats = (a, b) => !better(b, a, x) && !better(b, a, y) && (better(a, b, x) || better(a, b, y));
  return able.filter((point) => !able.some((other) => beats(other, point)));
}

const name = (point) => {
  const { defense, strength } = report.points[point];
  return `${defense} ${strength}`;
};

// What is shown.

/** Where `point` is drawn on the screen; the page must have its plot in view. */
async function placeOf(page, point) {
  const [x, y] = await axes(page);
  return page.evaluate(([x, y]) => {
    const { scales, canvas } = Chart.getChart("canvas");
    const box = canvas.getBoundingClientRect();
    return { x: box.left + scales.x.getPixelForValue(x), y: box.top + scales.y.getPixelForValue(y) };
  }, [value(point, x), value(point, y)]);
}

/** The keys on the axes. */
async function axes(page) {
  const numbers = await page.evaluate(() => {
    const { metrics } = JSON.parse(document.getElementById("numbers").textContent);
    return ["axis-x", "axis-y"].map((id) => metrics[document.getElementById(id).value].key);
  });
  return numbers;
}

async function choose(page, id, key) {
  const index = await page.evaluate((key) => JSON.parse(document.getElementById("numbers").textContent).metrics.findIndex((m) => m.key === key), key);
  await page.selectOption(`#${id}`, String(index));
}

/** The table of points: name, whether on the front. */
async function table(page) {
  await page.evaluate(() => (document.getElementById("remaining").open = true));
  await page.waitForSelector("#plot-table tbody, #plot-table caption");
  return page.$$eval("#plot-table tbody tr", (rows) => rows.map((row) => ({ name: row.cells[0].textContent, front: row.cells[3].textContent === "yes" })));
}

const names = (points) => points.map(name).sort();
const onFront = (rows) => rows.filter((row) => row.front).map((row) => row.name).sort();

/** The front and what remains, as the page has them and as they must be. */
async function assertShows(page, candidates) {
  const [x, y] = await axes(page);
  const rows = await table(page);
  const known = candidates.filter((point) => value(point, x) !== null && value(point, y) !== null);
  assert.deepEqual(rows.map((row) => row.name).sort(), names(known));
  assert.deepEqual(onFront(rows), names(front(x, y, known)), `front of ${x} and ${y}`);
}

const plotInView = (page) => page.locator("#plot").scrollIntoViewIfNeeded();

// The tests.

test("the folder holds what the tests need", () => {
  assert.ok(report.points.length >= 10);
  assert.ok(new Set(report.points.map((point) => point.defense)).size >= 3);
  assert.ok(all.some((point) => !works(point)), "a degenerate point");
  assert.ok(gap && direction(gap) === "lower");
  assert.ok(report.checks.some(isLoud), "a check that warned or failed");
  assert.ok(all.some((point) => value(point, robust) === null), "a number that is withheld");
});

test("the answer comes first, then the sections in order", () => on(async (page) => {
  const heads = await page.$$eval("main h2", (all) => all.filter((head) => head.checkVisibility()).map((head) => head.textContent));
  const wanted = ["Answer", "Front", "Explore", "Exchange rates", "Fairness: classes and groups", "Robustness and its checks", "All metrics", "Provenance", "Glossary"];
  assert.deepEqual(heads.filter((head) => wanted.includes(head)), wanted);
  for (const sentence of report.headlines) {
    const plain = sentence.replaceAll("`", "");
    assert.ok((await page.locator(".headlines").textContent()).includes(plain), plain);
  }
}));

test("without scripts the page is complete, and offers nothing that needs them", () => on(async (page) => {
  assert.equal(await page.locator("#explore-section").isVisible(), false);
  assert.equal(await page.locator(".theme").isVisible(), false);
  assert.equal(await page.locator("nav a[href='#explore-section']").isVisible(), false);
  for (const id of ["points", "rates", "attacks", "checks", "settings", "glossary"]) assert.ok(await page.locator(`#${id}`).isVisible(), id);
  assert.ok(await page.locator("#front svg").isVisible());
  await page.locator("#security-curve summary").click();
  assert.ok(await page.locator("#numbers-security-curve").isVisible());
}, { javaScriptEnabled: false }));

test("the policy stops a script that is not the page's own", () => on(async (page) => {
  const policy = await page.getAttribute("meta[http-equiv='Content-Security-Policy']", "content");
  assert.doesNotMatch(policy, /unsafe/);
  const broken = await page.evaluate(() => new Promise((resolve) => {
    addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective));
    const frame = document.createElement("img");
    frame.src = "http://127.0.0.1:9/x.png";
    document.body.append(frame);
    setTimeout(() => resolve("nothing"), 2000);
  }));
  assert.equal(broken, "img-src");
}).then(() => assert.fail("the console must have told of it"), (error) => assert.match(error.message, /127\.0\.0\.1:9/)));

test("the declared objectives are the axes, better up and right, and the front is the report's", () => on(async (page) => {
  assert.deepEqual(new Set(await axes(page)), new Set(objectives));
  assert.equal((await axes(page))[0], robust);
  await assertShows(page, all);
  assert.deepEqual(onFront(await table(page)), names(report.front.members));
  assert.match(await page.locator("#state").textContent(), /^These are the declared objectives, and all points/);
}));

test("any two numbers: the front is worked out anew, axes of losses are reversed, and it is called exploratory", () => on(async (page) => {
  const keys = Object.keys(report.points[0].measures);
  const directed = keys.filter((key) => direction(key));
  const pairs = [[gap, "accuracy"], ["accuracy", gap], [robust, gap], ["worst_class_accuracy", robust]];
  for (let i = 0; i + 7 < directed.length; i += 7) pairs.push([directed[i], directed[i + 7]]);
  assert.ok(pairs.length > 8);
  for (const [x, y] of pairs) {
    await choose(page, "axis-x", x);
    await choose(page, "axis-y", y);
    await assertShows(page, all);
    assert.match(await page.locator("#state").textContent(), /^Exploratory: the declared objectives are/);
    const reversed = await page.evaluate(() => ["x", "y"].map((axis) => [Chart.getChart("canvas").scales[axis].options.reverse, [].concat(Chart.getChart("canvas").scales[axis].options.title.text).join(" ")]));
    for (const [key, [isReversed, title]] of [[x, reversed[0]], [y, reversed[1]]]) {
      assert.equal(isReversed, direction(key) === "lower", key);
      assert.ok(title.includes(direction(key) === "lower" ? "lower is better →, axis reversed" : "higher is better →"), title);
    }
  }
  await page.click("#swap");
  assert.deepEqual(await axes(page), [...pairs.at(-1)].reverse());
  await page.click("#reset");
  assert.match(await page.locator("#state").textContent(), /^These are the declared objectives/);
}));

test("pointing at a mark shows it, pressing keeps it, pressing again releases it", () => on(async (page) => {
  await plotInView(page);
  const point = report.front.members.at(-1);
  const place = await placeOf(page, point);
  await page.mouse.move(place.x + 3, place.y + 2);
  const tip = page.locator("#tip");
  await tip.waitFor({ state: "visible" });
  const told = await tip.textContent();
  for (const text of [name(point), ...objectives.map((key) => shown(point, key))]) assert.ok(told.includes(text), `${told} lacks ${text}`);
  assert.equal(await page.locator("#detail h3").textContent(), name(point));

  await page.mouse.click(place.x, place.y);
  await page.mouse.move(place.x + 200, place.y - 250);
  assert.equal(await page.locator("#detail h3").textContent(), `${name(point)} (kept)`);
  const panel = await page.locator("#detail").textContent();
  for (const key of [...objectives, "worst_class_accuracy", gap]) assert.ok(panel.includes(shown(point, key)), `the panel lacks ${key}`);
  const attacks = report.attacks.filter((row) => row.point === point && row.epsilon === report.threat.epsilon);
  assert.ok(attacks.length > 2);
  for (const row of attacks) assert.ok(panel.includes(`${row.attack}${three(row.standing)}`), `the panel lacks ${row.attack}`);
  const seeds = report.points[point].seeds.join(" ");
  assert.ok(panel.includes(`seeds${seeds}`), panel);

  const further = page.locator("#detail details").first();
  await further.locator("summary").click();
  await further.locator("table").waitFor();
  const every = await page.locator("#detail").textContent();
  const measured = Object.entries(report.points[point].measures).filter(([, measured]) => measured.value !== null);
  for (const [key] of measured) assert.ok(every.includes(shown(point, key)), `all numbers lack ${key}`);

  const sane = page.locator("#detail details", { hasText: "All sanity checks" });
  await sane.locator("summary").click();
  await sane.locator("table").waitFor();
  const checks = await page.locator("#detail").textContent();
  for (const row of report.checks.filter((row) => row.point === point)) assert.ok(checks.includes(`${row.number} ${row.check}`), row.check);

  // Another one beside it, to compare.
  const other = report.front.members[0];
  const beside = await placeOf(page, other);
  await page.mouse.move(beside.x, beside.y);
  assert.ok((await page.locator("#detail").textContent()).includes(`Beside it: ${name(other)}.`));
  await page.mouse.click(place.x, place.y);
  await page.mouse.move(place.x + 200, place.y - 250);
  assert.match(await page.locator("#detail").textContent(), /^No point is kept/);
}));

/** What a pointer at `place` shows, and what is drawn so near to it that it must be one of these. */
async function hovered(page, place) {
  await page.mouse.move(place.x, place.y);
  return page.evaluate(() => {
    const tip = document.getElementById("tip");
    return tip.hidden ? null : tip.querySelector("strong").textContent;
  });
}

for (const viewport of [{ width: 360, height: 740 }, { width: 800, height: 700 }, WIDE]) {
  test(`at ${viewport.width} px every mark shows its point to a mouse, wherever the page is scrolled to, and nothing else does`, () => on(async (page) => {
    await page.click("#whole");
    for (const swapped of [false, true]) {
      if (swapped) await page.click("#swap");
      await page.evaluate((above) => scrollBy({ top: document.getElementById("plot").getBoundingClientRect().top - above, behavior: "instant" }), swapped ? 5 : 93);
      const [x, y] = await axes(page);
      const drawn = all.filter((point) => value(point, x) !== null && value(point, y) !== null);
      assert.ok(drawn.length >= 8);
      const places = await Promise.all(drawn.map((point) => placeOf(page, point)));
      const far = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);
      let hits = 0;
      for (const [i, point] of drawn.entries()) {
        const place = places[i];
        const inside = await page.evaluate(({ x, y }) => document.elementFromPoint(x, y)?.id === "canvas", place);
        if (!inside) continue;
        const said = await hovered(page, place);
        const near = drawn.filter((_, j) => far(places[j], place) < 1).map(name);
        assert.ok(near.includes(said), `at ${name(point)} it says ${said}`);
        hits += 1;
      }
      assert.ok(hits >= 6, `${hits} of ${drawn.length} marks were on the screen`);
      // Far from every mark nothing is shown.
      const box = await page.locator("#plot").boundingBox();
      const empty = [];
      for (let px = box.x + 8; px < box.x + box.width; px += 12) {
        for (let py = Math.max(box.y, 0) + 8; py < Math.min(box.y + box.height, viewport.height); py += 12) {
          if (places.every((place) => far(place, { x: px, y: py }) > 40)) empty.push({ x: px, y: py });
        }
      }
      assert.ok(empty.length > 0);
      assert.equal(await hovered(page, empty[Math.floor(empty.length / 2)]), null);
    }
  }, { viewport }));
}

test("checks that warned or failed are told with the point, and why a number is withheld", () => on(async (page) => {
  const warned = report.checks.find(isLoud);
  await choose(page, "axis-x", gap);
  await page.click("#whole");
  await table(page);
  await page.click(`#plot-table button[aria-label="Keep ${name(warned.point)}"]`);
  const panel = await page.locator("#detail").textContent();
  assert.ok(panel.includes(`${warned.number} ${warned.check}`), panel);
  assert.match(panel, /\d+ (warn|fail)/);
  const reason = report.points[warned.point].measures[robust].reason;
  assert.ok(panel.includes(`undefined: ${reason}`), panel);
}));

test("defenses and strengths filter", () => on(async (page) => {
  const defenses = [...new Set(report.points.map((point) => point.defense))];
  assert.equal(await page.locator("#defenses input").count(), defenses.length);
  await page.getByLabel(defenses[0], { exact: true }).uncheck();
  const rest = all.filter((point) => report.points[point].defense !== defenses[0]);
  const known = (points) => points.filter((point) => objectives.every((key) => value(point, key) !== null));
  await assertShows(page, rest);
  assert.match(await page.locator("#state").textContent(), new RegExp(`^Exploratory.* ${known(rest).length} of ${known(all).length} points remain`));
  await page.selectOption("#strength-low", { label: "0.3" });
  await assertShows(page, rest.filter((point) => report.points[point].strength >= 0.3));
  await page.selectOption("#strength-high", { label: "1" });
  await assertShows(page, rest.filter((point) => report.points[point].strength >= 0.3 && report.points[point].strength <= 1));
  await page.click("#reset");
  await assertShows(page, all);
}));

test("filters are cleared by themselves, and zooming out filters nothing", () => on(async (page) => {
  await choose(page, "axis-x", gap);
  const [defense] = report.points.map((point) => point.defense);
  await page.getByLabel(defense, { exact: true }).uncheck();
  await page.selectOption("#strength-low", { label: "0.3" });
  await choose(page, "limit-metric", "accuracy");
  await page.fill("#limit-value", "0.2");
  await page.click("#limit-add");
  const kept = all.filter((point) => report.points[point].defense !== defense && report.points[point].strength >= 0.3 && value(point, "accuracy") >= 0.2);
  await assertShows(page, kept);
  await page.getByRole("button", { name: "Zoom out to all points, trivial ones too" }).click();
  await assertShows(page, kept);
  const before = await axes(page);
  await page.getByRole("button", { name: "Clear filters" }).click();
  await assertShows(page, all);
  assert.deepEqual(await axes(page), before, "the axes stay");
  assert.equal(await page.locator("#defenses input:not(:checked)").count(), 0);
  assert.equal(await page.locator("#limits li").count(), 0);
  assert.equal(await page.$eval("#strength-low", (list) => list.selectedOptions[0].textContent), String(Math.min(...report.points.map((point) => point.strength))));
}));

test("reversed strengths are called that", () => on(async (page) => {
  const said = page.locator("#strength-fault");
  assert.equal(await said.getAttribute("role"), "alert");
  assert.equal(await said.textContent(), "");
  await page.selectOption("#strength-low", { label: "0.3" });
  assert.equal(await said.textContent(), "");
  await page.selectOption("#strength-high", { label: "0.1" });
  assert.match(await said.textContent(), /^The strengths are reversed: “from” 0\.3 is above “to” 0\.1, so no point remains/);
  assert.equal(await page.getAttribute("#strength-high", "aria-invalid"), "true");
  await assertShows(page, []);
  await assertSound(page);
  await page.selectOption("#strength-high", { label: "0.3" });
  assert.equal(await said.textContent(), "");
  assert.equal(await page.getAttribute("#strength-high", "aria-invalid"), "false");
  await assertShows(page, all.filter((point) => report.points[point].strength === 0.3));
}));

test("requirements leave what satisfies them, and say how to choose on validation rows", () => on(async (page) => {
  const key = "worst_class_accuracy";
  const sorted = all.map((point) => value(point, key)).sort((a, b) => a - b);
  const least = Number(((sorted[4] + sorted[5]) / 2).toFixed(4));
  await choose(page, "limit-metric", key);
  await page.fill("#limit-value", "many");
  await page.click("#limit-add");
  assert.match(await page.locator("#limit-fault").textContent(), /needs a number/);
  await page.fill("#limit-value", String(least));
  await page.press("#limit-value", "Enter");
  await assertShows(page, all.filter((point) => value(point, key) >= least));
  assert.ok((await page.locator("#hint code").textContent()).includes(`equipoise choose DIR --require '${key}>=${least}'`));
  // What the command cannot say is said beside it.
  const hint = () => page.locator("#hint").textContent();
  assert.doesNotMatch(await hint(), /not part of it/);
  await page.selectOption("#strength-low", { label: "0.1" });
  assert.match(await hint(), /The range of strengths above is not part of it/);
  await page.getByLabel(report.points[0].defense, { exact: true }).uncheck();
  assert.match(await hint(), /The choice of defenses and range of strengths above are not part of it: it chooses among all configurations\.\)$/);
  await page.getByLabel(report.points[0].defense, { exact: true }).check();
  await page.selectOption("#strength-low", { label: "0" });
  assert.doesNotMatch(await hint(), /not part of it/);
  await choose(page, "limit-metric", gap);
  await page.selectOption("#limit-relation", "<=");
  await page.fill("#limit-value", "0.5");
  await page.click("#limit-add");
  await assertShows(page, all.filter((point) => value(point, key) >= least && value(point, gap) <= 0.5));
  await page.click("#limits li:first-child button");
  await assertShows(page, all.filter((point) => value(point, gap) <= 0.5));
}));

test("a requirement on the same side of the same number takes the place of the one before", () => on(async (page) => {
  const key = "worst_class_accuracy";
  const sorted = all.map((point) => value(point, key)).sort((a, b) => a - b);
  await choose(page, "limit-metric", key);
  const require = async (least) => {
    await page.fill("#limit-value", String(least));
    await page.press("#limit-value", "Enter");
  };
  await require(sorted[7] + 1e-6);
  await require(sorted[2] + 1e-6);
  assert.deepEqual(await page.$$eval("#limits code", (all) => all.map((code) => code.textContent)), [`${key} >= ${sorted[2] + 1e-6}`]);
  await assertShows(page, all.filter((point) => value(point, key) >= sorted[2] + 1e-6));
  // The other side stands beside it.
  await page.selectOption("#limit-relation", "<=");
  await require(sorted[7]);
  assert.equal(await page.locator("#limits li").count(), 2);
  await assertShows(page, all.filter((point) => value(point, key) >= sorted[2] + 1e-6 && value(point, key) <= sorted[7]));
}));

test("numbers are searched for, by keyboard alone", () => on(async (page) => {
  const { metrics } = JSON.parse(await page.locator("#numbers").textContent());
  const options = (id) => page.$$eval(`#${id} option`, (all) => all.map((option) => Number(option.value)));
  const every = metrics.map((_, i) => i);
  const sorted = (list) => [...list].sort((a, b) => a - b);
  assert.deepEqual(sorted(await options("axis-y")), every);
  const chosen = await page.$eval("#axis-y", (list) => Number(list.value));
  await page.focus("#search");
  await page.keyboard.type("Calibration BINS");
  const has = (metric) => ["calibration", "bins"].every((word) => `${metric.title} ${metric.key}`.toLowerCase().includes(word));
  const matching = every.filter((i) => has(metrics[i]));
  assert.ok(matching.length >= 2 && matching.length < metrics.length / 2);
  // What is chosen stays, whatever is searched for.
  assert.deepEqual(sorted(await options("axis-y")), sorted([...new Set([...matching, chosen])]));
  assert.ok((await page.locator("#found").textContent()).startsWith(`${matching.length} of ${metrics.length} numbers match`));
  await page.waitForFunction((n) => document.getElementById("told").textContent.startsWith(`${n} of `), matching.length);
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "axis-y");
  assert.equal(await page.locator("#limits li").count(), 0, "Enter requires nothing");
  assert.equal(await page.locator("#limit-fault").textContent(), "");
  await page.keyboard.press("End");
  const [, y] = await axes(page);
  assert.equal(y, metrics[sorted(matching).at(-1)].key);
  await assertShows(page, all);
  // Nothing found, then everything again.
  await page.fill("#search", "no such number");
  assert.equal((await options("axis-x")).length, 1);
  await page.click("#reset");
  assert.equal(await page.inputValue("#search"), "");
  assert.deepEqual(sorted(await options("limit-metric")), every);
  assert.deepEqual(new Set(await axes(page)), new Set(objectives));
}));

test("of a kept point that is filtered out it is said, and why", () => on(async (page) => {
  const point = report.front.members.at(-1);
  const { defense, strength } = report.points[point];
  await table(page);
  await page.click(`#plot-table button[aria-label="Keep ${name(point)}"]`);
  assert.equal(await page.locator("#detail .lost").count(), 0);
  const said = async (why) => {
    assert.ok((await page.locator("#detail .lost").textContent()).includes(why), await page.locator("#detail").textContent());
    assert.ok((await page.locator("#state").textContent()).includes(`The kept point, ${name(point)}, is not among them: ${why}`));
    await page.click("#reset");
    assert.equal(await page.locator("#detail .lost").count(), 0);
    assert.equal(await page.locator("#detail h3").textContent(), `${name(point)} (kept)`);
  };
  await page.getByLabel(defense, { exact: true }).uncheck();
  await said("its defense is not ticked");
  const above = report.points.map((other) => other.strength).filter((other) => other > strength).sort((a, b) => a - b);
  if (above.length) {
    await page.selectOption("#strength-low", { label: String(above[0]) });
    await said(`its strength ${strength} is not between`);
  }
  await choose(page, "limit-metric", "accuracy");
  await page.fill("#limit-value", String(value(point, "accuracy") + 0.001));
  await page.click("#limit-add");
  await said("it is not as required: accuracy >= ");
}));

/** How far the edges of `selector` fade, left and right, in pixels; and whether it goes on beyond its right edge. */
const fades = (page, selector) => page.$eval(selector, (box) => {
  const style = getComputedStyle(box);
  const px = (name) => Number.parseFloat(style.getPropertyValue(name));
  return { left: px("--fade-left"), right: px("--fade-right"), mask: style.maskImage !== "none", beyond: box.scrollWidth - box.clientWidth > 1 };
});

/** What is wider than its place fades where it goes on, and not where it ends; what fits does not fade. */
async function assertFades(page, selector) {
  const still = () => page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  await still();
  const before = await fades(page, selector);
  assert.ok(before.beyond && before.mask, `${selector} fits`);
  assert.ok(before.left < 1 && before.right > 20, JSON.stringify(before));
  await page.$eval(selector, (box) => (box.scrollLeft = box.scrollWidth));
  await still();
  const after = await fades(page, selector);
  assert.ok(after.left > 15 && after.right < 1, JSON.stringify(after));
}

test("on a phone what is wider than the screen says so", () => on(async (page) => {
  await assertFades(page, "#front .scroll");
  await assertFades(page, ".scroll:has(> #points)");
  assert.match(await page.$eval("#front .scroll", (box) => getComputedStyle(box, "::before").content), /swipe sideways/);
  // A reader by keyboard sees the whole box, and its frame.
  await page.focus(".scroll:has(> #points)");
  assert.equal(await page.$eval(".scroll:has(> #points)", (box) => getComputedStyle(box).maskImage), "none");
}, { viewport: { width: 360, height: 740 } }));

test("where all fits nothing fades", () => on(async (page) => {
  const box = await fades(page, "#front .scroll");
  assert.ok(!box.beyond && box.left < 1 && box.right < 1, JSON.stringify(box));
  assert.equal(await page.$eval("#front .scroll", (box) => getComputedStyle(box, "::before").content), "none");
}));

test("a region drawn over the plot leaves what lies in it; Escape lets it go", () => on(async (page) => {
  await plotInView(page);
  const [x, y] = await axes(page);
  const [a, b] = [report.front.members[0], report.front.members.at(-1)];
  const [from, to] = [await placeOf(page, a), await placeOf(page, b)];
  const [left, right] = [Math.min(from.x, to.x) - 15, Math.max(from.x, to.x) + 15];
  const [top, bottom] = [Math.min(from.y, to.y) - 15, Math.max(from.y, to.y) + 15];
  const inside = [];
  for (const point of all.filter((point) => value(point, x) !== null)) {
    const place = await placeOf(page, point);
    if (place.x >= left && place.x <= right && place.y >= top && place.y <= bottom) inside.push(point);
  }
  assert.ok(inside.length >= 2 && inside.length < all.length);
  await page.mouse.move(left, bottom);
  await page.mouse.down();
  await page.mouse.move((left + right) / 2, (top + bottom) / 2);
  await page.mouse.move(right, top, { steps: 4 });
  await page.mouse.up();
  const limits = await page.$$eval("#limits code", (all) => all.map((code) => code.textContent));
  assert.equal(limits.length, 4);
  assert.deepEqual(await placeOf(page, a), from, "the plot stays where it is");
  await assertShows(page, inside);
  const least = Number(limits.find((text) => text.startsWith(`${x} >=`)).split(" ").at(-1));
  assert.ok(least <= Math.min(...inside.map((point) => value(point, x))));
  assert.ok(limits.some((text) => text.startsWith(`${y} <=`)));
  await page.focus("#plot");
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("#limits li").count(), 0);
  await assertShows(page, all);
}));

test("everything by keyboard: from point to point, keep, release, and it is said", () => on(async (page) => {
  const [x, y] = await axes(page);
  await page.focus("#plot");
  const inView = await page.evaluate(() => Chart.getChart("canvas").data.datasets.flatMap((set) => set.data.map((mark) => mark.point)).filter((point) => point !== undefined));
  const order = [...inView].sort((a, b) => value(a, x) - value(b, x) || a - b);
  const said = page.locator("#told");
  const current = () => page.locator("#detail h3").textContent();
  await page.keyboard.press("Home");
  assert.equal(await current(), name(order[0]));
  for (const point of order.slice(1)) {
    await page.keyboard.press("ArrowRight");
    assert.equal(await current(), name(point));
  }
  await page.keyboard.press("ArrowRight");
  assert.equal(await current(), name(order.at(-1)), "the last one stays");
  await page.waitForFunction((text) => document.getElementById("told").textContent.includes(text), shown(order.at(-1), y));
  assert.match(await said.textContent(), new RegExp(`^${order.length} of ${order.length}: ${name(order.at(-1))}`));
  await page.keyboard.press("ArrowLeft");
  assert.equal(await current(), name(order.at(-2)));
  const upward = [...inView].sort((a, b) => value(a, y) - value(b, y) || a - b);
  const at = upward.indexOf(order.at(-2));
  const next = upward[Math.min(at + 1, upward.length - 1)];
  await page.keyboard.press("ArrowUp");
  assert.equal(await current(), name(next));
  await page.keyboard.press("Enter");
  assert.equal(await current(), `${name(next)} (kept)`);
  await page.waitForFunction(() => document.getElementById("told").textContent.startsWith("Kept "));
  await page.keyboard.press("Escape");
  assert.match(await page.locator("#detail").textContent(), /^No point is kept/);
  await page.waitForFunction(() => document.getElementById("told").textContent === "Released.");
  // And out of the plot again.
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.id), "whole");
}));

test("the ends are the first key's too, and arrows go on from the last point, however it was shown", () => on(async (page) => {
  const [x] = await axes(page);
  const inView = await page.evaluate(() => Chart.getChart("canvas").data.datasets.flatMap((set) => set.data.map((mark) => mark.point)).filter((point) => point !== undefined));
  const order = [...inView].sort((a, b) => value(a, x) - value(b, x) || a - b);
  const current = () => page.locator("#detail h3").textContent();
  const first = async (key, point) => {
    await page.reload();
    await page.waitForFunction(() => "ready" in document.documentElement.dataset);
    await page.focus("#plot");
    await page.keyboard.press(key);
    assert.equal(await current(), name(point), key);
  };
  await first("Home", order[0]);
  await first("ArrowRight", order[0]);
  await first("ArrowLeft", order.at(-1));
  await first("End", order.at(-1));
  await page.keyboard.press("End");
  assert.equal(await current(), name(order.at(-1)));
  // The mouse shows one, and goes.
  await plotInView(page);
  const at = order.indexOf(report.front.members.at(-1));
  const place = await placeOf(page, order[at]);
  await page.mouse.move(place.x, place.y);
  assert.equal(await current(), name(order[at]));
  await page.mouse.move(2, 2);
  await page.focus("#plot");
  await page.keyboard.press(at > 0 ? "ArrowLeft" : "ArrowRight");
  assert.equal(await current(), name(order[at > 0 ? at - 1 : at + 1]));
  // The last point is filtered out: on to its neighbor on either side.
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  const [left, gone, right] = order.slice(1, 4);
  const without = async (key, wanted) => {
    await page.focus("#plot");
    await page.keyboard.press(key);
    assert.equal(await current(), name(wanted), key);
  };
  assert.equal(await current(), name(gone));
  // A requirement on the axis across that only the points beside it satisfy is two: so each side for itself.
  const require = async (relation, number) => {
    await choose(page, "limit-metric", x);
    await page.selectOption("#limit-relation", relation);
    await page.fill("#limit-value", String(number));
    await page.click("#limit-add");
  };
  assert.ok(value(left, x) < value(gone, x) && value(gone, x) < value(right, x), "the test needs points apart");
  await require("<=", (value(left, x) + value(gone, x)) / 2);
  await without("ArrowLeft", left);
  await page.click("#clear");
  await page.keyboard.press("Tab");
  await without("ArrowRight", gone);
  await require(">=", (value(gone, x) + value(right, x)) / 2);
  await without("ArrowRight", right);
}));

test("a finger keeps a point and draws a region when asked to", () => on(async (page, context) => {
  await plotInView(page);
  const point = report.front.members[0];
  const place = await placeOf(page, point);
  await page.touchscreen.tap(place.x, place.y);
  assert.equal(await page.locator("#detail h3").textContent(), `${name(point)} (kept)`);
  // A drag scrolls, until the reader says that it draws.
  const hand = await context.newCDPSession(page);
  const drag = async ([x0, y0], [x1, y1]) => {
    const touch = (type, points) => hand.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([x, y]) => ({ x, y })) });
    await touch("touchStart", [[x0, y0]]);
    for (let i = 1; i <= 5; i += 1) await touch("touchMove", [[x0 + ((x1 - x0) * i) / 5, y0 + ((y1 - y0) * i) / 5]]);
    await touch("touchEnd", []);
  };
  await page.click("#region");
  assert.equal(await page.getAttribute("#region", "aria-pressed"), "true");
  await plotInView(page);
  const now = await placeOf(page, point);
  await drag([now.x - 40, now.y + 40], [now.x + 20, now.y - 20]);
  assert.equal(await page.locator("#limits li").count(), 4);
  const left = (await table(page)).map((row) => row.name);
  assert.ok(left.includes(name(point)) && left.length < all.length);
}, { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }));

const brightness = (page, selector, property = "backgroundColor") => page.$eval(selector, (element, property) => {
  const [r, g, b] = getComputedStyle(element)[property].match(/\d+/g).map(Number);
  return (r + g + b) / 3;
}, property);

test("light and dark: as the system says, or as chosen, and the choice is remembered", () => on(async (page) => {
  assert.ok(await brightness(page, "body") < 60);
  const drawn = () => page.$eval("#front svg rect", (rect) => getComputedStyle(rect).fill);
  const dark = await drawn();
  await page.selectOption("#theme", "light");
  assert.ok(await brightness(page, "body") > 200);
  assert.notEqual(await drawn(), dark);
  await page.reload();
  await page.waitForFunction(() => "ready" in document.documentElement.dataset);
  assert.ok(await brightness(page, "body") > 200);
  await page.selectOption("#theme", "dark");
  await page.emulateMedia({ colorScheme: "light" });
  assert.ok(await brightness(page, "body") < 60);
  const ink = await page.evaluate(() => Chart.getChart("canvas").options.scales.x.title.color);
  assert.equal(ink, "#e6e8ec");
}, { colorScheme: "dark" }));

test("print is light, whole, and without controls", () => on(async (page) => {
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  assert.equal(await page.locator("#controls").isVisible(), false);
  assert.equal(await page.locator(".copy").first().isVisible(), false);
  assert.equal(await page.locator("details:not([open])").count(), 0);
  assert.ok(await brightness(page, ".headlines") > 200);
  assert.equal(await page.evaluate(() => Chart.getChart("canvas").options.scales.x.title.color), "#1f2329");
  const paper = await page.pdf({ format: "A4" });
  assert.equal(paper.subarray(0, 5).toString(), "%PDF-");
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  assert.ok(await page.locator("details:not([open])").count() > 0);
}, { colorScheme: "dark" }));

/** Text without its blanks, so that where a line ends is all the same. */
const solid = (text) => text.replace(/\s/gu, "");
const times = (text, part) => text.split(part).length - 1;

/** The text of a PDF, and what of it is not whole on its page. The browser reads it: the reader of PDFs is made for browsers. */
async function read(paper) {
  const page = await browser.newPage();
  const files = createRequire(import.meta.url).resolve("pdfjs-dist/build/pdf.min.mjs");
  await page.route("**", (route) => {
    const [name] = /pdf(\.worker)?\.min\.mjs$/.exec(route.request().url()) ?? [];
    return route.fulfill(name ? { contentType: "text/javascript", body: readFileSync(join(files, "..", name)) } : { contentType: "text/html", body: "<!DOCTYPE html>" });
  });
  try {
    await page.goto("http://pdf.invalid/");
    return await page.evaluate(async (bytes) => {
      const { getDocument, GlobalWorkerOptions } = await import("http://pdf.invalid/pdf.min.mjs");
      GlobalWorkerOptions.workerSrc = "http://pdf.invalid/pdf.worker.min.mjs";
      const paper = await getDocument({ data: Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0)) }).promise;
      let text = "";
      const cut = [];
      for (let number = 1; number <= paper.numPages; number += 1) {
        const page = await paper.getPage(number);
        const [left, bottom, right, top] = page.view;
        for (const { str, transform, width, height } of (await page.getTextContent()).items) {
          text += str;
          const [x, y] = transform.slice(4);
          if (str.trim() && (x < left || x + width > right || y < bottom || y + height > top)) cut.push(`page ${number}: ${str}`);
        }
      }
      return { text: text.replace(/\s/gu, ""), cut };
    }, paper.toString("base64"));
  } finally {
    await page.close();
  }
}

/** `text`, which has no blanks, has every cell as often as there are cells that say it. */
function assertHolds(text, cells, least = 300) {
  const wanted = new Map();
  for (const cell of cells.map(solid).filter(Boolean)) wanted.set(cell, (wanted.get(cell) ?? 0) + 1);
  assert.ok(wanted.size > least);
  for (const [cell, count] of wanted) assert.ok(times(text, cell) >= count, `${cell} is on paper ${times(text, cell)} times, in tables ${count}`);
}

for (const width of [360, 800, 1200, 1600]) {
  test(`printed from ${width} px: every cell of every table is on the paper, and afterwards all is as before`, () => on(async (page) => {
    await page.evaluate(() => {
      for (const box of document.querySelectorAll("details")) box.open = true;
    });
    await page.waitForSelector("#plot-table tbody tr");
    const tables = () => page.$$eval("main table", (all) => all.map((table) => table.outerHTML.replaceAll(/ (class|style)=""/g, "")));
    const before = await tables();
    const cells = await page.$$eval("main table", (all) => all.flatMap((table) => [...table.rows].flatMap((row) => [...row.cells].filter((cell) => !cell.querySelector("button") && !(table.id === "plot-table" && cell === row.lastElementChild)).map((cell) => cell.textContent))));
    const columns = await page.$$eval("main table", (all) => Math.max(...all.map((table) => table.rows[0].cells.length)));
    assert.ok(columns > 15, `the widest table has only ${columns} columns`);
    const { text, cut } = await read(await page.pdf({ format: "A4" }));
    assert.deepEqual(cut, []);
    assertHolds(text, cells);
    for (const point of all) {
      for (const [key, { value: exact }] of Object.entries(report.points[point].measures)) {
        if (objectives.includes(key) && exact !== null) assert.ok(text.includes(solid(shown(point, key))), `${name(point)} lacks ${key}`);
      }
    }
    assert.deepEqual(await tables(), before);
    assert.equal(await page.locator(".copied").count(), 0);
  }, { viewport: { width, height: 900 } }));
}

test("printed without scripts, every cell of every table is on the paper", () => on(async (page) => {
  const cells = await page.$$eval("main table:not(#plot-table) :is(th, td)", (all) => all.map((cell) => cell.textContent));
  const { text, cut } = await read(await page.pdf({ format: "A4" }));
  assert.deepEqual(cut, []);
  assertHolds(text, cells);
}, { javaScriptEnabled: false }));

test("a comparison is printed with every cell of its tables", () => on(async (page) => {
  const cells = await page.$$eval("main table :is(th, td)", (all) => all.map((cell) => cell.textContent));
  const { text, cut } = await read(await page.pdf({ format: "A4" }));
  assert.deepEqual(cut, []);
  assertHolds(text, cells, 30);
  assert.equal(await page.locator(".laid").count(), 0);
}, { address: pathToFileURL(join(process.env.PAGE_COMPARISON, "comparison.html")).href }));

test("on paper the plot has its place, figures are whole, and what leads to a table leads to its first part", () => on(async (page) => {
  await page.focus("#plot");
  await page.keyboard.press("Home");
  await page.keyboard.press("Enter");
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  // A4 without the margins of print.css.
  await page.setViewportSize({ width: 703, height: 1000 });
  await page.emulateMedia({ media: "print" });
  const seen = await page.evaluate(() => {
    const box = (element) => element.getBoundingClientRect();
    const [copy, plot, after] = [".copied", "#plot", "#state"].map((selector) => box(document.querySelector(selector)));
    const image = document.querySelector(".copied");
    const marks = image.getContext("2d").getImageData(0, 0, image.width, image.height).data.some((byte) => byte > 0);
    const wide = [...document.querySelectorAll("main table, main svg, main p, main canvas")].filter((element) => element.checkVisibility() && box(element).right > document.documentElement.clientWidth + 0.5);
    return {
      copy: [copy.width, copy.height, image.width / image.height], plot: plot.width, gap: after.top - copy.bottom, marks,
      screen: document.getElementById("canvas").checkVisibility(),
      wide: wide.map((element) => element.id || element.outerHTML.slice(0, 80)),
      figures: [...document.querySelectorAll("main svg")].map((svg) => [getComputedStyle(svg).breakInside, getComputedStyle(svg.closest(".scroll")).breakInside, box(svg).height]),
      titles: [...document.querySelectorAll("main h2, main h3, main .shows")].map((title) => [getComputedStyle(title).breakInside, getComputedStyle(title).breakAfter]),
      parts: document.querySelectorAll("#points ~ table").length,
      points: document.getElementById("points").checkVisibility(),
      same: new Set([...document.querySelectorAll("[id]")].map((element) => element.id)).size === document.querySelectorAll("[id]").length,
      names: [...document.querySelectorAll(".scroll:has(> #points) > table:not([hidden])")].map((table) => [...table.tBodies[0].rows].map((row) => [...row.cells].slice(0, 2).map((cell) => cell.textContent).join(" "))),
    };
  });
  assert.ok(Math.abs(seen.copy[0] - seen.plot) < 1 && Math.abs(seen.copy[0] / seen.copy[1] - seen.copy[2]) < 0.01, JSON.stringify(seen.copy));
  assert.ok(seen.gap >= 0 && seen.marks && !seen.screen, JSON.stringify(seen));
  assert.deepEqual(seen.wide, []);
  assert.ok(seen.figures.length >= 5);
  for (const figure of seen.figures) assert.ok(figure[0] === "avoid" && figure[1] === "avoid" && figure[2] > 100 && figure[2] <= 1000, String(figure));
  assert.ok(seen.titles.length >= 20 && seen.titles.flat().every((said) => said === "avoid"), "a title stands whole over what it is the title of");
  assert.ok(seen.parts >= 2 && seen.points && seen.same, JSON.stringify(seen));
  for (const names of seen.names) assert.deepEqual(names, all.map(name), "every part has the columns that name its rows");
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  await page.emulateMedia({ media: "screen" });
  assert.ok(await page.locator("#canvas").isVisible());
  await page.setViewportSize(WIDE);
  await page.waitForFunction(() => document.getElementById("plot").clientWidth - document.getElementById("canvas").getBoundingClientRect().width < 1);
}));

/** CSV with quotes, as rows. */
function parsed(text) {
  const rows = [[""]];
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const row = rows.at(-1);
    if (text[i] === '"') {
      if (quoted && text[i + 1] === '"') row[row.length - 1] += text[(i += 1)];
      else quoted = !quoted;
    } else if (text[i] === "," && !quoted) row.push("");
    else if (text[i] === "\n" && !quoted) rows.push([""]);
    else if (text[i] !== "\r" || quoted) row[row.length - 1] += text[i];
  }
  return rows.filter((row) => row.length > 1 || row[0] !== "");
}

test("data to take along: the plot's, a figure's, a table's", () => on(async (page, context) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const taken = async (button) => {
    await button.click();
    await page.waitForFunction((element) => element.textContent === "Copied", await button.elementHandle());
    return parsed(await page.evaluate(() => navigator.clipboard.readText()));
  };
  const exact = (rows, keys, points) => {
    const column = (key) => rows[0].indexOf(key);
    assert.equal(rows.length, points.length + 1);
    points.forEach((point, i) => {
      const row = rows[i + 1];
      for (const key of keys) {
        assert.equal(row[column(key)], value(point, key) === null ? "" : String(value(point, key)), `${key} of ${name(point)}`);
        if (value(point, key) === null) continue;
        const [low, high] = report.points[point].measures[key].interval;
        assert.ok(Math.abs(Number(row[column(`${key}:low`)]) - low) <= 5e-7 && Math.abs(Number(row[column(`${key}:high`)]) - high) <= 5e-7);
      }
    });
  };
  exact(await taken(page.locator("#copy-plot")), objectives, all.filter((point) => value(point, robust) !== null));
  exact(await taken(page.locator("#front .copy")), objectives, all);
  const curve = Object.keys(report.points[0].measures).filter((key) => key.startsWith("robust_accuracy!"));
  assert.ok(curve.length >= 3);
  exact(await taken(page.locator("#security-curve > .tools .copy")), curve, all);
  const rows = await taken(page.locator(".scroll:has(#glossary) + .tools .copy"));
  assert.equal(rows.length, (await page.locator("#glossary tr").count()) - 0);
  assert.ok(rows.every((row) => row.length === rows[0].length));
}));

test("cells that a spreadsheet would calculate get an apostrophe, what the report writes gets none, and a shell takes any key for one word", () => {
  const text = ["numbers.js", "csv.js"].map((name) => readFileSync(new URL(`../../src/report/assets/${name}`, import.meta.url), "utf8")).join("\n");
  const block = { getElementById: () => ({ textContent: '{"points":{"label":[],"degenerate":[]}}' }) };
  const { csv, quoted } = new Function("document", `${text}; return { csv, quoted };`)(block);
  const own = ["+4.3 points [1.2, 7.4]", "+0.310 nats", "±0.0 points", "−1.0 points", "-1", "+2.5", -3];
  assert.deepEqual(parsed(csv([own]))[0], own.map(String));
  const odd = ["=1+1", "@SUM(A1)", "+1+cmd|' /C calc'!A0", "-2 +3", "+1 (x)", "+10years"];
  assert.deepEqual(parsed(csv([odd]))[0], odd.map((cell) => `'${cell}`));
  for (const key of ["accuracy", "group_accuracy@name=O'Brien; $(x)", "a\"b"]) {
    assert.equal(execFileSync("sh", ["-c", `printf %s ${quoted(key)}`], { encoding: "utf8" }), key);
  }
});

test("where the clipboard is closed to the page, the data is there to be copied by hand", () => on(async (page) => {
  await page.evaluate(() => {
    navigator.clipboard.writeText = () => Promise.reject(new Error("closed"));
    document.execCommand = () => false;
  });
  await page.click("#copy-plot");
  const text = await page.locator("textarea.by-hand").inputValue();
  assert.equal(parsed(text).length, (await table(page)).length + 1);
}));

for (const colorScheme of ["light", "dark"]) {
  for (const width of [360, 800, 1600]) {
    test(`${width} px ${colorScheme}: no serious fault for readers by other means, nothing wider than the screen`, () => on(async (page) => {
      await page.evaluate(() => (document.getElementById("remaining").open = true));
      await page.focus("#plot");
      await page.keyboard.press("End");
      await page.keyboard.press("Enter");
      await page.keyboard.press("ArrowLeft");
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(wide, 0, "the page scrolls sideways");
      await page.evaluate(axe);
      const { violations, passes } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
      assert.ok(passes.length > 10);
      const serious = violations.filter((fault) => ["serious", "critical"].includes(fault.impact));
      assert.deepEqual(serious.map((fault) => `${fault.id}: ${fault.nodes.map((node) => node.target).join(" ")}`), []);
      assert.deepEqual(violations.map((fault) => fault.id), [], "not even a moderate one");
    }, { viewport: { width, height: 900 }, colorScheme }));
  }
}

test("10,000 points: there within a second, and still at hand", () => {
  const many = join(mkdtempSync(join(tmpdir(), "page-")), "many.html");
  writeFileSync(many, synthetic(readFileSync(file, "utf8"), 10_000));
  return on(async (page) => {
    const ready = await page.evaluate(() => performance.getEntriesByName("ready")[0].startTime);
    console.log(`10,000 points: interactive ${Math.round(ready)} ms after navigation began (${Math.round(readFileSync(many).length / 1e5) / 10} MB)`);
    assert.ok(ready < Number(process.env.READY_MS ?? 3000), `${ready} ms`);
    await page.focus("#plot");
    const before = await page.evaluate(() => performance.now());
    await page.keyboard.press("Home");
    await page.waitForFunction(() => document.querySelector("#detail h3"));
    console.log(`10,000 points: a key answered within ${Math.round((await page.evaluate(() => performance.now())) - before)} ms`);
  }, { address: pathToFileURL(many).href });
});

/** No serious fault by axe, and nothing wider than the screen. */
async function assertSound(page) {
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0, "the page scrolls sideways");
  await page.evaluate(axe);
  const { violations, passes } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  assert.ok(passes.length > 10);
  assert.deepEqual(violations.map((fault) => `${fault.id}: ${fault.nodes.map((node) => node.target).join(" ")}`), []);
}

test("the history of a folder, with the rules that were raised and why", () => on(async (page) => {
  await page.click("nav a[href='#history-section']");
  const section = page.locator("#history-section");
  assert.ok(await section.locator("#history svg").isVisible());
  const told = await section.textContent();
  for (const text of ["watch in window v1 (F1)", "Rules: rules.toml", "Nothing dominates the whole box", "front < 1", "F2"]) {
    assert.ok(told.toLowerCase().includes(text.toLowerCase()), `${told} lacks ${text}`);
  }
  assert.equal(await page.locator("#history-raised tbody tr").count(), 1, "one rule was raised");
  await assertSound(page);
}, { address: pathToFileURL(join(process.env.PAGE_HISTORY, "report.html")).href }));

for (const colorScheme of ["light", "dark"]) {
  for (const width of [360, 1200]) {
    test(`a comparison at ${width} px ${colorScheme}: sound, and what is wider than the screen says so`, () => on(async (page) => {
      await assertSound(page);
      assert.match(await page.locator("main").textContent(), /paired over 7 seeds on the same 200 test rows/);
      if (width < 400) {
        await assertFades(page, ".figure .scroll");
        await assertFades(page, ".scroll:has(> table)");
        assert.match(await page.$eval(".figure .scroll", (box) => getComputedStyle(box, "::before").content), /swipe sideways/);
      }
    }, { viewport: { width, height: 900 }, colorScheme, isStill: true, address: pathToFileURL(join(process.env.PAGE_COMPARISON, "comparison.html")).href }));
  }
}

test("a comparison has the report's theme and copies", () => on(async (page, context) => {
  assert.ok(await brightness(page, "body") < 60);
  await page.selectOption("#theme", "light");
  assert.ok(await brightness(page, "body") > 200);
  assert.ok(await brightness(page, ".headlines") > 200);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const copies = page.locator(".copy");
  assert.equal(await copies.count(), await page.locator("main table").count());
  await copies.nth(1).click();
  await page.waitForFunction(() => document.querySelectorAll(".copy")[1].textContent === "Copied");
  const rows = parsed(await page.evaluate(() => navigator.clipboard.readText()));
  assert.equal(rows.length, await page.locator("#paired tr").count());
}, { colorScheme: "dark", address: pathToFileURL(join(process.env.PAGE_COMPARISON, "comparison.html")).href }));

/** Pages of all kinds. */
const pages = [
  ["a report", file],
  ["a report with a history", join(process.env.PAGE_HISTORY, "report.html")],
  ["a comparison", join(process.env.PAGE_COMPARISON, "comparison.html")],
];

for (const [what, path] of pages) {
  test(`${what} on a telephone: figures have their words beside them, and drawings can be read`, () => on(async (page) => {
    const figures = await page.$$eval("figure.figure", (all) => all.map((figure) => {
      const width = document.documentElement.clientWidth;
      const fits = (element) => element.textContent.trim() !== "" && element.getBoundingClientRect().right <= width;
      const svg = figure.querySelector("svg");
      const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
      const sizes = [...svg.querySelectorAll("text")].map((text) => parseFloat(getComputedStyle(text).fontSize) * scale);
      const drawn = [...svg.querySelectorAll("text")].map((text) => text.textContent.trim());
      const title = figure.querySelector(".shows").textContent;
      return { name: figure.id, fits: fits(figure.querySelector(".shows")) && fits(figure.querySelector("figcaption")), least: Math.min(...sizes), doubled: drawn.some((text) => text.length > 20 && title.startsWith(text)) };
    }));
    assert.ok(figures.length > 0);
    for (const { name, fits, least, doubled } of figures) {
      assert.ok(fits, `the words of ${name} are there, within the screen`);
      // 9 units, the smallest text of drawings, at the width that a drawing has at least.
      assert.ok(least >= 8.9, `${name}: ${least} px`);
      assert.ok(!doubled, `${name}: its title is in the drawing, too`);
    }
  }, { viewport: { width: 360, height: 740 }, address: pathToFileURL(path).href }));

  test(`${what}: names are marked, and no mark is left as it was written`, () => on(async (page) => {
    const left = await page.evaluate(() => {
      const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const found = [];
      while (words.nextNode()) if (!words.currentNode.parentElement.closest("script, style") && words.currentNode.data.includes("`")) found.push(words.currentNode.data);
      for (const element of document.querySelectorAll("[aria-label*='`'], [title*='`']")) found.push(element.outerHTML.slice(0, 200));
      return found;
    });
    assert.deepEqual(left, []);
    assert.ok(!(await page.title()).includes("`"));
  }, { address: pathToFileURL(path).href }));
}
