/* One clip, large, with what is known of it. */

import { useEffect, useRef, useState } from "preact/hooks";
import { clock, fileName } from "../data/text.ts";
import {
  byAudio, byVideo, classOf, className, column, firstOf, headShares, idOf, isSelected, keyOf, marginOf,
  mediaOf, pathOf, rowOf, run, summary, timesOf, titleOf,
} from "../state/clips.ts";
import { mergedInto } from "../state/edits.ts";
import { takesLetters } from "../state/keyboard.ts";
import { clusterOf, ordered } from "../state/order.ts";
import { addressOf, change, closeClip, setting } from "../state/route.ts";
import { Measure } from "../ui/bars.tsx";
import { Icon } from "../ui/icons.tsx";
import { Still, describeClip } from "../ui/tile.tsx";
import { MEANS } from "../ui/words.ts";
import { ClipEdits, moveOn } from "./clipedits.tsx";
import { Wave } from "./wave.tsx";

export function ClipDialog() {
  const id = setting("clip");
  const row = id ? rowOf(id) : -1;
  const dialog = useRef<HTMLDialogElement>(null);
  const last = useRef(-1);
  const shown = row >= 0;
  if (shown) last.current = row;
  useEffect(() => {
    const element = dialog.current!;
    if (shown && !element.open) element.showModal();
    if (!shown && element.open) {
      element.close();
      focusTile(last.current);
    }
  }, [shown]);
  return (
    <dialog
      ref={dialog} class="clip" aria-labelledby="clip-title"
      onCancel={(event) => { event.preventDefault(); closeClip(); }}
      onClose={(event) => {
        /* Browsers close it on a second Escape at any rate. This event is late: by then, another clip may be wanted. */
        if (!event.currentTarget.open && shown) closeClip();
      }}
      onClick={(event) => { if (event.target === event.currentTarget) closeClip(); }}
    >
      {shown && <Shown row={row} close={closeClip} />}
    </dialog>
  );
}

/** For an address with a clip that this page does not have. */
export function NoSuchClip() {
  const id = setting("clip");
  if (!id || !column("ids") || rowOf(id) >= 0) return null;
  return <p class="trouble" role="alert">This page has no clip {id}: the link is of another run.</p>;
}

/** Focuses the clip that was seen last, where it is on the page; the dialog gives the focus to the first one. */
function focusTile(row: number): void {
  const now = document.activeElement;
  if (now !== document.body && !now?.matches(".tile")) return;
  const tile = document.querySelector<HTMLElement>(`.tile[data-row="${row}"]`);
  if (tile) tile.focus();
  else if (now === document.body) document.getElementById("main")?.focus({ preventScroll: true });
}

/** Clips of the strip below a clip. */
const STRIP = 9;

