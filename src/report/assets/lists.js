// The lists of numbers, and the box that searches them: of a table with groups there are thousands.

/** With more numbers than this there is a box to search them. */
const SEARCHED = 12;

const plural = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;

/** Fills each of `lists` (element, chosen number) with the numbers; `show` leaves those wanted, and of each list the chosen one whatever is wanted. */
function listsOf(metrics, lists) {
  const names = { objective: "Objectives", shown: "Of all rows and groups", further: "By class, group or radius" };
  function fill(select, chosen, wanted) {
    select.replaceChildren();
    for (const [group, label] of Object.entries(names)) {
      const options = metrics.flatMap((metric, i) => (metric.group === group && (i === chosen || wanted(metric)) ? [new Option(metric.title, i)] : []));
      if (options.length) select.append(make("optgroup", { label }, ...options));
    }
    select.value = chosen;
  }
  for (const [select, chosen] of lists) fill(select, chosen, () => true);
  return {
    metrics,
    first: lists[0][0],
    show(wanted) {
      for (const [select] of lists) fill(select, Number(select.value), wanted);
    },
  };
}

/** The search in `box`: every word must occur in a number's title or key. What it comes to is shown in `note` and told to readers of the screen. */
function searchIn(box, note, lists, tell) {
  const { metrics } = lists;
  const texts = new Map(metrics.map((metric) => [metric, `${metric.title} ${metric.key}`.toLowerCase()]));
  const all = plural(metrics.length, "number");
  // Few numbers are found faster in a list than by writing.
  box.closest("p").hidden = metrics.length <= SEARCHED;
  function search() {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = (metric) => words.every((word) => texts.get(metric).includes(word));
    lists.show(wanted);
    const match = `${metrics.filter(wanted).length} of ${all} match`;
    note.textContent = words.length ? `${match}: they are in the lists below, beside what is chosen.` : "";
    tell(words.length ? `${match}.` : `All ${all}.`);
  }
  box.addEventListener("input", search);
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "ArrowDown") return;
    // On to the list, where the arrow keys choose; Enter must not send the form, which adds a requirement.
    event.preventDefault();
    lists.first.focus();
  });
  return {
    /** Shows every number again. */
    forget() {
      if (!box.value) return;
      box.value = "";
      search();
    },
  };
}
