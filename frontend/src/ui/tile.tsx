/* A clip: its picture, which plays where a pointer or the focus is, and what is known of it. */

import { useEffect, useRef, useState } from "preact/hooks";
import { fileName, percent } from "../data/text.ts";
import { hover, playing, point, stepTour, stopPlaying, stopTourAt, togglePlay, tour } from "../media/player.ts";
import { classOf, className, idOf, keyOf, marginOf, mediaOf, run, trouble } from "../state/clips.ts";
import { byPerson, tagsOf } from "../state/edits.ts";
import { openClip } from "../state/route.ts";
import { selecting, selection, toggle } from "../state/selection.ts";
import { Icon } from "./icons.tsx";

export interface TileProps {
  row: number;
  /** Distinguishes places of the same clip on a page. */
  place: string;
  /** The commonest class of its cluster, -1 for none. */
  common: number;
  /** Whether the Tab key stops here. */
  stop: boolean;
  /** The clips of the list that it is in, for a range of a selection; without it none is selected. */
  list?: readonly number[];
}

export const keyOfTile = ({ row, place }: { row: number; place: string }) => `${place}:${row}`;
export const rowOfTile = (key: string): number => Number(key.slice(key.indexOf(":") + 1));

/** What a screen reader says of a clip of which only the picture is seen. */
export function describeClip(row: number, common: number): string {
  const margin = marginOf(row);
  const place = classOf(row);
  const seen = [place >= 0 ? className(place) : "", margin === null ? "" : percent(margin)];
  return `${seen.join(" ").trim()}; ${further(row, common, mediaOf(row))}`;
}

/** What a tile shows by marks alone, in words. */
function further(row: number, common: number, media: number): string {
  const place = classOf(row);
  return [
    place >= 0 && common >= 0 && place !== common ? "not the commonest class" : "",
    byPerson(row) ? "moved here by you" : "",
    ...tagsOf(row).map((name) => `tag ${name}`),
    media === 1 ? "picture only" : "",
    keyOf(row),
  ].filter(Boolean).join("; ");
}

export function Tile({ row, place, common, stop, list }: TileProps) {
  const key = keyOfTile({ row, place });
  const now = playing.value;
  const plays = now?.key === key;
  const kind = classOf(row);
  const differs = kind >= 0 && common >= 0 && kind !== common;
  const margin = marginOf(row);
  const media = mediaOf(row);
  const id = idOf(row);
  const choosing = list !== undefined && selecting.value;
  const chosen = choosing && selection.value.has(row);
  const tags = tagsOf(row);
  const open = (event: MouseEvent) => {
    stopPlaying();
    if (choosing) return toggle(row, event.shiftKey, list);
    openClip(id);
  };
  return (
    <button
      type="button"
      class={`tile${differs ? " differs" : ""}${plays ? " playing" : ""}`}
      data-row={row}
      tabIndex={stop ? 0 : -1}
      {...(choosing ? { "aria-pressed": chosen } : {})}
      onClick={open}
      onKeyDown={(event) => {
        if (event.key !== " ") return;
        event.preventDefault(); /* or the button would be pressed */
        if (!event.repeat) togglePlay(key);
      }}
      onPointerEnter={(event) => point(key, event)}
      onPointerLeave={(event) => point(null, event)}
      onFocus={(event) => { if (event.currentTarget.matches(":focus-visible")) hover(key); }}
      onBlur={() => hover(null)}
      style={{ aspectRatio: run.media.aspect }}
    >
      <Still row={row} media={media} />
      {plays && media === 2 && <Playing row={row} tile={key} sound={now.sound} />}
      {plays && media === 1 && <span class="still">picture only</span>}
      {choosing && <span class="box">{chosen && <Icon name="check" />}</span>}
      {tags.length > 0 && <span class="tags">{tags.join(" ")}</span>}
      <span class="caption">
        {byPerson(row) && <Icon name="pen" />}
        {differs && <Icon name="differs" />}
        <span class="what">{kind >= 0 ? className(kind) : fileName(keyOf(row))}</span>{" "}
        {margin !== null && <span class="value">{percent(margin)}</span>}
      </span>
      <span class="unseen">{further(row, common, media)}</span>
    </button>
  );
}

/** The picture of a clip, or its name if there is none. */
export function Still({ row, media }: { row: number; media: number }) {
  const id = media ? idOf(row) : "";
  const [missing, setMissing] = useState("");
  if (!id || id === missing) return <span class="bare">{keyOf(row)}</span>;
  const fail = () => {
    setMissing(id);
    trouble.value ||= `clips/${id}.jpg cannot be read. Is the folder “clips” beside the page?`;
  };
  return <img src={`clips/${id}.jpg`} alt="" loading="lazy" decoding="async" onError={fail} />;
}

function Playing({ row, tile, sound }: { row: number; tile: string; sound: boolean }) {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const video = element.current!;
    video.muted = !sound;
    video.play().catch((error: unknown) => {
      /* Browsers allow sound only after a first click; the picture is better than nothing. */
      if (!(error instanceof DOMException) || error.name !== "NotAllowedError") return;
      video.muted = true;
      video.play().catch(() => {});
    });
  }, [sound]);
  useEffect(() => {
    const video = element.current!;
    return () => {
      video.pause();
      video.removeAttribute("src");
      video.load();
      stopTourAt(tile); /* the clip was scrolled away */
    };
  }, []);
  const touring = tour.value !== null;
  return (
    <video
      ref={element}
      src={`clips/${idOf(row)}.mp4`}
      playsInline
      loop={!touring}
      aria-hidden="true"
      tabIndex={-1}
      onEnded={stepTour}
      onError={stepTour}
    />
  );
}
