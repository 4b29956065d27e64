// What begins when the page of a comparison is there.

keepTheme(() => {});
offerCopies();
document.documentElement.dataset.ready = "";
