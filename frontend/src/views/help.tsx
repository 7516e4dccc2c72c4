/* How to read the page, and its keys. */

import { useEffect, useRef } from "preact/hooks";
import { classed, run } from "../state/clips.ts";
import { helpOpen } from "../state/help.ts";
import { Icon } from "../ui/icons.tsx";
import { MEANS } from "../ui/words.ts";

const KEYS = [
  ["/", "search"],
  ["j, k", "next, previous cluster or clip"],
  ["arrows, Home, End", "from clip to clip, to the first, to the last"],
  ["Space", "play or stop the clip with sound"],
  ["Enter", "open the clip"],
  ["x", "in an open clip: not of this cluster"],
  ["Ctrl Z", "undo a correction"],
  ["Ctrl Shift Z", "redo it"],
  ["Esc", "stop, close"],
  ["?", "this help"],
] as const;

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  const open = helpOpen.value;
  useEffect(() => {
    if (open) dialog.current!.showModal();
    else dialog.current!.close();
  }, [open]);
  return (
    <dialog ref={dialog} class="help" aria-labelledby="help-title" onClose={() => { helpOpen.value = false; }}>
      <h2 id="help-title" tabIndex={-1} autofocus>How to read this page</h2>
      <p>
        A card is a cluster. It shows a few of its clips: half are the most typical ones, the others lie evenly
        spread over the rest, down to the least certain, so that doubtful clips are seen too. Its title leads to
        all its clips.
      </p>
      <dl class="terms">
        {classed && <><dt>Purity</dt><dd>{MEANS.purity} Classes were not used in training.</dd></>}
        <dt>Margin</dt><dd>{MEANS.margin}</dd>
        {run.columns.includes("heads") && <><dt>Heads agree</dt><dd>{MEANS.heads}</dd></>}
        <dt>Video and audio agree</dt><dd>{MEANS.modalities}</dd>
      </dl>
      {classed && <p>A clip of another class than most of its cluster has the mark <Icon name="differs" /> before its class.</p>}
      <h3>Keys</h3>
      <dl class="keys">{KEYS.map(([key, words]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{words}</dd></div>)}</dl>
      <button type="button" onClick={() => { helpOpen.value = false; }}><Icon name="close" />Close</button>
    </dialog>
  );
}
