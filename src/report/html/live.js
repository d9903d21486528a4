// Keeps the page true while samewire records: hears that something has changed, asks what, and changes only that. Nothing is parsed from
// text: the browser reads the answer as a document of its own.
(() => {
  const get = (id) => document.getElementById(id);
  const link = get("link");
  const page = document.documentElement;
  let wanted = page.dataset.version;
  let asking = false;
  let source = null;

  // What a person has done to an element stays: what is open, what the filter hides.
  const isTheirs = (element, name) => element.nodeName === "DETAILS" && (name === "open" || name === "hidden");

  const redraw = (old, next) => {
    if (old.isEqualNode(next)) return;
    if (old.nodeName !== next.nodeName) {
      old.replaceWith(document.importNode(next, true));
      return;
    }
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.data !== next.data) old.data = next.data;
      return;
    }
    for (const { name, value } of next.attributes) {
      if (!isTheirs(old, name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    for (const { name } of [...old.attributes]) {
      if (!isTheirs(old, name) && !next.hasAttribute(name)) old.removeAttribute(name);
    }
    const [before, after] = [[...old.childNodes], [...next.childNodes]];
    after.forEach((child, at) => {
      if (at < before.length) redraw(before[at], child);
      else old.append(document.importNode(child, true));
    });
    before.slice(after.length).forEach((child) => child.remove());
  };

  // Pairs are known again by their exchanges: their numbers move when a request comes in between.
  const redrawPairs = (changed, count) => {
    const list = get("pairs");
    const keys = (pair) => pair.dataset.key.split(" ");
    const [named, known, taken, all] = [new Map(), new Map(), new Set(), []];
    for (const pair of list.children) {
      named.set(pair.id, pair);
      keys(pair).forEach((key) => known.set(key, pair));
    }
    const ids = Array.from({ length: count }, (_, at) => `pair-${at + 1}`);
    ids.filter((id) => !changed.has(id)).forEach((id) => taken.add(named.get(id)));
    for (const id of ids) {
      const next = changed.get(id);
      const old = next ? keys(next).map((key) => known.get(key)).find((pair) => pair && !taken.has(pair)) : named.get(id);
      if (!old) {
        all.push(document.importNode(next, true));
        continue;
      }
      if (next) {
        taken.add(old);
        // What is found to differ opens by itself, once.
        if (next.open && !old.classList.contains("differs")) old.open = true;
        redraw(old, next);
      }
      all.push(old);
    }
    [...list.children].filter((pair) => !taken.has(pair)).forEach((pair) => pair.remove());
    let place = list.firstElementChild;
    for (const pair of all) {
      if (pair === place) place = place.nextElementSibling;
      else if (list.moveBefore && pair.isConnected) list.moveBefore(pair, place);
      else list.insertBefore(pair, place);
    }
    get("requests").hidden = count === 0;
  };

  const take = (answer) => {
    const changed = new Map();
    for (const next of [...answer.body.children]) {
      if (next.matches("details.pair")) changed.set(next.id, next);
      else redraw(get(next.id), next);
    }
    redrawPairs(changed, Number(answer.documentElement.dataset.pairs));
    document.title = answer.title;
    page.dataset.version = answer.documentElement.dataset.version;
    document.dispatchEvent(new Event("redrawn"));
  };

  const ask = () => {
    if (asking || wanted === page.dataset.version) return;
    asking = true;
    const request = new XMLHttpRequest();
    request.open("GET", `changes?since=${page.dataset.version}`);
    request.responseType = "document";
    request.onloadend = () => {
      asking = false;
      // Where it fails the events fail too, and tell.
      if (request.status !== 200 || !request.response) return;
      take(request.response);
      ask();
    };
    request.send();
  };

  const say = (state, text) => {
    link.className = state;
    if (link.textContent !== text) link.textContent = text;
  };

  const listen = () => {
    source = new EventSource("events");
    source.onmessage = (event) => {
      say("live", "live");
      wanted = event.data;
      ask();
    };
    source.addEventListener("end", () => {
      source.close();
      source = null;
      say("ended", "samewire has ended; this page stays as it is");
    });
    source.onerror = () => {
      const lost = source.readyState === EventSource.CLOSED;
      say("lost", lost ? "not live any more: this page is of a samewire that has ended" : "samewire does not answer; trying again");
    };
  };

  // A browser has few connections to one place; a page that nobody sees gives its own back.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && source) source.close();
    else if (!document.hidden && source) listen();
  });
  listen();
})();
