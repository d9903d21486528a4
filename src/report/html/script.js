// Filters, searches and walks through the requests. Everything is on the page without it.
"use strict";
(() => {
  const pairs = () => [...document.querySelectorAll("details.pair")];
  const form = document.getElementById("filter");
  const get = (id) => document.getElementById(id);

  // What a link leads to may be folded away.
  const unfold = () => {
    let place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const goal = place;
    for (; place; place = place.parentElement) {
      if (place.tagName === "DETAILS") place.open = true;
      place.hidden = place.tagName === "DETAILS" ? false : place.hidden;
    }
    if (goal) goal.scrollIntoView();
  };
  addEventListener("hashchange", unfold);
  if (location.hash) unfold();
  if (!form) return;
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());

  let texts = new Map();
  const textOf = (pair) => {
    if (!texts.has(pair)) texts.set(pair, pair.textContent.toLowerCase());
    return texts.get(pair);
  };
  const shown = () => pairs().filter((pair) => !pair.hidden);

  const filter = () => {
    const words = get("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const state = get("state").value;
    const side = get("side").value;
    const finding = get("finding") ? get("finding").value : "";
    const all = pairs();
    for (const pair of all) {
      pair.hidden =
        (state && !pair.classList.contains(state)) ||
        (side && pair.dataset.sides !== side) ||
        (finding && !pair.dataset.findings.split(" ").includes(finding)) ||
        !words.every((word) => textOf(pair).includes(word));
    }
    get("shown").textContent = `${shown().length} of ${all.length} shown`;
  };
  let waiting = 0;
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 120);
  };
  get("search").addEventListener("input", soon);
  form.addEventListener("change", (event) => event.target.id !== "search" && filter());
  get("hide-equal").addEventListener("change", (event) =>
    get("pairs").classList.toggle("hide-equal", event.target.checked));

  get("open-all").addEventListener("click", () => shown().forEach((pair) => (pair.open = true)));
  get("close-all").addEventListener("click", () => shown().forEach((pair) => (pair.open = false)));

  // From place to place that differs, in requests that are shown; after the last one comes the first.
  let at = -1;
  get("next").addEventListener("click", () => {
    const places = shown().flatMap((pair) => {
      const rows = [...pair.querySelectorAll("tr.differs")];
      return rows.length || !pair.classList.contains("differs") ? rows : [pair];
    });
    if (!places.length) return;
    at = (at + 1) % places.length;
    const place = places[at];
    place.closest("details").open = true;
    document.querySelectorAll(".here").forEach((old) => old.classList.remove("here"));
    place.classList.add("here");
    place.scrollIntoView({ block: "center" });
    get("shown").textContent = `difference ${at + 1} of ${places.length}`;
  });
  filter();
  document.addEventListener("redrawn", () => {
    texts = new Map();
    filter();
  });
})();
