"use strict";
/* Names of clusters: shown, changed, kept in this browser, and downloaded as names.csv. */

/* Pages in files share one storage, so the page's address is part of the key. */
const KEPT = `selavi names ${location.pathname}`;
const original = new Map(contents.cards.map((card) => [card.number, card.name]));

/* Browsers may refuse storage to pages in files; names then last until the page is closed. */
function readKept() {
  try {
    return JSON.parse(localStorage.getItem(KEPT)) ?? {};
  } catch {
    return {};
  }
}

/* A name is of a cluster only if it still shows the same first clip and the same name: the page may
   have been made again, with the name in it or of another training. Names that do not fit stay in
   the storage, for when their page is back. */
const keyOf = (card) => `${card.number} ${card.clips[0].id}`;

/* Kept names by cluster and first clip; names that an earlier version of the page kept are by the
   cluster alone. */
let kept = {};
for (const [key, entry] of Object.entries(readKept())) {
  if (entry && typeof entry === "object") kept[`${key.split(" ")[0]} ${entry.clip}`] = entry;
}

function keepName(card) {
  const was = original.get(card.number);
  if (card.name === was) delete kept[keyOf(card)];
  else kept[keyOf(card)] = { name: card.name, was, clip: card.clips[0].id };
  try {
    localStorage.setItem(KEPT, JSON.stringify(kept));
  } catch { /* as above */ }
  showRenamed();
}

function showRenamed() {
  const changed = contents.cards.filter((card) => card.name !== original.get(card.number)).length;
  const shown = new Map(contents.cards.map((card) => [keyOf(card), card.name]));
  const others = Object.entries(kept).filter(([key, { name }]) => shown.get(key) !== name).length;
  const words = [];
  if (changed) words.push(`${plural(changed, "name")} changed, in this browser only. Download names.csv to keep ${changed === 1 ? "it" : "them"}.`);
  if (others) words.push(`${plural(others, "name")} of an earlier page ${others === 1 ? "does" : "do"} not fit.`);
  element("renamed").textContent = words.join(" ");
}

function restoreNames() {
  for (const card of contents.cards) {
    const { name, was } = kept[keyOf(card)] ?? {};
    if (typeof name === "string" && was === card.name) card.name = name;
  }
}

const clusterTitle = ({ name, number }) => (name ? `${name} (cluster ${number})` : `Cluster ${number}`);

function showName(made) {
  const { card } = made;
  const heading = made.querySelector("h2");
  const number = make("span", card.name ? "number" : "", `Cluster ${card.number}`);
  heading.replaceChildren(...(card.name ? [make("span", "", card.name), " "] : []), number);
  made.querySelector(".rename").setAttribute("aria-label", `Rename ${clusterTitle(card)}`);
}

function startRename(made) {
  const { card } = made;
  const form = make("form", "naming");
  const box = make("input");
  box.value = card.name;
  box.maxLength = 200;
  box.placeholder = `Name of cluster ${card.number}`;
  box.setAttribute("aria-label", box.placeholder);
  box.autocomplete = "off";
  const heading = made.querySelector("h2");
  const button = made.querySelector(".rename");
  let ended = false; /* removing the box makes it lose the focus, which would end it again */
  const end = (keep) => {
    if (ended) return;
    ended = true;
    const before = card.name;
    if (keep) card.name = box.value.trim().split(/\s+/).join(" ");
    const focused = form.contains(document.activeElement);
    heading.hidden = button.hidden = false;
    form.remove();
    showName(made);
    if (card.name !== before) keepName(card);
    if (focused) button.focus();
  };
  form.append(box);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    end(true);
  });
  box.addEventListener("blur", () => end(true));
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    end(false);
  });
  heading.hidden = button.hidden = true;
  heading.before(form);
  box.focus();
  box.select();
}

/* As selavi.formulas guards cells; the reader of names takes the apostrophes away. */
const guarded = (text) => text.replace(/^(?=['\s]*[=+\-@＝＋－＠])|(?<=;)(?=['\s]*[=+\-@＝＋－＠])/g, "'");
const cell = (text) => `"${text.replaceAll('"', '""')}"`;

function namesTable() {
  const rows = [...contents.cards].sort((a, b) => a.number - b.number).map((card) => [
    contents.head ?? "", card.number, cell(guarded(card.name)), cell(card.clips.map((clip) => clip.id).join(" ")),
  ].join(","));
  /* The mark in front tells spreadsheets that it is UTF-8. */
  return ["\ufeffhead,cluster,name,clips", ...rows, ""].join("\r\n");
}

function downloadNames() {
  const link = make("a");
  link.href = URL.createObjectURL(new Blob([namesTable()], { type: "text/csv" }));
  link.download = "names.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function startNames() {
  restoreNames();
  cards.forEach(showName);
  element("download").addEventListener("click", downloadNames);
  grid.addEventListener("click", ({ target }) => {
    const button = target.closest(".rename");
    if (button) startRename(button.closest(".card"));
  });
  showRenamed();
}

startNames();
