// What begins when the page is there: light or dark, copies, the explorer, print.

const dark = document.getElementById("dark");
const SYSTEM = dark.media;

/** `light`, `dark`, or nothing for what the system says. Print is always light. */
function setTheme(theme) {
  dark.media = { light: "not all", dark: "screen" }[theme] ?? SYSTEM;
}

function remembered() {
  try {
    return localStorage.getItem("equipoise-theme") ?? "";
  } catch {
    return "";
  }
}

const theme = document.getElementById("theme");
theme.value = remembered();
theme.closest(".theme").hidden = false;
setTheme(theme.value);
offerCopies();

let explorer = null;
if (count > 0 && data.metrics.length > 0) {
  document.getElementById("explore-section").hidden = false;
  document.querySelector('nav a[href="#explore-section"]').hidden = false;
  explorer = explore();
}

theme.addEventListener("change", () => {
  setTheme(theme.value);
  try {
    localStorage.setItem("equipoise-theme", theme.value);
  } catch {
    // Without a memory the choice holds for as long as the page is open.
  }
  explorer?.recolor();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => explorer?.recolor());

const folded = [];
addEventListener("beforeprint", () => {
  // It may come twice before what ends it.
  folded.push(...document.querySelectorAll("details:not([open])"));
  for (const box of folded) box.open = true;
  dark.media = "not all";
  explorer?.recolor();
});
addEventListener("afterprint", () => {
  for (const box of folded.splice(0)) box.open = false;
  setTheme(theme.value);
  explorer?.recolor();
});
document.documentElement.dataset.ready = "";
performance.mark("ready");
