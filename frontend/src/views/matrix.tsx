/* The table of clusters against classes, drawn: it has up to some hundred thousand cells. */

import { useEffect, useRef, useState } from "preact/hooks";
import { type Confusion, type Measured, shade } from "../data/confusion.ts";
import { percent, plural } from "../data/text.ts";
import { className, titleOf } from "../state/clips.ts";
import { addressOf, go } from "../state/route.ts";

/** Rows and columns up to which they have names, and cells numbers. */
const LABELLED = 40;
const WIDE = 34; /* pixels of a cell with a number */
const WHOLE = 1100; /* pixels of a table of many cells */

/** A place in the table, by row and column. */
type Place = readonly [row: number, column: number];

export function Matrix({ table, by }: { table: Confusion; by: Measured }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [pointed, setAt] = useState<Place | null>(null);
  const [rows, columns] = [table.clusters.length, table.classes.length];
  /* Back and undo may have taken the row away. */
  const at = pointed && pointed[0] < rows ? pointed : null;
  const labelled = Math.max(rows, columns) <= LABELLED;
  const side = labelled ? WIDE : Math.max(3, Math.min(16, Math.floor(WHOLE / Math.max(rows, columns))));

  useEffect(() => {
    const draw = () => paint(canvas.current!, table, by, side, labelled);
    draw();
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", draw);
    return () => dark.removeEventListener("change", draw);
  }, [table, by, side]);

  const bounded = (row: number, column: number): Place =>
    [Math.min(rows - 1, Math.max(0, row)), Math.min(columns - 1, Math.max(0, column))];
  const placeOf = (event: MouseEvent): Place => {
    const box = canvas.current!.getBoundingClientRect();
    return bounded(Math.floor(((event.clientY - box.top) / box.height) * rows), Math.floor(((event.clientX - box.left) / box.width) * columns));
  };
  const open = ([row, column]: Place) => {
    const [cluster, kind] = [table.clusters[row]!, table.classes[column]!];
    if (table.counts[cluster]![kind]) go(addressOf("cluster", cluster, { class: String(kind) }));
  };
  const press = (event: KeyboardEvent) => {
    const [row, column] = at ?? [0, 0];
    if (event.key === "Enter") {
      if (at) open(at);
      return;
    }
    const to = {
      ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
      Home: [row, 0], End: [row, columns - 1],
    }[event.key] as Place | undefined;
    if (!to) return;
    event.preventDefault();
    setAt(at ? bounded(...to) : [0, 0]);
  };

  return (
    <figure class="matrix">
      <figcaption id="cell-words" aria-live="polite">{at ? wordsOf(table, at) : "Point at a cell to read it, or use the arrow keys; a click or Enter shows its clips."}</figcaption>
      <div class="scrolls">
        <div class="cells" style={{ gridTemplateColumns: `auto ${side * columns}px` }}>
          {labelled && (
            <ul class="top" aria-hidden="true" style={{ gridAutoColumns: `${side}px` }}>
              {table.classes.map((place) => <li key={place} title={className(place)}>{className(place)}</li>)}
            </ul>
          )}
          {labelled && (
            <ul class="left" aria-label="Clusters" style={{ gridAutoRows: `${side}px` }}>
              {table.clusters.map((cluster) => <li key={cluster}><a href={addressOf("cluster", cluster)} title={titleOf(cluster)}>{titleOf(cluster)}</a></li>)}
            </ul>
          )}
          <div class="drawn">
            <canvas
              ref={canvas} style={{ width: `${side * columns}px`, height: `${side * rows}px` }}
              role="application" aria-roledescription="table" tabIndex={0} aria-describedby="cell-words"
              aria-label="Clusters against classes. Arrow keys go from cell to cell, Enter shows the clips of a cell. The mixtures are listed below, too."
              onPointerMove={(event) => setAt(placeOf(event))}
              onPointerLeave={() => setAt(null)}
              onBlur={() => setAt(null)}
              onKeyDown={press}
              onClick={(event) => open(placeOf(event))}
            />
            {at && <i class="cursor" style={{ left: `${at[1] * side}px`, top: `${at[0] * side}px`, width: `${side}px`, height: `${side}px` }} />}
          </div>
        </div>
      </div>
      {!labelled && <p class="aside">Rows: {plural(rows, "cluster")}. Columns: {plural(columns, "class", "es")}, from {className(0)} to {className(columns - 1)}.</p>}
    </figure>
  );
}

function wordsOf(table: Confusion, [row, column]: Place): string {
  const [cluster, kind] = [table.clusters[row]!, table.classes[column]!];
  const clips = table.counts[cluster]![kind]!;
  const whose = `${titleOf(cluster)} and ${className(kind)}: ${plural(clips, "clip")}`;
  if (!clips) return whose;
  return `${whose}, ${percent(clips / table.ofCluster[cluster]!)} of the cluster, ${percent(clips / table.ofClass[kind]!)} of the class`;
}

/** Draws the cells at the density of the screen, with numbers where they have room. */
function paint(canvas: HTMLCanvasElement, table: Confusion, by: Measured, side: number, numbered: boolean): void {
  const { clusters, classes, counts } = table;
  const scale = devicePixelRatio || 1;
  canvas.width = Math.round(side * classes.length * scale);
  canvas.height = Math.round(side * clusters.length * scale);
  const context = canvas.getContext("2d")!;
  context.scale(scale, scale);
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const [ink, light, strong] = [colour("--ink"), colour("--on-accent"), colour("--accent")];
  context.fillStyle = colour("--sheet");
  context.fillRect(0, 0, side * classes.length, side * clusters.length);
  context.font = `11px ${style.getPropertyValue("--font")}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  const gap = side > 6 ? 1 : 0;
  const turn = matchMedia("(prefers-color-scheme: dark)").matches ? 0.55 : 0.78; /* where either text is as easy to read */
  clusters.forEach((cluster, row) => {
    classes.forEach((kind, column) => {
      const clips = counts[cluster]![kind]!;
      if (!clips) return;
      const depth = 0.1 + 0.9 * Math.sqrt(shade(table, cluster, kind, by));
      context.globalAlpha = depth;
      context.fillStyle = strong;
      context.fillRect(column * side, row * side, side - gap, side - gap);
      if (!numbered) return;
      context.globalAlpha = 1;
      context.fillStyle = depth > turn ? light : ink;
      context.fillText(clips < 10_000 ? String(clips) : `${Math.round(clips / 1000)}k`, (column + 0.5) * side, (row + 0.5) * side);
    });
  });
}
