/* The name of a cluster, and a form to change it. */

import { useEffect, useRef, useState } from "preact/hooks";
import { nameOf, titleOf } from "../state/clips.ts";
import { canEdit, renameCluster } from "../state/edits.ts";
import { Icon } from "./icons.tsx";

export function Rename({ cluster, word }: { cluster: number; word: string }) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const ended = useRef(false);
  if (!canEdit.value) return null;
  const end = (name: string | null, focus: boolean) => {
    if (ended.current) return; /* without the box the focus is lost, which would end it again */
    ended.current = true;
    if (name !== null) renameCluster(cluster, name);
    setOpen(false);
    if (focus) requestAnimationFrame(() => button.current?.focus());
  };
  if (!open)
    return (
      <button
        ref={button} type="button" class="quiet rename" aria-label={`Rename ${titleOf(cluster)}`} title="Rename"
        onClick={() => { ended.current = false; setOpen(true); }}
      >
        <Icon name="pen" />{word}
      </button>
    );
  return <Box cluster={cluster} end={end} />;
}

function Box({ cluster, end }: { cluster: number; end: (name: string | null, focus: boolean) => void }) {
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => { box.current!.select(); box.current!.focus(); }, []);
  return (
    <form class="naming" onSubmit={(event) => { event.preventDefault(); end(box.current!.value, true); }}>
      <input
        ref={box} defaultValue={nameOf(cluster)} maxLength={200} autocomplete="off" placeholder={`Name of cluster ${cluster}`}
        aria-label={`Name of cluster ${cluster}`}
        onBlur={(event) => end(event.currentTarget.value, false)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.stopPropagation();
          end(null, true);
        }}
      />
    </form>
  );
}
