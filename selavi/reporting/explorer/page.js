"use strict";
/* The cards and the toolbar. Names are untrusted: they enter the page as text, never as markup. */

const contents = JSON.parse(document.getElementById("contents").textContent);
const element = (id) => document.getElementById(id);
const grid = element("cards");
const classed = contents.classes.length > 0;
const largest = Math.max(...contents.cards.map((card) => card.size));

const count = new Intl.NumberFormat("en");
const percent = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });
const plural = (number, word, end = "s") => `${count.format(number)} ${word}${number === 1 ? "" : end}`;
/* Accented letters come composed or not, by the file system that the names were read from. */
const fold = (text) => text.normalize("NFC").toLocaleLowerCase();
const className = (place) => (place < 0 ? "no class" : contents.classes[place]);
const folded = contents.classes.map(fold);

function make(tag, name, text) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text !== undefined) made.textContent = text;
  return made;
}

/* Hues are evenly spaced; with many classes, neighbours differ in lightness too. */
function paint(target, place) {
  if (place < 0) return;
  target.classList.add("toned");
  target.style.setProperty("--hue", ((place * 360) / contents.classes.length + 25).toFixed(1));
  target.style.setProperty("--tier", contents.classes.length > 8 ? (place % 3) - 1 : 0);
}

function measure(name, value, title, fill) {
  const row = make("div");
  const bar = make("dd", "bar");
  bar.append(...fill);
  bar.setAttribute("aria-hidden", "true");
  row.title = title;
  row.append(make("dt", "", name), bar, make("dd", "value", value));
  return row;
}

function piece(share, place) {
  const made = make("span");
  made.style.width = `${(100 * share).toFixed(2)}%`;
  if (place !== undefined) paint(made, place);
  return made;
}

function chip(place, number) {
  const made = make("button", "chip");
  made.type = "button";
  made.append(make("i", "swatch"), make("span", "", className(place)));
  if (number !== undefined) made.append(make("b", "", count.format(number)));
  made.dataset.class = place;
  paint(made.firstChild, place);
  made.title = `Show the clips of ${className(place)}`;
  return made;
}

function confidenceRow(name, value) {
  return measure(name, value.toFixed(2), "Probability of the cluster, 0 to 1", [piece(value)]);
}

/* The picture of a clip, or its key if there is nothing to see or hear. */
function makeStill(clip) {
  if (clip.bare) return make("span", "bare", clip.key);
  const still = make("img");
  still.loading = "lazy";
  still.decoding = "async";
  still.alt = "";
  still.src = `clips/${clip.id}.jpg`;
  return still;
}

function makeTile(clip, card) {
  const tile = make("button", "tile");
  const still = makeStill(clip);
  const words = make("span", "caption", clip.confidence.toFixed(2));
  if (clip.class >= 0) words.prepend(make("span", "", className(clip.class)));
  tile.append(still, words);
  tile.type = "button";
  tile.tabIndex = -1;
  const common = card.classes.length ? card.classes[0][0] : -1;
  const other = clip.class >= 0 && clip.class !== common;
  tile.classList.toggle("other", other);
  if (other) paint(tile, clip.class);
  tile.setAttribute("aria-label", [
    ...(classed ? [className(clip.class) + (other ? ", not the commonest class" : "")] : []),
    `confidence ${clip.confidence.toFixed(2)}`, clip.key,
  ].join("; "));
  const text = fold(classed && clip.class >= 0 ? `${className(clip.class)}\n${clip.key}` : clip.key);
  return Object.assign(tile, { clip, text, other });
}

function composition(classes) {
  return classes.map(([place, n]) => `${className(place)}: ${count.format(n)}`).join("\n");
}

function item(content) {
  const li = make("li");
  li.append(content);
  return li;
}

/* The two commonest classes, and a button that brings the others. */
function makeLegend(classes) {
  const chips = ([place, n]) => item(chip(place, n));
  const rest = classes.slice(2);
  if (!rest.length) return classes.map(chips);
  const more = make("button", "chip more", `+${rest.length}`);
  more.type = "button";
  more.title = composition(rest);
  more.setAttribute("aria-label", `Show ${plural(rest.length, "more class", "es")}`);
  more.addEventListener("click", (event) => {
    event.stopPropagation();
    const added = rest.map(chips);
    more.closest(".legend").classList.add("whole");
    more.parentElement.replaceWith(...added);
    added[0].firstChild.focus();
  });
  return [...classes.slice(0, 2).map(chips), item(more)];
}

function makeCard(card) {
  const made = element("card-template").content.firstElementChild.cloneNode(true);
  const part = (selector) => made.querySelector(selector);
  part("h2").id = `cluster-${card.number}`;
  made.setAttribute("aria-labelledby", part("h2").id);
  part(".count").textContent = plural(card.size, "clip");
  part(".play-all").setAttribute("aria-describedby", part("h2").id);
  if (card.clips.every((clip) => clip.bare)) part(".play-all").remove();
  const rows = [];
  if (classed) {
    const pieces = card.classes.map(([place, n]) => piece(n / card.size, place));
    const value = card.purity === null ? "–" : percent.format(card.purity);
    rows.push(measure("Purity", value, composition(card.classes) || "No clip has a class", pieces));
  }
  rows.push(confidenceRow("Confidence", card.confidence));
  const share = `${percent.format(card.size / contents.size)} of all clips`;
  rows.push(measure("Size", count.format(card.size), share, [piece(card.size / largest)]));
  part(".measures").append(...rows);
  part(".legend").append(...makeLegend(card.classes));
  const tiles = card.clips.map((clip) => makeTile(clip, card));
  part(".clips").append(...tiles);
  part(".clips").setAttribute("aria-label", `Clips of cluster ${card.number}`);
  return Object.assign(made, { card, tiles });
}

