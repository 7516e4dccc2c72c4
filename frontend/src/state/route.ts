/* The state that a person can link to lives in the address, after the #, so that reload, back,
   forward and bookmarks work, from file:// too: #/cluster/7?head=2&clip=0123456789abcdef */

import { computed, signal } from "@preact/signals";
import { lasting } from "../data/lasting.ts";

export interface Route {
  page: string;
  /** What the page is of, such as the number of a cluster; "" for none. */
  id: string;
  /** Settings of the page; those at their default are absent. */
  settings: Readonly<Record<string, string>>;
}

export function parse(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [page = "", id = ""] = path.split("/").map(decode);
  return { page: page || "overview", id, settings: Object.fromEntries(new URLSearchParams(query)) };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function format({ page, id, settings }: Route): string {
  const query = new URLSearchParams(settings).toString();
  return `#/${encodeURIComponent(page)}${id ? `/${encodeURIComponent(id)}` : ""}${query ? `?${query}` : ""}`;
}

export const route = signal<Route>(parse(typeof location === "undefined" ? "" : location.hash));
export const page = computed(() => route.value.page);
export const setting = (name: string): string => route.value.settings[name] ?? "";

/** A setting that is one of a table's names. */
export function choice<Name extends string>(name: string, table: Readonly<Record<Name, unknown>>, otherwise: Name): Name {
  return Object.hasOwn(table, setting(name)) ? (setting(name) as Name) : otherwise;
}

/** What belongs to the whole visit and goes with a person from page to page. */
const LASTING = ["modality", "head", "tiles", "sort", "reverse", "order"];

/** The address of a page. */
export function addressOf(page: string, id: number | string = "", settings: Record<string, string> = {}): string {
  const kept = Object.entries(route.value.settings).filter(([name]) => LASTING.includes(name));
  const all = Object.entries({ ...Object.fromEntries(kept), ...settings }).filter(([, value]) => value);
  return format({ page, id: String(id), settings: Object.fromEntries(all) });
}

/** What the browser's history holds of each step. */
interface Step {
  name: string;
  /** Whether the step opened a clip over the page that it was made on. */
  opened?: boolean;
}

/* A browser restores the place on the page too early, while the page of before or nothing is shown. */
const places = lasting("places");
let steps = 0;
const newName = () => `${performance.timeOrigin}-${++steps}`;
let here = "";
let place = 0;

/** Where the page of this step was scrolled to, in pixels. */
export const scrolledTo = (): number => place;

const stepOf = () => history.state as Step | null;

function push(address: string, opened = false): void {
  here = newName();
  place = 0;
  history.pushState({ name: here, opened } satisfies Step, "", address);
  route.value = parse(address);
}

/** Goes to an address: a step that the back button undoes. */
export function go(address: string): void {
  if (address !== location.hash) push(address);
}

/**
 * Changes settings of this page; "" or null removes one.
 *
 * A step of its own, or in place of the present one where each letter would be a step.
 */
export function change(changes: Record<string, string | null>, replace = false, opened = false): void {
  const settings: Record<string, string> = { ...route.value.settings };
  for (const [name, value] of Object.entries(changes)) {
    if (value) settings[name] = value;
    else delete settings[name];
  }
  const address = format({ ...route.value, settings });
  if (address === format(route.value)) return;
  if (!replace) return push(address, opened);
  history.replaceState(history.state, "", address);
  route.value = parse(address);
}

export const openClip = (id: string): void => change({ clip: id }, false, true);

let closing = false;

/** Closes the open clip: back to before it was opened, so that the back button does not open it again. */
export function closeClip(): void {
  if (!stepOf()?.opened) return change({ clip: null }, true);
  if (!closing) history.back();
  closing = true;
}

export function followAddress(): void {
  const follow = () => {
    closing = false;
    const known = stepOf()?.name;
    if (!known || known !== here) {
      here = known ?? newName();
      place = places.get(here) ?? 0;
      if (!known) history.replaceState({ name: here } satisfies Step, "");
    }
    if (format(route.value) !== format(parse(location.hash))) route.value = parse(location.hash);
  };
  follow();
  addEventListener("popstate", follow);
  addEventListener("hashchange", follow);
  addEventListener("scroll", () => places.set(here, scrollY), { passive: true });
  history.scrollRestoration = "manual";
}
