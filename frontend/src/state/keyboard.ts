/* Keys of the whole page. */

import { stopPlaying } from "../media/player.ts";
import { redo, undo } from "./edits.ts";
import { beside } from "./filter.ts";
import { helpOpen } from "./help.ts";
import { addressOf, go, page, route } from "./route.ts";

/** Whether a key goes into a text there, which has an undo of its own. */
const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && target.matches("input:not([type=checkbox]), textarea, [contenteditable]");

/** Whether a letter means something there: lists look for it. */
export const takesLetters = (target: EventTarget | null) =>
  typing(target) || (target instanceof HTMLElement && target.matches("select"));

const dialogOpen = () => document.querySelector("dialog[open]") !== null;

export function followKeys(): void {
  document.addEventListener("keydown", (event) => {
    const letter = event.ctrlKey || event.metaKey ? event.key.toLowerCase() : "";
    if ((letter === "z" || letter === "y") && !typing(event.target)) {
      event.preventDefault();
      if (letter === "y" || event.shiftKey) redo();
      else undo();
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") stopPlaying();
    if (takesLetters(event.target) || dialogOpen()) return;
    if (act(event)) event.preventDefault();
  });
}

function act(event: KeyboardEvent): boolean {
  const tile = event.target instanceof Element ? event.target.closest<HTMLElement>(".tile") : null;
  switch (event.key) {
    case "/": {
      if (page.value !== "overview") go(addressOf("overview"));
      requestAnimationFrame(() => document.getElementById("search")?.focus());
      return true;
    }
    case "?":
      helpOpen.value = true;
      return true;
    case "j":
    case "k":
      return page.value === "cluster" ? stepCluster(event.key === "j") : stepCard(event.key === "j" ? 1 : -1);
    default:
      return tile !== null && stepTile(tile, event.key);
  }
}

function stepCluster(forwards: boolean): boolean {
  const { before, after } = beside(Number(route.value.id));
  const next = forwards ? after : before;
  if (next !== null) go(addressOf("cluster", next));
  return next !== null;
}

/** Moves the focus to the first clip of the next card. */
function stepCard(by: number): boolean {
  const cards = [...document.querySelectorAll<HTMLElement>(".card")];
  const at = cards.findIndex((card) => card.contains(document.activeElement));
  /* Cards above the window are there, too. */
  const card = at < 0 ? (cards.find((one) => one.getBoundingClientRect().top >= 0) ?? cards[0]) : cards[at + by];
  card?.querySelector<HTMLElement>(".tile")?.focus();
  card?.scrollIntoView({ block: "nearest" });
  return card !== undefined;
}

const tilesOf = (list: Element) => [...list.querySelectorAll<HTMLElement>(".tile")];

function focusTile(tile: HTMLElement): void {
  tile.tabIndex = 0;
  tile.focus();
  tile.scrollIntoView({ block: "nearest" });
}

/** Goes to the first or the last clip of a long list, whose rows are there only where it is scrolled to. */
function goToEnd(list: Element, last: boolean): void {
  scrollTo(0, last ? document.documentElement.scrollHeight : 0);
  requestAnimationFrame(() => requestAnimationFrame(() => {
    const tile = tilesOf(list).at(last ? -1 : 0);
    if (tile) focusTile(tile);
  }));
}

function stepTile(tile: HTMLElement, key: string): boolean {
  const list = tile.closest(".strip, .rows")!;
  const tiles = tilesOf(list);
  if (list.matches(".rows") && (key === "Home" || key === "End")) {
    goToEnd(list, key === "End");
    return true;
  }
  const at = tiles.indexOf(tile);
  const top = tile.getBoundingClientRect().top;
  const columns = tiles.filter((one) => Math.abs(one.getBoundingClientRect().top - top) < 2).length;
  const to = { ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - columns, ArrowDown: at + columns, Home: 0, End: tiles.length - 1 }[key];
  if (to === undefined) return false;
  const next = tiles[to];
  if (next) {
    tile.tabIndex = -1;
    focusTile(next);
  }
  return true;
}
