/* Clusters against classes: where they agree, and where a class is divided or mixed. */

import { computed } from "@preact/signals";
import { useState } from "preact/hooks";
import { type Confusion, MEASURES, type Measured, confusion, mixtures } from "../data/confusion.ts";
import { count, percent } from "../data/text.ts";
import { className, classes, clusterCount, clusters, run, titleOf } from "../state/clips.ts";
import { addressOf, change, choice } from "../state/route.ts";
import { Loading } from "../ui/loading.tsx";
import { Table } from "../ui/table.tsx";
import { Matrix } from "./matrix.tsx";

const shown = computed(() => {
  const [known, kinds] = [clusters.value, classes.value];
  return known && kinds ? confusion(known, kinds, clusterCount.value, run.classes.length) : null;
});

export function ConfusionPage() {
  const table = shown.value;
  const by = choice("by", MEASURES, "cluster");
  if (!table) return <Loading />;
  return (
    <>
      <header class="page-head">
        <h1>Clusters and classes</h1>
        <p class="lead">
          Each row is a cluster, each column a class, and the stronger a cell, the more clips they share. Clusters are in
          the order of the classes that they match best, one to one (Hungarian method), so a clear diagonal is good.
          Classes were not used in training.
        </p>
      </header>
      <div class="toolbar" role="group" aria-label="Cells">
        <label class="field">
          <span>Cells show</span>
          <select id="by" value={by} onChange={(event) => change({ by: event.currentTarget.value === "cluster" ? null : event.currentTarget.value })}>
            {(Object.keys(MEASURES) as Measured[]).map((one) => <option key={one} value={one}>{MEASURES[one]}</option>)}
          </select>
        </label>
        <Scale by={by} most={table.most} />
      </div>
      <Matrix table={table} by={by} />
      <Mixed table={table} />
    </>
  );
}

/** What the shades mean. */
function Scale({ by, most }: { by: Measured; most: number }) {
  const end = by === "clips" ? count(most) : "100%";
  return (
    <span class="scale" role="img" aria-label={`Cells from 0 to ${end}, ${MEASURES[by]}`}>
      <span>0</span><i /><span>{end}</span>
    </span>
  );
}

const FEW = 20;

/** Clips of a class that is not the commonest of their cluster: the matrix as a list. */
function Mixed({ table }: { table: Confusion }) {
  const [whole, setWhole] = useState(false);
  const all = mixtures(table);
  if (!all.length) return <p class="aside">Every cluster has clips of one class alone.</p>;
  const listed = whole ? all.slice(0, 1000) : all.slice(0, FEW);
  return (
    <section aria-labelledby="mixed-title">
      <h2 id="mixed-title">The largest mixtures</h2>
      <Table label="Mixtures">
        <thead><tr><th scope="col">Cluster</th><th scope="col">Mostly</th><th scope="col">But also</th><th scope="col" class="number">Clips</th><th scope="col" class="number">Share</th></tr></thead>
        <tbody>
          {listed.map(({ cluster, kind, clips, commonest }) => (
            <tr key={`${cluster}-${kind}`}>
              <th scope="row"><a href={addressOf("cluster", cluster)}>{titleOf(cluster)}</a></th>
              <td>{className(commonest)}</td>
              <td><a href={addressOf("cluster", cluster, { class: String(kind) })}>{className(kind)}</a></td>
              <td class="number">{count(clips)}</td>
              <td class="number">{percent(clips / table.ofCluster[cluster]!)}</td>
            </tr>
          ))}
        </tbody>
      </Table>
      {all.length > FEW && (
        <button type="button" class="quiet" aria-expanded={whole} onClick={() => setWhole(!whole)}>
          {whole ? "Show fewer" : `Show ${count(Math.min(1000, all.length) - FEW)} more of ${count(all.length)}`}
        </button>
      )}
    </section>
  );
}
