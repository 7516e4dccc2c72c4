/* Which clusters are shown and in which order: from the settings in the address. */

import { computed } from "@preact/signals";
import type { Cluster } from "../data/clusters.ts";
import { fold } from "../data/text.ts";
import { classed, classes, clusters, expected, index, nameOf, run, summary } from "./clips.ts";
import { within, withinParts } from "./levels.ts";
import { change, choice, setting } from "./route.ts";

export const SORTS = {
  size: "size",
  purity: "purity",
  margin: "margin",
  agreement: "agreement of heads",
  number: "number",
} as const;
export type Sort = keyof typeof SORTS;

const KEYS: Record<Sort, (cluster: Cluster) => number> = {
  size: (one) => one.size,
  purity: (one) => one.purity ?? -1,
  margin: (one) => one.margin ?? -1,
  agreement: (one) => one.heads ?? -1,
  number: (one) => -one.number,
};

/** A cluster that passes, and which of its clips match; null if no clip was asked for. */
export interface Found {
  cluster: Cluster;
  matches: number[] | null;
}

const folded = (run.classes ?? []).map(fold);

/** The rows that match the search and the class, by cluster; null if neither is set. */
const matching = computed<Map<number, number[]> | null>(() => {
  const place = setting("class") === "" ? -1 : Number(setting("class"));
  const asked = fold(setting("q").trim());
  const query = numberIn(asked) === null ? asked : "";
  const known = clusters.value;
  if (!known || (place < 0 && !query)) return null;
  const column = classes.value;
  const found = new Map<number, number[]>();
  const add = (row: number) => {
    const cluster = known[row]!;
    if (cluster < 0 || (place >= 0 && column?.[row] !== place)) return;
    const rows = found.get(cluster);
    if (rows) rows.push(row);
    else found.set(cluster, [row]);
  };
  if (!query) for (let row = 0; row < known.length; row++) add(row);
  else {
    const hits = new Set(index.value?.find(query));
    const wanted = folded.map((name) => name.includes(query));
    if (column && wanted.includes(true))
      for (let row = 0; row < known.length; row++) if (column[row]! >= 0 && wanted[column[row]!]) hits.add(row);
    for (const row of hits) add(row);
  }
  return found;
});

/** Whether the names of files are still to come, in which a search looks. */
export const searching = computed(() => setting("q") !== "" && index.value === null && expected("keys"));

/** A search such as "#7" asks for one cluster. */
function numberIn(query: string): number | null {
  const found = /^#(\d+)$/.exec(query);
  return found ? Number(found[1]) : null;
}

const limit = (name: string, otherwise: number) => (setting(name) === "" ? otherwise : Number(setting(name)));

/** The clusters that pass, in order: by the number of matches if there are any, else as sorted. */
export const found = computed<Found[] | null>(() => {
  const all = summary.value;
  if (!all || (within.value && !withinParts.value)) return null;
  const query = fold(setting("q").trim());
  const number = numberIn(query);
  const hits = matching.value;
  const parts = withinParts.value;
  const [least, most] = [limit("least", 1), limit("most", Infinity)];
  const [purity, margin] = [limit("purity", Infinity) / 100, limit("margin", Infinity) / 100];
  const passing: Found[] = [];
  for (const cluster of all) {
    if (cluster.size < Math.max(1, least) || cluster.size > most) continue;
    if ((cluster.purity ?? 0) > purity) continue;
    if ((cluster.margin ?? 0) > margin) continue;
    if (parts && !parts.has(cluster.number)) continue;
    if (number !== null && cluster.number !== number) continue;
    const named = Boolean(query) && !setting("class") && fold(nameOf(cluster.number)).includes(query);
    const matches = named ? null : (hits?.get(cluster.number) ?? null);
    if (hits && !named && !matches) continue;
    passing.push({ cluster, matches });
  }
  const sort = choice("sort", KEYS, "size");
  const sign = setting("reverse") ? -1 : 1;
  const rank = hits && !setting("sort")
    ? ({ cluster, matches }: Found) => matches?.length ?? cluster.size
    : ({ cluster }: Found) => KEYS[sort](cluster);
  return passing.sort((a, b) => sign * (rank(b) - rank(a)) || a.cluster.number - b.cluster.number);
});

/** The clusters before and after one, in the order of the overview. */
export function beside(number: number): { before: number | null; after: number | null } {
  const numbers = (found.value ?? []).map((one) => one.cluster.number);
  const at = numbers.indexOf(number);
  return { before: numbers[at - 1] ?? null, after: (at < 0 ? null : numbers[at + 1]) ?? null };
}

export const clearFilters = () =>
  change({ q: null, class: null, least: null, most: null, purity: null, margin: null, within: null });

export const availableSorts = (Object.keys(SORTS) as Sort[]).filter((sort) =>
  (sort !== "purity" || classed) && (sort !== "agreement" || (run.columns ?? []).includes("heads")));

export const isFiltered = computed(() => within.value !== null ||
  ["q", "class", "least", "most", "purity", "margin"].some((name) => setting(name) !== ""));
