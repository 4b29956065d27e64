// What begins when the page is there: light or dark, copies, the explorer, paper.

let explorer = null;
keepTheme(() => explorer?.recolor());
offerCopies();
if (count > 0 && data.metrics.length > 0) {
  document.getElementById("explore-section").hidden = false;
  document.querySelector('nav a[href="#explore-section"]').hidden = false;
  explorer = explore();
}
keepPaper(explorer);
document.documentElement.dataset.ready = "";
performance.mark("ready");
