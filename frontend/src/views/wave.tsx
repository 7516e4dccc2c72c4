/* The audio of a clip as peaks over time, with a playhead; a click seeks. */

import { computed } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { column, run } from "../state/clips.ts";

const PEAKS = 48;

/** The place among the clips with media, by row. */
const places = computed(() => {
  const media = column<Uint8Array>("media");
  if (!media) return null;
  const found = new Int32Array(run.clips).fill(-1);
  let place = 0;
  for (let row = 0; row < media.length; row++) if (media[row] === 2) found[row] = place++;
  return found;
});

export function Wave({ row, video }: { row: number; video: RefObject<HTMLVideoElement | null> }) {
  const head = useRef<SVGLineElement>(null);
  const waves = column<Uint8Array>("waves");
  const place = places.value?.[row] ?? -1;
  useEffect(() => {
    let frame = 0;
    const follow = () => {
      const { currentTime = 0, duration = 0 } = video.current ?? {};
      const x = duration ? (PEAKS * currentTime) / duration : 0;
      head.current?.setAttribute("x1", x.toFixed(2));
      head.current?.setAttribute("x2", x.toFixed(2));
      frame = requestAnimationFrame(follow);
    };
    frame = requestAnimationFrame(follow);
    return () => cancelAnimationFrame(frame);
  }, [row]);
  if (!waves || place < 0) return null;
  const peaks = waves.subarray(PEAKS * place, PEAKS * (place + 1));
  if (!peaks.some((peak) => peak > 0)) return <p class="aside wave-none">No sound.</p>;
  const seek = (event: MouseEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    if (video.current?.duration) video.current.currentTime = (video.current.duration * (event.clientX - box.left)) / box.width;
  };
  return (
    <svg class="wave" viewBox={`0 0 ${PEAKS} 32`} preserveAspectRatio="none" aria-hidden="true" onClick={seek}>
      {[...peaks].map((peak, at) => {
        const height = Math.max(0.6, (peak / 255) * 30);
        return <rect key={at} x={at + 0.15} y={16 - height / 2} width={0.7} height={height} />;
      })}
      <line ref={head} y1={0} y2={32} x1={0} x2={0} vector-effect="non-scaling-stroke" />
    </svg>
  );
}