const cards = contents.cards.map(makeCard);
const shownTiles = (card) => card.tiles.filter((tile) => !tile.hidden);

/* One stop of the Tab key per card: with hundreds of cards, a stop per clip would lead nowhere. */
function setStop(card, tile) {
  for (const one of card.tiles) one.tabIndex = one === tile ? 0 : -1;
}

function filterCard(made, query, number) {
  const { card, tiles } = made;
  const named = number === null && fold(card.name).includes(query);
  const whole = named || number === card.number;
  for (const tile of tiles) tile.hidden = !(whole || (number === null && tile.text.includes(query)));
  const shown = shownTiles(made);
  const inside = number === null
    ? card.classes.reduce((sum, [place, n]) => sum + (folded[place].includes(query) ? n : 0), 0)
    : 0;
  made.hidden = !(whole || shown.length || inside);
  setStop(made, shown[0]);
  const note = made.querySelector(".note");
  note.hidden = whole || made.hidden;
  note.textContent = inside
    ? `${count.format(inside)} of ${plural(card.size, "clip")} ${inside === 1 ? "has" : "have"} a ` +
      `matching class` + (shown.length ? "" : "; none of them is among those shown here")
    : `${count.format(shown.length)} of the ${plural(tiles.length, "clip")} shown match`;
  made.querySelector(".clips").hidden = !shown.length;
  const play = made.querySelector(".play-all");
  if (play) play.disabled = !shown.length;
  return made.hidden ? null : shown.length;
}

function refilter() {
  const query = fold(element("filter").value.trim());
  const named = /^(?:#|cluster )\s*(\d+)$/.exec(query);
  const found = cards.map((card) => filterCard(card, query, named ? Number(named[1]) : null));
  const left = found.filter((number) => number !== null);
  const clips = left.reduce((sum, number) => sum + number, 0);
  element("nothing").hidden = left.length > 0;
  element("status").value = `Showing ${plural(clips, "clip")} in ${plural(left.length, "cluster")}`;
  for (const one of document.querySelectorAll("#class-list .chip")) {
    one.setAttribute("aria-pressed", fold(className(one.dataset.class)) === query);
  }
}

function resort() {
  const key = element("sort").value;
  const sign = element("reverse").getAttribute("aria-pressed") === "true" ? -1 : 1;
  const rank = ({ card }) => (key === "number" ? -card.number : (card[key] ?? -1));
  cards.sort((a, b) => sign * (rank(b) - rank(a)) || a.card.number - b.card.number);
  grid.append(...cards);
}

function setFilter(text) {
  element("filter").value = text;
  refilter();
}

function start() {
  if (classed) {
    element("class-list").append(...contents.classes.map((_, place) => item(chip(place))));
  }
  if (contents.empty.length) {
    const those = contents.empty.length === 1 ? "cluster" : "clusters";
    const many = contents.empty.length > 40;
    element("empty-clusters").textContent =
      `No clip fell into ${many ? plural(contents.empty.length, "cluster") : `${those} ${contents.empty.join(", ")}`}.`;
    element("empty-clusters").hidden = false;
  }
  resort();
  refilter();
  element("filter").addEventListener("input", refilter);
  element("sort").addEventListener("change", resort);
  element("reverse").addEventListener("click", ({ currentTarget: button }) => {
    button.setAttribute("aria-pressed", button.getAttribute("aria-pressed") !== "true");
    resort();
  });
  element("toolbar").addEventListener("submit", (event) => event.preventDefault());
  element("toolbar").addEventListener("change", ({ target }) => {
    if (target.name === "scale") grid.dataset.scale = target.value;
  });
  element("clear").addEventListener("click", () => {
    setFilter("");
    element("filter").focus();
  });
  document.addEventListener("click", ({ target }) => {
    const one = target.closest(".chip");
    if (!one) return;
    const name = className(one.dataset.class);
    setFilter(element("filter").value === name ? "" : name);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input, select") || element("large").open) return;
    event.preventDefault();
    element("filter").focus();
  });
  grid.addEventListener("keydown", moveFocus);
}

function moveFocus(event) {
  const tile = event.target.closest(".tile");
  if (!tile || event.ctrlKey || event.metaKey || event.altKey) return;
  const tiles = shownTiles(tile.closest(".card"));
  const columns = getComputedStyle(tile.parentElement).gridTemplateColumns.split(" ").length;
  const at = tiles.indexOf(tile);
  const to = {
    ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - columns, ArrowDown: at + columns,
    Home: 0, End: tiles.length - 1,
  }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  if (tiles[to]) {
    setStop(tile.closest(".card"), tiles[to]);
    tiles[to].focus();
  }
}

start();
