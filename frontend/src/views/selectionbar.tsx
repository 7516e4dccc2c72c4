/* What can be done with the clips that are selected. */

import { useRef } from "preact/hooks";
import { plural } from "../data/text.ts";
import { titleOf } from "../state/clips.ts";
import { canEdit, moveClips, splitOff, tagClips, targets } from "../state/edits.ts";
import { clusterOf } from "../state/order.ts";
import { addressOf, go } from "../state/route.ts";
import { EXPORTS, clearSelection, saveSelection, selected, selection } from "../state/selection.ts";
import { Icon } from "../ui/icons.tsx";

/** A list of clusters to choose from. */
export function ClusterChoice({ word, without, choose }: { word: string; without: number; choose: (cluster: number) => void }) {
  return (
    <select
      aria-label={word} value=""
      onChange={(event) => {
        const { value } = event.currentTarget;
        event.currentTarget.value = "";
        if (value) choose(Number(value));
      }}
    >
      <option value="">{word} …</option>
      {targets.value.filter((cluster) => cluster !== without).map((cluster) => <option key={cluster} value={cluster}>{titleOf(cluster)}</option>)}
    </select>
  );
}

/** A tag is one word: blanks stand between tags. */
export function TagForm({ add }: { add: (name: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <form class="tagging" onSubmit={(event) => {
      event.preventDefault();
      const name = input.current!.value.trim().split(/\s+/).join("-");
      input.current!.value = "";
      if (name) add(name);
    }}>
      <input ref={input} size={10} maxLength={60} placeholder="Tag" aria-label="Tag" autocomplete="off" />
      <button type="submit">Tag</button>
    </form>
  );
}

export function SelectionBar() {
  if (!selected.value) return null;
  const rows = () => [...selection.value];
  const done = (act: () => void) => {
    act();
    clearSelection();
    document.getElementById("main")?.focus({ preventScroll: true }); /* the bar with the focus goes away */
  };
  return (
    <section class="selection" aria-label="Selected clips">
      <output role="status">{plural(selected.value, "clip")} selected</output>
      {canEdit.value && (
        <>
          <button type="button" onClick={() => done(() => moveClips(rows(), -1))}><Icon name="close" />Not this</button>
          <ClusterChoice word="Move to" without={-1} choose={(cluster) => done(() => moveClips(rows(), cluster))} />
          <button type="button" onClick={() => done(() => { go(addressOf("cluster", splitOff(rows(), Math.max(0, clusterOf(rows()[0]!))))); })}>
            New cluster
          </button>
          <TagForm add={(name) => done(() => tagClips(rows(), name, true))} />
        </>
      )}
      <span class="exports">
        {(Object.keys(EXPORTS) as (keyof typeof EXPORTS)[]).map((kind) => (
          <button key={kind} type="button" onClick={() => saveSelection(kind)}><Icon name="save" />{EXPORTS[kind].word}</button>
        ))}
      </span>
      <button type="button" class="quiet" onClick={() => done(() => {})}><Icon name="close" />Clear</button>
    </section>
  );
}
