/* All corrections, to see, undo, save and open. */

import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { plural } from "../data/text.ts";
import { idOf, keyOf, modelClusters, run, titleOf } from "../state/clips.ts";
import {
  canRedo, canUndo, discard, edited, edits, mergeClusters, mergedInto, moveClips, openCorrections, redo, renameCluster, saveCorrections,
  saveNames, saveText, tagClips, undo, unmergeCluster,
} from "../state/edits.ts";
import { earlier, forgetEarlier } from "../state/kept.ts";
import { addressOf, openClip } from "../state/route.ts";
import { Icon } from "../ui/icons.tsx";

/** Moves and tags that are listed. */
const LISTED = 200;

export function CorrectionsPage() {
  const file = useRef<HTMLInputElement>(null);
  const { names, merged, made, moved, tags } = edits.value;
  const numbers = (part: Readonly<Record<number, unknown>>) => Object.keys(part).map(Number);
  return (
    <>
      <header class="page-head">
        <h1>Corrections</h1>
        <p class="lead">
          Rename clusters, move clips, merge and split clusters: on a cluster’s page, “Select” chooses clips. All of it is kept in this
          browser. Save it as <code>corrections.json</code> to apply it: <code>selavi label <span class="whole">--corrections</span> corrections.json</code>, or a
          run’s <code>corrections</code> in the configuration. Names alone are <code>names.csv</code>.
        </p>
      </header>
      {earlier.value && (
        <p class="trouble">
          This browser keeps corrections of other clusters, which this page had before. Save them, and give the file
          to <code>selavi label <span class="whole">--corrections</span></code> or the run’s <code>corrections</code>, which match the clusters.{" "}
          <button type="button" onClick={() => saveText(earlier.value)}><Icon name="save" />Save earlier corrections</button>{" "}
          <button type="button" onClick={forgetEarlier}><Icon name="close" />Forget them</button>
        </p>
      )}
      <div class="toolbar" role="group" aria-label="Corrections">
        <button type="button" disabled={!canUndo.value} onClick={undo} aria-keyshortcuts="Control+Z"><Icon name="undo" />Undo</button>
        <button type="button" disabled={!canRedo.value} onClick={redo} aria-keyshortcuts="Control+Shift+Z"><Icon name="redo" />Redo</button>
        <button type="button" disabled={!edited.value} onClick={saveCorrections}><Icon name="save" />Save corrections.json</button>
        <button type="button" onClick={saveNames}><Icon name="save" />Save names.csv</button>
        <button type="button" onClick={() => file.current!.click()}><Icon name="open" />Open corrections.json</button>
        <input
          ref={file} type="file" hidden accept="application/json,.json" aria-label="Open corrections.json"
          onChange={async (event) => {
            const input = event.currentTarget;
            const chosen = input.files?.[0];
            if (chosen) openCorrections(await chosen.text());
            input.value = "";
          }}
        />
        <button type="button" disabled={!edited.value} onClick={discard}><Icon name="close" />Discard all</button>
      </div>
      {!edited.value && <p class="nothing">There are no corrections.</p>}
      <ul class="changes">
        {numbers(names).map((cluster) => (
          <Change key={`n${cluster}`} back={() => renameCluster(cluster, run.names[cluster] ?? "")}>
            <a href={addressOf("cluster", cluster)}>Cluster {cluster}</a> {names[cluster] ? <>is called <b>{names[cluster]}</b></> : "has no name"}
          </Change>
        ))}
        {numbers(merged).map((cluster) => (
          <Change key={`m${cluster}`} back={() => unmergeCluster(cluster)}>Cluster {cluster} is merged into <a href={addressOf("cluster", merged[cluster]!)}>{titleOf(merged[cluster]!)}</a></Change>
        ))}
        {numbers(made).map((cluster) => (
          <Change key={`s${cluster}`} back={() => mergeClusters(cluster, mergedInto(made[cluster]!))}>
            <a href={addressOf("cluster", cluster)}>{titleOf(cluster)}</a> is split off from {titleOf(made[cluster]!)}
          </Change>
        ))}
        {[...moved].slice(0, LISTED).map(([row, cluster]) => (
          <Change key={`c${row}`} back={() => moveClips([row], merged[modelClusters.value![row]!] ?? modelClusters.value![row]!)}>
            <Clip row={row} /> is moved from {titleOf(modelClusters.value![row]!)} to{" "}
            {cluster < 0 ? "no cluster" : <a href={addressOf("cluster", cluster)}>{titleOf(cluster)}</a>}
          </Change>
        ))}
        {[...tags].slice(0, LISTED).flatMap(([row, list]) => list.map((name) => (
          <Change key={`t${row} ${name}`} back={() => tagClips([row], name, false)}><Clip row={row} /> has the tag <b>{name}</b></Change>
        )))}
      </ul>
      {moved.size > LISTED && <p class="aside">And {plural(moved.size - LISTED, "more clip")} moved.</p>}
      {tags.size > LISTED && <p class="aside">And {plural(tags.size - LISTED, "more clip")} with tags.</p>}
    </>
  );
}

function Clip({ row }: { row: number }) {
  return <button type="button" class="link" onClick={() => openClip(idOf(row))}>{keyOf(row) || `clip ${row}`}</button>;
}

function Change({ back, children }: { back: () => void; children: ComponentChildren }) {
  return <li><span>{children}</span><button type="button" class="quiet" onClick={back}><Icon name="undo" />Take back</button></li>;
}
