// The theme's search is a dialog without a name, which a reader of the screen would not know.
document.querySelector(".md-search")?.setAttribute("aria-label", "Search");
