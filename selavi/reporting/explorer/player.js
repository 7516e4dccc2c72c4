"use strict";
/* All that plays, one thing at a time: a clip in its tile, a tour of a card, the large view. */

/* Of long clips a tour plays this much about the middle, the part that the network looked at. */
const TOUR_SECONDS = 6;
const HOVER_DELAY = 90;

const address = (tile) => `clips/${tile.clip.id}.mp4`;

/* One video moves from tile to tile: browsers refuse to keep thousands. */
const inset = make("video", "inset");
inset.playsInline = true;
inset.setAttribute("aria-hidden", "true");

async function playIn(tile, sound, loop) {
  clearInset();
  if (tile.clip.bare) return;
  inset.muted = !sound;
  inset.loop = loop;
  inset.src = address(tile);
  tile.append(inset);
  tile.classList.add("playing");
  try {
    await inset.play();
  } catch (error) {
    /* Browsers allow sound only after a first click; the picture is better than nothing. */
    if (error.name !== "NotAllowedError" || inset.parentElement !== tile) return;
    inset.muted = true;
    inset.play().catch(() => {});
  }
}

function clearInset() {
  inset.pause();
  inset.parentElement?.classList.remove("playing");
  inset.classList.remove("ready");
  inset.remove();
  inset.removeAttribute("src");
  inset.load();
}

const tour = { card: null, tiles: [], at: 0 };

function startTour(card) {
  stopTour();
  Object.assign(tour, { card, tiles: shownTiles(card), at: -1 });
  card.classList.add("touring");
  labelTour(card, "Stop", "stop");
  stepTour();
}

function stopTour() {
  clearTimeout(hover.timer);
  clearInset();
  if (!tour.card) return;
  tour.card.classList.remove("touring");
  labelTour(tour.card, "Play all", "play");
  tour.card = null;
}

function stepTour() {
  tour.at += 1;
  const tile = tour.tiles[tour.at];
  if (!tile) return stopTour();
  tile.scrollIntoView({ block: "nearest" });
  playIn(tile, true, false);
  labelTour(tour.card, `Stop ${tour.at + 1}/${tour.tiles.length}`, "stop");
}

function labelTour(card, text, icon) {
  const button = card.querySelector(".play-all");
  button.querySelector("span").textContent = text;
  button.querySelector("use").setAttribute("href", `#icon-${icon}`);
}

const isLong = () => tour.card && inset.duration > TOUR_SECONDS;
inset.addEventListener("playing", () => inset.classList.add("ready"));
inset.addEventListener("loadedmetadata", () => {
  if (isLong()) inset.currentTime = (inset.duration - TOUR_SECONDS) / 2;
});
inset.addEventListener("timeupdate", () => {
  if (isLong() && inset.currentTime >= (inset.duration + TOUR_SECONDS) / 2) stepTour();
});
inset.addEventListener("ended", () => tour.card && stepTour());
inset.addEventListener("error", () => {
  inset.parentElement?.classList.add("broken");
  if (tour.card) stepTour();
});

const hover = { tile: null, timer: 0 };

function setHover(tile) {
  if (tile === hover.tile) return;
  hover.tile = tile;
  clearTimeout(hover.timer);
  if (tour.card || large.open) return;
  clearInset();
  if (!tile || !element("hover").checked) return;
  hover.timer = setTimeout(() => playIn(tile, element("sound").checked, true), HOVER_DELAY);
}

const large = element("large");
const video = element("large-video");
const view = { order: [], at: 0, returning: false };

function openLarge(tile) {
  stopTour();
  view.order = cards.filter((card) => !card.hidden).flatMap(shownTiles);
  view.at = view.order.indexOf(tile);
  large.showModal();
  large.focus();
  fillLarge();
}

function stepLarge(by) {
  if (!view.order[view.at + by]) return;
  view.at += by;
  fillLarge();
}

