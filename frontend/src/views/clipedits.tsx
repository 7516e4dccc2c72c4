/* What can be done with the clip that is open. */

import { byPerson, canEdit, moveClips, tagClips, tagsOf } from "../state/edits.ts";
import { modelClusters, titleOf } from "../state/clips.ts";
import { clusterOf } from "../state/order.ts";
import { Icon } from "../ui/icons.tsx";
import { ClusterChoice, TagForm } from "./selectionbar.tsx";

/** Moves a clip, then opens the next one of the cluster it was in. */
export function moveOn(row: number, cluster: number, onwards: () => void): void {
  if (!canEdit.value || clusterOf(row) === cluster) return;
  moveClips([row], cluster);
  onwards();
}

export function ClipEdits({ row, onwards }: { row: number; onwards: () => void }) {
  if (!canEdit.value) return null;
  const own = modelClusters.value?.[row] ?? -1;
  const tags = tagsOf(row);
  return (
    <div class="clip-edits" role="group" aria-label="Correct this clip">
      {clusterOf(row) >= 0 && (
        <button type="button" aria-keyshortcuts="x" onClick={() => moveOn(row, -1, onwards)}><Icon name="close" />Not this</button>
      )}
      <ClusterChoice word="Move to" without={clusterOf(row)} choose={(cluster) => moveOn(row, cluster, onwards)} />
      <TagForm add={(name) => tagClips([row], name, true)} />
      {byPerson(row) && <p class="aside"><Icon name="pen" />Changed by you; the model says {titleOf(own)}.</p>}
      {tags.length > 0 && (
        <ul class="chips" aria-label="Tags">
          {tags.map((name) => (
            <li key={name}>
              <button type="button" class="chip" title={`Take the tag ${name} away`} onClick={() => tagClips([row], name, false)}>
                <span class="what">{name}</span><Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
