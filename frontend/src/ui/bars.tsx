/* Numbers as bars with their words; the bars add nothing that is not in words too. */

import type { Count } from "../data/clusters.ts";
import { count, percent } from "../data/text.ts";
import { className } from "../state/clips.ts";

/** Classes that are drawn apart; the others are one grey part. */
export const DRAWN = 5;

/** The parts of a cluster's bar: the commonest classes by rank, then all others, as shares. */
export function parts(classes: Count[]): { place: number; share: number; rank: number }[] {
  const total = classes.reduce((sum, [, clips]) => sum + clips, 0);
  const drawn = classes.slice(0, DRAWN).map(([place, clips], rank) => ({ place, share: clips / total, rank }));
  const others = classes.slice(DRAWN).reduce((sum, [, clips]) => sum + clips, 0);
  return others ? [...drawn, { place: -1, share: others / total, rank: DRAWN }] : drawn;
}

/** Classes as shares of a cluster: shades by rank, the same in all cards. */
export function ClassBar({ classes }: { classes: Count[] }) {
  const all = parts(classes);
  const words = classes.slice(0, DRAWN).map(([place, n]) => `${className(place)}: ${count(n)}`);
  if (classes.length > DRAWN) words.push(`${count(classes.length - DRAWN)} other classes`);
  return (
    <div class="class-bar" role="img" aria-label={words.join(", ") || "No clip has a class"} title={words.join("\n")}>
      {all.map(({ share, rank }) => (
        <span key={rank} class={`rank-${rank}`} style={{ width: `${(100 * share).toFixed(3)}%` }} />
      ))}
    </div>
  );
}

/** A share from 0 to 1 with its name; nothing if it is unknown. */
export function Measure({ name, value, title }: { name: string; value: number | null; title: string }) {
  if (value === null) return null;
  return (
    <div class="measure" title={title}>
      <dt>{name}</dt>
      <dd>
        <span class="track" aria-hidden="true"><span style={{ width: `${(100 * value).toFixed(1)}%` }} /></span>
        <span class="value">{percent(value)}</span>
      </dd>
    </div>
  );
}
