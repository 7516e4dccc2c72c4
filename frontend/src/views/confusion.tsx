/* Clusters against classes: where they agree, and where a class is divided or mixed. */

import { computed } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { type Confusion, confusion } from "../data/hungarian.ts";
import { count, percent } from "../data/text.ts";
import { className, classes, clusterCount, clusters, run, titleOf } from "../state/clips.ts";
import { addressOf, go } from "../state/route.ts";

const shown = computed(() => {
  const [known, kinds] = [clusters.value, classes.value];
  return known && kinds ? confusion(known, kinds, clusterCount.value, run.classes.length) : null;
});

export function ConfusionPage() {
  const table = shown.value;
  if (!table) return <p class="loading" role="status">Loading clips …</p>;
  return (
    <>
      <header class="page-head">
        <h1>Clusters and classes</h1>
        <p class="lead">
          Each row is a cluster, each column a class, and the darker a cell, the more clips they share. Clusters are in
          the order of the classes that they match best, one to one (Hungarian method), so a clear diagonal is good.
          Classes were not used in training.
        </p>
      </header>
      <Matrix table={table} />
      <Mixed table={table} />
    </>
  );
}

interface Cell {
  cluster: number;
  place: number;
  clips: number;
}

/** Rows and columns up to which they have names. */
const LABELLED = 40;

function Matrix({ table }: { table: Confusion }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [cell, setCell] = useState<Cell | null>(null);
  const [rows, columns] = [table.clusters.length, table.classes.length];
  const labelled = Math.max(rows, columns) <= LABELLED;
  const side = labelled ? 32 : Math.max(2, 900 / columns);
  useEffect(() => {
    const draw = () => paint(canvas.current!, table);
    draw();
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", draw);
    return () => dark.removeEventListener("change", draw);
  }, [table]);
  const cellAt = (event: MouseEvent): Cell => {
    const box = canvas.current!.getBoundingClientRect();
    const row = Math.min(rows - 1, Math.max(0, Math.floor(((event.clientY - box.top) / box.height) * rows)));
    const column = Math.min(columns - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * columns)));
    const cluster = table.clusters[row]!;
    const place = table.classes[column]!;
    return { cluster, place, clips: table.counts[cluster]![place]! };
  };
  return (
    <figure class="matrix">
      <figcaption aria-hidden="true">
        {cell ? `${titleOf(cell.cluster)} and ${className(cell.place)}: ${count(cell.clips)} clips` : "Point at a cell to read it; a click shows its clips."}
      </figcaption>
      <div class="cells">
        {labelled && (
          <ul class="top" aria-hidden="true">{table.classes.map((place) => <li key={place} title={className(place)}>{className(place)}</li>)}</ul>
        )}
        {labelled && (
          <ul class="left">
            {table.clusters.map((cluster) => <li key={cluster}><a href={addressOf("cluster", cluster)} title={titleOf(cluster)}>{titleOf(cluster)}</a></li>)}
          </ul>
        )}
        <canvas
          ref={canvas} style={{ width: `${side * columns}px`, aspectRatio: `${columns} / ${rows}` }} role="img"
          aria-label="Clusters against classes; the largest mixtures are listed below"
          onPointerMove={(event) => setCell(cellAt(event))} onPointerLeave={() => setCell(null)}
          onClick={(event) => {
            const one = cellAt(event);
            if (one.clips) go(addressOf("cluster", one.cluster, { class: String(one.place) }));
          }}
        />
      </div>
      {!labelled && <p class="aside" aria-hidden="true">Columns: {columns} classes, {className(0)} to {className(columns - 1)}. Rows: {rows} clusters.</p>}
    </figure>
  );
}

function paint(canvas: HTMLCanvasElement, { clusters: order, classes: kinds, counts, most }: Confusion): void {
  const side = Math.max(1, Math.min(48, Math.floor(1200 / Math.max(order.length, kinds.length))));
  canvas.width = side * kinds.length;
  canvas.height = side * order.length;
  const context = canvas.getContext("2d")!;
  const style = getComputedStyle(document.documentElement);
  context.fillStyle = style.getPropertyValue("--sheet");
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = style.getPropertyValue("--accent");
  const gap = side > 6 ? 1 : 0;
  order.forEach((cluster, row) => {
    kinds.forEach((place, column) => {
      const clips = counts[cluster]![place]!;
      if (!clips) return;
      context.globalAlpha = 0.08 + 0.92 * Math.sqrt(clips / most);
      context.fillRect(column * side, row * side, side - gap, side - gap);
    });
  });
  context.globalAlpha = 1;
}

/** The largest numbers of clips of a class that is not the commonest of their cluster. */
function Mixed({ table }: { table: Confusion }) {
  const mixed = table.counts.flatMap((of, cluster) => {
    const most = of.indexOf(Math.max(...of));
    const size = of.reduce((sum, clips) => sum + clips, 0);
    return [...of].map((clips, place) => ({ cluster, place, clips, most, size })).filter((one) => one.clips && one.place !== one.most);
  }).sort((a, b) => b.clips - a.clips || a.cluster - b.cluster).slice(0, 20);
  if (!mixed.length) return <p class="aside">Every cluster has clips of one class alone.</p>;
  return (
    <section>
      <h2>The largest mixtures</h2>
      <table class="plain">
        <thead><tr><th scope="col">Cluster</th><th scope="col">Mostly</th><th scope="col">But also</th><th scope="col" class="number">Clips</th><th scope="col" class="number">Share</th></tr></thead>
        <tbody>
          {mixed.map(({ cluster, place, clips, most, size }) => (
            <tr key={`${cluster}-${place}`}>
              <th scope="row"><a href={addressOf("cluster", cluster)}>{titleOf(cluster)}</a></th>
              <td>{className(most)}</td>
              <td><a href={addressOf("cluster", cluster, { class: String(place) })}>{className(place)}</a></td>
              <td class="number">{count(clips)}</td>
              <td class="number">{percent(clips / size)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
