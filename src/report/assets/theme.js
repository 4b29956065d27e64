// Light or dark, as the system says or as chosen; print is always light.

/** Begins it. `changed` is called whenever colors are others. */
function keepTheme(changed) {
  const dark = document.getElementById("dark");
  const system = dark.media;
  const theme = document.getElementById("theme");
  /** `light`, `dark`, or nothing for what the system says. */
  const set = (name) => (dark.media = { light: "not all", dark: "screen" }[name] ?? system);
  const remembered = () => {
    try {
      return localStorage.getItem("equipoise-theme") ?? "";
    } catch {
      return "";
    }
  };
  theme.value = remembered();
  theme.closest(".theme").hidden = false;
  set(theme.value);
  theme.addEventListener("change", () => {
    set(theme.value);
    try {
      localStorage.setItem("equipoise-theme", theme.value);
    } catch {
      // Without a memory the choice holds for as long as the page is open.
    }
    changed();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => changed());

  addEventListener("beforeprint", () => {
    dark.media = "not all";
    changed();
  });
  addEventListener("afterprint", () => {
    set(theme.value);
    changed();
  });
}
