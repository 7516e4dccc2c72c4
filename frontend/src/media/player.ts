/* One video plays at a time. It moves from tile to tile: browsers refuse to keep thousands. */

import { effect, signal } from "@preact/signals";

/** What plays in a tile: its row and the tile's place on the page. */
export const playing = signal<{ key: string; sound: boolean } | null>(null);
export const hoverPlays = signal(!matches("(prefers-reduced-motion: reduce)"));
export const hoverSounds = signal(false);

function matches(query: string): boolean {
  return typeof matchMedia !== "undefined" && matchMedia(query).matches;
}

/** Milliseconds. */
const DELAY = 90;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Plays a tile after a moment, so that a passing pointer starts nothing. */
export function hover(key: string | null): void {
  clearTimeout(timer);
  if (tour.value) return;
  if (key === null || !hoverPlays.value) playing.value = null;
  else timer = setTimeout(() => { playing.value = { key, sound: hoverSounds.value }; }, DELAY);
}

/* Where the pointer was moved to, and whether keys were used since. */
let rests = { x: NaN, y: NaN };
let keys = false;
/** The tile that keys brought under the pointer. */
let under: string | null = null;

/**
 * Plays the tile that a pointer enters, null where it leaves one. Keys that scroll bring other tiles
 * under a pointer that rests; these do not take over from the tile in focus.
 */
export function point(key: string | null, { clientX, clientY, pointerType }: PointerEvent): void {
  if (pointerType === "touch") return;
  const scrolled = keys && clientX === rests.x && clientY === rests.y;
  under = scrolled ? key : null;
  if (!scrolled) hover(key);
}

export function followPointer(): void {
  document.addEventListener("keydown", () => { keys = true; }, true);
  document.addEventListener("pointermove", ({ clientX, clientY }) => {
    if (clientX === rests.x && clientY === rests.y) return;
    rests = { x: clientX, y: clientY };
    keys = false;
    if (under !== null) hover(under);
    under = null;
  }, { passive: true });
}

/** The tiles that play one after another, with sound. */
export const tour = signal<{ name: string; keys: string[]; at: number } | null>(null);

export function startTour(name: string, keys: string[]): void {
  clearTimeout(timer);
  tour.value = keys.length ? { name, keys, at: 0 } : null;
}

export function stepTour(): void {
  const now = tour.peek();
  if (!now) return;
  tour.value = now.at + 1 < now.keys.length ? { ...now, at: now.at + 1 } : null;
}

/** Ends the tour if it is at a tile. */
export function stopTourAt(key: string): void {
  const now = tour.peek();
  if (now?.keys[now.at] === key) stopPlaying();
}

export function stopPlaying(): void {
  clearTimeout(timer);
  tour.value = null;
  playing.value = null;
}

effect(() => {
  const now = tour.value;
  playing.value = now ? { key: now.keys[now.at]!, sound: true } : null;
});

/** Space plays the clip in focus with sound, and stops it. */
export function togglePlay(key: string): void {
  const stops = playing.value?.key === key && playing.value.sound;
  stopPlaying();
  if (!stops) playing.value = { key, sound: true };
}
