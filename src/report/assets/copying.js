// Numbers to take along: every table, every figure's data, and the plot's, as CSV on the clipboard.

/** An element with text, attributes and children; text never becomes markup. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Copies `text`; where the browser does not let the page, shows it to be copied by hand. Says on `button` what became of it. */
async function copy(text, button) {
  const said = (await copied(text)) ? "Copied" : "Copy it from here:";
  const before = button.dataset.label ?? (button.dataset.label = button.textContent);
  button.textContent = said;
  button.setAttribute("aria-live", "polite");
  button.parentElement.querySelector(".by-hand")?.remove();
  if (said !== "Copied") {
    const area = make("textarea", { class: "by-hand", readOnly: true, rows: 6, "aria-label": "Data as CSV" });
    area.value = text;
    button.after(area);
    area.select();
  }
  setTimeout(() => (button.textContent = before), 2500);
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Not every browser lets pages from disk use the clipboard that way; the older one may still work.
    const area = make("textarea", { class: "spoken", readOnly: true, "aria-hidden": "true" });
    area.value = text;
    const focus = document.activeElement;
    document.body.append(area);
    area.select();
    let done = false;
    try {
      done = document.execCommand("copy");
    } catch {
      done = false;
    }
    area.remove();
    focus?.focus();
    return done;
  }
}

function cellsOf(table) {
  return Array.from(table.rows, (row) => Array.from(row.cells, (cell) => cell.textContent));
}

function copyButton(what, text) {
  const button = make("button", { type: "button", class: "copy" }, `Copy ${what} as CSV`);
  button.addEventListener("click", () => copy(text(), button));
  return make("p", { class: "tools" }, button);
}

/** A button below every table, and below every figure whose numbers the page has. */
function offerCopies() {
  for (const table of document.querySelectorAll("main table:not(#plot-table)")) {
    table.closest(".scroll").after(copyButton("table", () => csv(cellsOf(table))));
  }
  for (const figure of document.querySelectorAll("figure[data-metrics]")) {
    const metrics = figure.dataset.metrics.split(" ").map((index) => data.metrics[Number(index)]);
    figure.append(copyButton("the figure's data", () => csv(rowsOf(everyPoint, metrics))));
  }
}