function Shown({ row, close }: { row: number; close: () => void }) {
  const video = useRef<HTMLVideoElement>(null);
  const [failed, setFailed] = useState(false);
  const cluster = clusterOf(row);
  const common = summary.value?.[cluster]?.classes[0]?.[0] ?? -1;
  const rows = ordered(cluster, common);
  const at = rows.indexOf(row);
  const step = (by: number) => {
    const next = rows[at + by];
    if (next !== undefined) change({ clip: idOf(next) }, true);
  };
  const media = mediaOf(row);
  const kind = classOf(row);
  useEffect(() => {
    setFailed(false);
    /* Where a browser forbids it, the clip waits for its own play button. */
    video.current?.play().catch(() => {});
  }, [row]);
  /** After a correction: the next clip of the cluster, as it was. */
  const onwards = () => {
    const next = rows[at + 1] ?? rows[at - 1];
    if (next === undefined) close();
    else change({ clip: idOf(next) }, true);
  };
  const keys = (event: KeyboardEvent) => {
    if (takesLetters(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    const by = { ArrowLeft: -1, ArrowRight: 1, k: -1, j: 1 }[event.key];
    if (by) step(by);
    else if (event.key === "x") {
      /* A key that is held down would empty the cluster. */
      if (!event.repeat) moveOn(row, -1, onwards);
    } else if (event.key === " " && !(event.target instanceof HTMLButtonElement)) {
      const one = video.current;
      if (one && !event.repeat) one.paused ? void one.play() : one.pause();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const first = Math.max(0, Math.min(at - Math.floor(STRIP / 2), rows.length - STRIP));
  const times = timesOf(row);
  const repeated = firstOf(row);
  return (
    <div class="clip-body" onKeyDownCapture={keys}>
      <div class="seen">
        <div class="stage" style={{ aspectRatio: run.media.aspect }}>
          {media === 2 ? (
            <video
              key={row} ref={video} controls loop playsInline src={`clips/${idOf(row)}.mp4`} poster={`clips/${idOf(row)}.jpg`}
              onError={() => setFailed(true)}
            />
          ) : <Still row={row} media={media} />}
          {failed && <p role="alert">This clip cannot be played. Is the folder “clips” beside the page?</p>}
          {media < 2 && <p class="aside">This clip is not stored with the page, which has a limit of size{media === 1 && "; this is its picture"}.</p>}
        </div>
        {media === 2 && <Wave row={row} video={video} />}
      </div>
      <div class="clip-strip" role="group" aria-label="Clips of this cluster">
        {rows.slice(first, first + STRIP).map((one) => (
          <button
            key={one} type="button" aria-label={describeClip(one, common)} {...(one === row ? { "aria-current": "true" as const } : {})}
            onClick={() => change({ clip: idOf(one) }, true)} style={{ aspectRatio: run.media.aspect }}
          >
            <Still row={one} media={mediaOf(one)} />
          </button>
        ))}
      </div>
      <div class="about">
        <p class="eyebrow">
          {cluster >= 0 && <a href={addressOf("cluster", cluster)}>{titleOf(cluster)}</a>}
          {at >= 0 && <span>clip {at + 1} of {rows.length}</span>}
        </p>
        <h2 id="clip-title">{kind >= 0 ? className(kind) : fileName(keyOf(row))}</h2>
        {kind >= 0 && common >= 0 && kind !== common && (
          <p class="differs"><Icon name="differs" />Most of this cluster is {className(common)}.</p>
        )}
        <dl class="measures">
          <Measure name="Margin" value={marginOf(row)} title={MEANS.margin} />
          <Measure name="Heads agree" value={headShares.value ? headShares.value[row]! / 255 : null} title={MEANS.heads} />
        </dl>
        <Choices row={row} cluster={cluster} />
        <ClipEdits row={row} onwards={onwards} />
        <p class="path">{pathOf(row)}{times && `, ${clock(times[0])} to ${clock(times[1])}`}</p>
        {repeated !== null && (
          <p>
            It is the same, or nearly, as{" "}
            <button type="button" class="quiet" onClick={() => change({ clip: idOf(repeated) }, true)}>{keyOf(repeated)}</button>
          </p>
        )}
        <p class="steps">
          <button type="button" disabled={at <= 0} onClick={() => step(-1)} aria-keyshortcuts="ArrowLeft"><Icon name="before" />Previous</button>
          <button type="button" disabled={at < 0 || at === rows.length - 1} onClick={() => step(1)} aria-keyshortcuts="ArrowRight">Next<Icon name="after" /></button>
          <button type="button" onClick={close} aria-keyshortcuts="Escape"><Icon name="close" />Close</button>
        </p>
      </div>
    </div>
  );
}

/** What else the clip could be, by the second choice and by each modality alone. */
function Choices({ row, cluster }: { row: number; cluster: number }) {
  const second = isSelected.value ? column<Int16Array>("second") : null;
  const choices: [string, number | undefined][] = [
    ["Second choice", second?.[row]],
    ["Video alone", byVideo.value?.[row]],
    ["Audio alone", byAudio.value?.[row]],
  ];
  const known = choices.flatMap(([words, other]) => (other === undefined || other < 0 ? [] : [[words, mergedInto(other)] as const]));
  if (!known.length) return null;
  return (
    <dl class="choices">
      {known.map(([words, other]) => (
        <div key={words}>
          <dt>{words}</dt>
          <dd>{other === cluster ? "this cluster" : <a href={addressOf("cluster", other)}>{titleOf(other)}</a>}</dd>
        </div>
      ))}
    </dl>
  );
}
