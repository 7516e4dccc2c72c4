/* Classes of a cluster; each filters by exactly that class. */

import type { Count } from "../data/clusters.ts";
import { count } from "../data/text.ts";
import { className } from "../state/clips.ts";
import { change, setting } from "../state/route.ts";
import { Icon } from "./icons.tsx";

export function ClassChip({ place, clips, rank }: { place: number; clips?: number; rank?: number }) {
  const set = setting("class") === String(place);
  return (
    <button
      type="button"
      class="chip"
      aria-pressed={set}
      title={set ? "Show all classes" : `Show the clips of ${className(place)}`}
      onClick={() => change({ class: set ? null : String(place) })}
    >
      {rank !== undefined && <i class={`swatch rank-${rank}`} />}
      <span class="what">{className(place)}</span>
      {clips !== undefined && <b>{count(clips)}</b>}
      {set && <Icon name="close" />}
    </button>
  );
}

/** The commonest classes, and how many more there are. */
export function ClassChips({ classes, shown }: { classes: Count[]; shown: number }) {
  const rest = classes.slice(shown);
  return (
    <ul class="chips" aria-label="Classes">
      {classes.slice(0, shown).map(([place, clips], rank) => (
        <li key={place}><ClassChip place={place} clips={clips} rank={rank} /></li>
      ))}
      {rest.length > 0 && (
        <li class="more" title={rest.slice(0, 20).map(([place, n]) => `${className(place)}: ${count(n)}`).join("\n")}>
          and {count(rest.length)} more
        </li>
      )}
    </ul>
  );
}
