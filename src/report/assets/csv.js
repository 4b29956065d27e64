// Cells for machines. Nothing here touches the page.

/** How a change in words reads, such as `+4.3 points [1.2, 7.4]`: a number, then words that no spreadsheet can calculate with. */
const CHANGE = /^[+-][\d.]+( [^=+@|!(]*)?$/;

/** Rows of cells as CSV (RFC 4180). A text that a spreadsheet would take for a formula gets an apostrophe; what the report itself writes is none. */
function csv(rows) {
  const cell = (value) => {
    if (value === null || value === undefined) return "";
    let text = String(value);
    const isSafe = typeof value === "number" || !Number.isNaN(Number(text)) || CHANGE.test(text);
    if (!isSafe && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

