/* Corrections that this browser keeps. It may refuse to, for pages in files; they then last until the page is closed. */

import { signal } from "@preact/signals";

export interface Kept {
  /** Digest of the corrections that the page was made with. */
  of: string;
  /** As in a file. */
  text: string;
}

/* Pages in files share one storage, so the page's address is part of the key. */
const key = () => `selavi corrections ${location.pathname}`;
const earlierKey = () => `selavi earlier corrections ${location.pathname}`;

/** Corrections of other clusters that this page had before, as in a file; "" for none. */
export const earlier = signal("");

function parse(text: string | null): Kept | null {
  try {
    const value = JSON.parse(text ?? "null") as Kept | null;
    return typeof value?.text === "string" ? value : null;
  } catch {
    return null;
  }
}

function store(name: string, text: string | null): boolean {
  try {
    if (text === null) localStorage.removeItem(name);
    else localStorage.setItem(name, text);
    return true;
  } catch {
    return false;
  }
}

function stored(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

export function kept(): Kept | null {
  earlier.value = stored(earlierKey()) ?? "";
  return parse(stored(key()));
}

let unkept = false;

/** Keeps corrections in place of those before, null for none. Returns whether the browser does. */
export function keep(now: Kept | null): boolean {
  unkept = !store(key(), now && JSON.stringify(now));
  return !unkept;
}

/** Keeps apart what does not fit this page, so that the next correction does not replace it. */
export function setAside(text: string): void {
  earlier.value = text;
  if (store(earlierKey(), text)) store(key(), null);
}

export function forgetEarlier(): void {
  earlier.value = "";
  store(earlierKey(), null);
}

/** Calls with what another tab keeps for this page; asks before corrections are lost that are not kept. */
export function followKept(take: (now: Kept | null) => void): void {
  addEventListener("storage", (event) => { if (event.key === key()) take(parse(event.newValue)); });
  addEventListener("beforeunload", (event) => { if (unkept) event.preventDefault(); });
}
