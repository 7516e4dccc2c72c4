/* Levels: the numbers of clusters of a run, the smallest first, and how clusters divide from one to the next. */

import { computed } from "@preact/signals";
import { type Child, type Face, divide, facesOf } from "../data/tree.ts";
import { classes, column, names, run, view, viewNumber } from "./clips.ts";
import { addressOf, setting } from "./route.ts";

export const severalLevels = new Set((run.views ?? []).map((one) => one.clusters)).size > 1;

/** The position of the view that stands for each level: by the head that the run shows for it. */
export const levels = computed<number[]>(() => {
  const all = run.views.map((one, place) => ({ ...one, place })).filter((one) => one.modality === view.value.modality);
  const numbers = [...new Set(all.map((one) => one.clusters))].sort((a, b) => a - b);
  return numbers.map((clusters) => {
    const of = all.filter((one) => one.clusters === clusters);
    const heads = [run.views[run.selected]!.head, run.levels?.find((one) => one.clusters === clusters)?.head];
    return (of.find((one) => one.head !== null && heads.includes(one.head)) ?? of[0]!).place;
  });
});

/** The level of the shown view, by its number of clusters. */
export const depth = computed(() => levels.value.findIndex((place) => run.views[place]!.clusters === view.value.clusters));

/** The setting by which a page shows a level. */
export function headOf(place: number): { head: string } {
  const { head } = run.views[place]!;
  return { head: head === null || head === run.views[run.selected]!.head ? "" : String(head) };
}

export const addressIn = (place: number, cluster: number): string => addressOf("cluster", cluster, headOf(place));
export const titleIn = (place: number, cluster: number): string =>
  (place === run.selected && names.value[cluster]) || `Cluster ${cluster}`;

const made = new Map<string, Child[][]>();

/** The clusters of a view that lie in each of another with fewer; null until loaded. */
export function divided(coarse: number, fine: number): Child[][] | null {
  const [above, below] = [column<Int16Array>(`cluster-${coarse}`), column<Int16Array>(`cluster-${fine}`)];
  if (!above || !below) return null;
  const key = `${coarse}/${fine}`;
  let found = made.get(key);
  if (!found) made.set(key, (found = divide(above, below, run.views[coarse]!.clusters, run.views[fine]!.clusters)));
  return found;
}

/** A cluster of the next smaller number, and its share of the clips; null for none. */
export function parentOf(cluster: number): { place: number; cluster: number; share: number } | null {
  const above = levels.value[depth.value - 1];
  if (above === undefined) return null;
  const all = divided(above, levels.value[depth.value]!) ?? [];
  for (const [parent, children] of all.entries()) {
    const child = children.find((one) => one.cluster === cluster);
    if (child) return { place: above, cluster: parent, share: child.share };
  }
  return null;
}

/** The clusters of the next larger number that lie in a cluster. */
export function partsOf(cluster: number): { place: number; parts: Child[] } | null {
  const below = levels.value[depth.value + 1];
  if (below === undefined) return null;
  const parts = divided(levels.value[depth.value]!, below)?.[cluster];
  return parts?.length ? { place: below, parts } : null;
}

/** The address of the overview of the parts of a cluster. */
export const addressOfParts = (place: number, coarse: number, cluster: number): string =>
  addressOf("overview", "", { ...headOf(place), within: `${run.views[coarse]!.clusters}-${cluster}` });

/** The cluster to whose parts the overview is limited: the view and the number; null for none. */
export const within = computed<{ place: number; cluster: number } | null>(() => {
  const [clusters, cluster] = setting("within").split("-").map(Number);
  const place = severalLevels ? levels.value.find((one) => run.views[one]!.clusters === clusters) : undefined;
  if (place === undefined || !Number.isInteger(cluster) || clusters! >= view.value.clusters) return null;
  return { place, cluster: cluster! };
});

/** The clusters of the shown view that lie in that one; null if there is no such limit, and until loaded. */
export const withinParts = computed<Set<number> | null>(() => {
  const limit = within.value;
  const all = limit && divided(limit.place, viewNumber.value);
  return all && new Set(all[limit!.cluster]?.map((one) => one.cluster));
});

const seen = new Map<number, Face[]>();

/** What stands for each cluster of a view; null until loaded. */
export function faces(place: number): Face[] | null {
  const [clusters, media] = [column<Int16Array>(`cluster-${place}`), column<Uint8Array>("media")];
  const margins = column<Uint8Array>(`margin-${place}`);
  const ready = clusters && media && column("ids") && (margins || !run.columns.includes(`margin-${place}`));
  if (!ready || (run.classes.length > 0 && !classes.value)) return null;
  let found = seen.get(place);
  if (!found) seen.set(place, (found = facesOf(clusters, run.views[place]!.clusters, media, margins, classes.value, run.classes.length)));
  return found;
}
