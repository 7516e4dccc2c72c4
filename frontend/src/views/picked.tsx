/* The selected clips, beside the map that they were chosen on. */

import { count } from "../data/text.ts";
import { summary } from "../state/clips.ts";
import { clusterOf } from "../state/order.ts";
import { selection } from "../state/selection.ts";
import { Tile } from "../ui/tile.tsx";

/** Clips that are shown at most, spread over the selection, which may be all clips. */
const SHOWN = 60;

export function Picked() {
  const rows = [...selection.value];
  if (!rows.length) return null;
  const step = Math.max(1, rows.length / SHOWN);
  const shown = Array.from({ length: Math.min(SHOWN, rows.length) }, (_, at) => rows[Math.floor(at * step)]!);
  return (
    <aside class="picked" aria-label="Selected clips">
      <ul class="strip">
        {shown.map((row, at) => (
          <li key={row}>
            <Tile row={row} place="picked" common={summary.value?.[clusterOf(row)]?.classes[0]?.[0] ?? -1} stop={at === 0} />
          </li>
        ))}
      </ul>
      {rows.length > SHOWN && <p class="aside">and {count(rows.length - SHOWN)} more</p>}
    </aside>
  );
}
