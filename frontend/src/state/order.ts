/* The clips of a cluster in the order that the person has chosen. */

import { rowsOf } from "../data/clusters.ts";
import { classOf, clusters, members } from "./clips.ts";
import { choice, setting } from "./route.ts";

export const ORDERS = {
  typical: "most typical first",
  doubtful: "least certain first",
  misfits: "other classes first",
} as const;
export type Order = keyof typeof ORDERS;

export const order = (): Order => choice("order", ORDERS, "typical");

/** Rows of a cluster, of one class if that is chosen. */
export function ordered(cluster: number, common: number): number[] {
  const known = members.value;
  if (!known || cluster < 0 || cluster + 1 >= known.begins.length) return [];
  let rows = [...rowsOf(known, cluster)];
  if (setting("class") !== "") rows = rows.filter((row) => classOf(row) === Number(setting("class")));
  if (order() === "typical") return rows;
  rows.reverse();
  if (order() === "doubtful") return rows;
  const misfit = (row: number) => classOf(row) >= 0 && classOf(row) !== common;
  return [...rows.filter(misfit), ...rows.filter((row) => !misfit(row))];
}

export const clusterOf = (row: number): number => clusters.value?.[row] ?? -1;
