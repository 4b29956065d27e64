// Copies the plotting library and its licenses from the installed packages into the page's assets, with their checksums.
// `node vendor.mjs --check` changes nothing and fails where what is there differs from the packages or from its checksums.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const from = (path) => fileURLToPath(new URL(`node_modules/${path}`, import.meta.url));
const to = (name) => fileURLToPath(new URL(`../../src/report/assets/vendor/${name}`, import.meta.url));
const files = {
  "LICENSE-chart.js": "chart.js/LICENSE.md",
  "LICENSE-kurkle-color": "@kurkle/color/LICENSE.md",
  "chart.umd.min.js": "chart.js/dist/chart.umd.min.js",
};

let sums = "";
let wrong = 0;
for (const [name, source] of Object.entries(files)) {
  const bytes = readFileSync(from(source));
  sums += `${createHash("sha256").update(bytes).digest("hex")}  ${name}\n`;
  if (!process.argv.includes("--check")) {
    writeFileSync(to(name), bytes);
  } else if (!bytes.equals(readFileSync(to(name)))) {
    console.error(`${name} differs from the package: run \`npm run vendor\` in tests/page`);
    wrong += 1;
  }
}
if (!process.argv.includes("--check")) {
  writeFileSync(to("SHA256SUMS"), sums);
} else if (sums !== readFileSync(to("SHA256SUMS"), "utf8")) {
  console.error("SHA256SUMS does not fit the package: run `npm run vendor` in tests/page");
  wrong += 1;
}
process.exitCode = wrong ? 1 : 0;