function fillLarge() {
  const tile = view.order[view.at];
  const { clip } = tile;
  const { card, tiles } = tile.closest(".card");
  const name = clip.class < 0 ? clip.key.split("/").pop() : className(clip.class);
  const swatch = clip.class < 0 ? [] : [make("i", "swatch")];
  for (const one of swatch) paint(one, clip.class);
  element("large-name").replaceChildren(...swatch, name);
  element("large-place").textContent =
    `${clusterTitle(card)} · clip ${tiles.indexOf(tile) + 1} of ${tiles.length}`;
  element("large-other").hidden = !tile.other;
  element("large-other").textContent =
    tile.other ? `Most of this cluster is ${className(card.classes[0][0])}.` : "";
  element("large-measures").replaceChildren(confidenceRow("Confidence", clip.confidence));
  element("large-path").textContent = clip.path;
  element("large-strip").replaceChildren(...shownTiles(tile.closest(".card")).map(makeStep));
  element("before").disabled = view.at === 0;
  element("after").disabled = view.at === view.order.length - 1;
  element("large-failure").hidden = true;
  large.classList.toggle("mute", Boolean(clip.bare));
  if (clip.bare) return clearLarge();
  video.poster = `clips/${clip.id}.jpg`;
  video.src = address(tile);
  /* Where a browser forbids it, the clip waits for its own play button. */
  video.play().catch(() => {});
}

function clearLarge() {
  video.removeAttribute("poster");
  video.removeAttribute("src");
  video.load();
}

function makeStep(tile) {
  const step = make("button");
  step.type = "button";
  step.setAttribute("aria-label", tile.getAttribute("aria-label"));
  step.setAttribute("aria-current", tile === view.order[view.at]);
  step.append(makeStill(tile.clip));
  step.addEventListener("click", () => {
    stepLarge(view.order.indexOf(tile) - view.at);
    element("large-strip").querySelector("[aria-current=true]").focus();
  });
  return step;
}

function closeLarge() {
  video.pause();
  video.removeAttribute("src");
  video.load();
  const tile = view.order[view.at];
  setStop(tile.closest(".card"), tile);
  view.returning = true;
  tile.focus();
  view.returning = false;
}

video.addEventListener("error", () => {
  element("large-failure").hidden = !large.open;
});
large.addEventListener("close", closeLarge);
large.addEventListener("click", (event) => event.target === large && large.close());
/* Before the video's own controls, which would seek. */
large.addEventListener("keydown", (event) => {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (by) stepLarge(by);
  else if (event.key === " " && event.target === large) video.paused ? video.play() : video.pause();
  else return;
  event.preventDefault();
  event.stopPropagation();
}, true);
element("before").addEventListener("click", () => stepLarge(-1));
element("after").addEventListener("click", () => stepLarge(1));
element("close").addEventListener("click", () => large.close());

grid.addEventListener("click", ({ target }) => {
  const tile = target.closest(".tile");
  if (tile) return openLarge(tile);
  const button = target.closest(".play-all");
  if (!button) return;
  const card = button.closest(".card");
  if (tour.card === card) stopTour();
  else startTour(card);
});
grid.addEventListener("pointerover", (event) => {
  if (event.pointerType !== "touch") setHover(event.target.closest(".tile"));
});
grid.addEventListener("pointerleave", () => setHover(null));
grid.addEventListener("focusin", ({ target }) => {
  if (target.matches(".tile:focus-visible") && !view.returning) setHover(target);
});
grid.addEventListener("focusout", () => setHover(null));
document.addEventListener("keydown", (event) => event.key === "Escape" && !large.open && stopTour());
/* A tour ends where its clips may be moved or hidden. */
element("toolbar").addEventListener("input", stopTour);
document.addEventListener("click", ({ target }) => {
  if (target.closest(".chip, #reverse, #clear")) stopTour();
});
element("hover").addEventListener("change", ({ target }) => {
  element("sound").disabled = !target.checked;
});
if (matchMedia("(prefers-reduced-motion: reduce)").matches) element("hover").click();
