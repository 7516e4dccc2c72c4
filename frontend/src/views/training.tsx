/* The course of the training. */

import { count, percent } from "../data/text.ts";
import { run } from "../state/clips.ts";
import { Plot, pathOf, ticks } from "../ui/chart.tsx";
import { Table } from "../ui/table.tsx";

interface Curve {
  name: "loss" | "labels_changed" | "largest_cluster";
  title: string;
  unit: string;
  words: string;
  format: (value: number) => string;
}

const CURVES: readonly Curve[] = [
  {
    name: "loss", title: "Loss", unit: "cross-entropy (nats)", format: (value) => value.toFixed(2),
    words: "How badly the network predicts the labels of the clips. It falls as labels settle; a fall alone does not mean better clusters.",
  },
  {
    name: "labels_changed", title: "Labels that change at an update", unit: "share of the clips", format: percent,
    words: "Labels are recomputed at each update. Where few of them change, the clusters are stable; where many do to the end, train longer.",
  },
  {
    name: "largest_cluster", title: "The largest cluster", unit: "share of the clips", format: percent,
    words: "If it grows to most of the clips, the training has collapsed.",
  },
];

/** Epochs and values of a curve where it was measured. */
const points = (name: Curve["name"]): [number, number][] =>
  run.curves!.epoch.flatMap((epoch, at) => {
    const value = run.curves![name]?.[at];
    return typeof value === "number" ? [[epoch, value] as [number, number]] : [];
  });

export function TrainingPage() {
  const shown = CURVES.filter(({ name }) => points(name).length > 0);
  return (
    <>
      <header class="page-head">
        <h1>Training</h1>
        <p class="lead">{count(run.curves!.epoch.at(-1) ?? 0)} epochs, over all heads. None of this uses classes.</p>
      </header>
      <div class="charts">{shown.map((one) => <Course key={one.name} {...one} />)}</div>
      <details class="table">
        <summary>The same as a table</summary>
        <Table label="Training by epoch">
          <thead><tr><th scope="col">Epoch</th>{shown.map(({ name, title }) => <th key={name} scope="col" class="number">{title}</th>)}</tr></thead>
          <tbody>
            {run.curves!.epoch.map((epoch, at) => (
              <tr key={epoch}>
                <th scope="row">{epoch}</th>
                {shown.map(({ name, format }) => {
                  const value = run.curves![name]?.[at];
                  return <td key={name} class="number">{typeof value === "number" ? format(value) : ""}</td>;
                })}
              </tr>
            ))}
          </tbody>
        </Table>
      </details>
    </>
  );
}

function Course({ name, title, unit, words, format }: Curve) {
  const known = points(name);
  const last = run.curves!.epoch.at(-1)!;
  const marks = ticks(Math.max(...known.map(([, value]) => value)));
  const [first, end] = [known[0]![1], known.at(-1)![1]];
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <Plot
        label={`${title}: ${format(first)} at first, ${format(end)} after ${last} epochs`}
        x={{ name: "epoch", ticks: ticks(last, true).filter((tick) => tick <= last), from: 0, to: last }}
        y={{ name: unit, ticks: marks, to: marks.at(-1)! }}
      >
        {(x, y) => <path class="line" d={pathOf(known.map(([at, value]) => [x(at), y(value)]))} />}
      </Plot>
      <p class="aside">{format(first)} at first, {format(end)} at the end. {words}</p>
    </figure>
  );
}
