/* The state that a person can link to lives in the address, after the #, so that reload, back,
   forward and bookmarks work, from file:// too: #/cluster/7?head=2&clip=0123456789abcdef */

import { computed, signal } from "@preact/signals";

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

/** What belongs to the whole visit and goes with a person from page to page. */
const LASTING = ["modality", "head", "tiles"];

/** The address of a page. */
export function addressOf(page: string, id: number | string = "", settings: Record<string, string> = {}): string {
  const kept = Object.entries(route.value.settings).filter(([name]) => LASTING.includes(name));
  const all = Object.entries({ ...Object.fromEntries(kept), ...settings }).filter(([, value]) => value);
  return format({ page, id: String(id), settings: Object.fromEntries(all) });
}

/** Goes to an address: a step that the back button undoes. */
export function go(address: string): void {
  if (address === location.hash) return;
  history.pushState(null, "", address);
  route.value = parse(address);
}

/**
 * Changes settings of this page; "" or null removes one.
 *
 * A step of its own, or in place of the present one where each letter would be a step.
 */
export function change(changes: Record<string, string | null>, replace = false): void {
  const settings: Record<string, string> = { ...route.value.settings };
  for (const [name, value] of Object.entries(changes)) {
    if (value) settings[name] = value;
    else delete settings[name];
  }
  const address = format({ ...route.value, settings });
  if (address === format(route.value)) return;
  history[replace ? "replaceState" : "pushState"](null, "", address);
  route.value = parse(address);
}

export function followAddress(): void {
  const follow = () => {
    if (format(route.value) !== format(parse(location.hash))) route.value = parse(location.hash);
  };
  addEventListener("popstate", follow);
  addEventListener("hashchange", follow);
}
