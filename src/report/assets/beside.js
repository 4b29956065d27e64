// What begins when the page of a comparison is there.

keepTheme(() => {});
offerCopies();
keepPaper(null);
document.documentElement.dataset.ready = "";
