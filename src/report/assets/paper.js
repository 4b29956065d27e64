// Paper: what is wider than a sheet goes on in tables below, each with the columns that name its rows.

/** CSS pixels between the margins of print.css, on A4 upright; letter has more. */
const SHEET = 700;
/** The least and the most that a column of long cells is given before space is left over, in CSS pixels. */
const BLOCK = [48, 110];
/** A word that is wider than this, in CSS pixels, is broken. */
const WORD = 110;
/** More columns than this do not go before every part of a table. */
const NAMING = 3;

/** How many columns it takes to tell the rows apart: they go before every part. One where no few do. */
function naming(table) {
  const rows = Array.from(table.tBodies[0]?.rows ?? [], (row) => Array.from(row.cells, (cell) => cell.textContent));
  const most = Math.min(NAMING, (rows[0]?.length ?? 1) - 1);
  for (let n = 1; n <= most; n += 1) {
    if (new Set(rows.map((row) => JSON.stringify(row.slice(0, n)))).size === rows.length) return n;
  }
  return 1;
}

/** Columns of `wanted` widths in parts that fit into `room`, each with the first `fixed`: lists of column numbers. */
function partsOf(wanted, fixed, room) {
  const names = wanted.slice(0, fixed).reduce((sum, width) => sum + width, 0);
  const parts = [];
  let left = 0;
  for (let column = fixed; column < wanted.length; column += 1) {
    if (!parts.length || wanted[column] > left) {
      parts.push([]);
      left = room - names;
    }
    parts.at(-1).push(column);
    left -= wanted[column];
  }
  const first = Array.from({ length: fixed }, (_, i) => i);
  return parts.map((part) => [...first, ...part]);
}

/** As few parts as fit on the sheet, as wide as each other as can be. */
function evenParts(wanted, fixed) {
  let parts = partsOf(wanted, fixed, SHEET);
  for (let room = SHEET; room > 0; room -= 10) {
    const narrower = partsOf(wanted, fixed, room);
    if (narrower.length > parts.length) break;
    parts = narrower;
  }
  return parts;
}

/** Keeps the two ends of every interval, and of every step, in one line; returns what undoes it. */
function joinEnds(tables) {
  const before = [];
  for (const table of tables) {
    for (const cell of table.querySelectorAll("tbody th, tbody td")) {
      const text = cell.firstChild;
      if (cell.childNodes.length !== 1 || !/[[→]/.test(text.data)) continue;
      before.push([text, text.data]);
      text.data = text.data.replace(/\[[^\]]*\]| → /g, (ends) => ends.replaceAll(" ", "\u00a0"));
    }
  }
  return () => {
    for (const [text, data] of before) text.data = data;
  };
}

/** A copy of `table` that has only `columns`. */
function part(table, columns, said) {
  const row = (row) => {
    const copy = row.cloneNode(false);
    copy.append(...columns.map((column) => row.cells[column].cloneNode(true)));
    return copy;
  };
  const head = make("thead", {}, ...Array.from(table.tHead.rows, row));
  const body = make("tbody", {}, ...Array.from(table.tBodies[0].rows, row));
  return make("table", { class: "laid" }, make("caption", {}, make("span", { class: "held" }, said)), head, body);
}

/** Lays the tables of the page out for a sheet; `sheet` is the style sheet of print. Returns what undoes it. */
function layOut(sheet) {
  const tables = [...document.querySelectorAll("main table")].filter((table) => table.tHead?.rows[0] && !table.closest("[hidden]"));
  const undone = [joinEnds(tables)];
  const cells = (table) => [...table.tHead.rows[0].cells];
  const measured = (width) => {
    for (const table of tables) table.style.width = width;
    return tables.map((table) => cells(table).map((cell) => cell.getBoundingClientRect().width));
  };
  // Measured as they will be printed: before print nothing is laid out for it yet.
  sheet.media = "all";
  const least = measured("min-content");
  const most = measured("max-content");
  for (const table of tables) table.style.width = "";
  sheet.media = "print";

  tables.forEach((table, at) => {
    const heads = cells(table);
    const wanted = heads.map((_, i) => {
      const [fewest, all] = [Math.min(least[at][i], WORD), most[at][i]];
      // What is long stands in a block that grows to the side as it grows downward.
      const block = Math.min(Math.max(6 * Math.sqrt(all), BLOCK[0]), BLOCK[1]);
      return Math.ceil(Math.max(fewest, Math.min(all, block)));
    });
    heads.forEach((cell, i) => cell.style.setProperty("min-width", `${wanted[i]}px`, "important"));
    table.classList.add("laid");
    undone.push(() => {
      table.classList.remove("laid");
      for (const cell of heads) cell.style.removeProperty("min-width");
    });
    if (wanted.reduce((sum, width) => sum + width, 0) <= SHEET) return;
    const fixed = naming(table);
    const parts = evenParts(wanted, fixed);
    if (parts.length < 2) return;
    const copies = parts.map((columns, i) => {
      const which = `Columns ${i === 0 ? 1 : columns[fixed] + 1} to ${columns.at(-1) + 1} of ${heads.length}${i + 1 < parts.length ? "; the others follow below" : ""}.`;
      return part(table, columns, i === 0 ? `${table.caption?.textContent ?? ""} ${which}` : which);
    });
    const { id } = table;
    table.before(...copies);
    // What leads to the table leads to its first part.
    table.removeAttribute("id");
    table.hidden = true;
    if (id) copies[0].id = id;
    undone.push(() => {
      for (const copy of copies) copy.remove();
      if (id) table.id = id;
      table.hidden = false;
    });
  });
  return () => {
    for (const undo of undone) undo();
  };
}

/** Lays the page out for paper before print, and for the screen after it; `explorer` where there is one. What colors print has is not decided here. */
function keepPaper(explorer) {
  let undo = null;
  addEventListener("beforeprint", () => {
    // It may come twice before what ends it.
    if (undo) return;
    // What is folded in the panel of a point is filled only when a reader opens it.
    const folded = [...document.querySelectorAll("details:not([open])")].filter((box) => !box.closest("#detail"));
    for (const box of folded) box.open = true;
    const undraw = explorer?.paper();
    const takeBack = layOut(document.getElementById("print"));
    undo = () => {
      takeBack();
      undraw?.();
      for (const box of folded) box.open = false;
    };
  });
  addEventListener("afterprint", () => {
    undo?.();
    undo = null;
  });
}
