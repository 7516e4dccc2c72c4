/* All clips in the plane, near to those with like features. */

import { computed, signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useReducer, useRef, useState } from "preact/hooks";
import { Grid, extent, inside } from "../data/scatter.ts";
import { count, percent, plural } from "../data/text.ts";
import {
  classOf, className, clusterCount, column, idOf, marginOf, mediaOf, run, summary, titleOf,
} from "../state/clips.ts";
import { clusterOf } from "../state/order.ts";
import { change, openClip, setting } from "../state/route.ts";
import { selectAll, selection } from "../state/selection.ts";
import { Icon } from "../ui/icons.tsx";
import { Loading } from "../ui/loading.tsx";
import { type Camera, type Painter, makePainter } from "../ui/points.ts";
import { Still } from "../ui/tile.tsx";
import { Picked } from "./picked.tsx";
import { COLOURINGS, Legend, Names, available, colouring, colours } from "./mapgroups.tsx";

const SIDE = 65536;
/** Selected clips that get a circle, at most; clips that are not selected are grey. */
const CIRCLED = 100;
/** Pixels within which a pointer finds a clip. */
const REACH = 12;

const places = computed(() => column<Uint16Array>("map"));
const grid = computed(() => (places.value ? new Grid(places.value) : null));
const reach = computed(() => extent(places.value ?? new Uint16Array()));

export function MapPage() {
  const ready = places.value && colours.value && grid.value;
  const far = run.map;
  return (
    <>
      <header class="page-head">
        <h1>Map</h1>
        <p class="lead">
          Each point is a clip, near to clips with like features{far && <> ({far.of}, {far.method === "umap" ? "UMAP" : "PCA"})</>}. Distances
          between groups and the sizes of groups say little. Point at a clip to see it, click to open it; drag to move, turn the wheel to
          zoom.
        </p>
      </header>
      {ready ? <Plane /> : <Loading />}
    </>
  );
}

/** Shows all points, with room for the names at the edges. */
function whole(width: number, height: number): Camera {
  const [left, top, right, bottom] = reach.value;
  const scale = 0.88 * Math.min(width / Math.max(right - left, 1), height / Math.max(bottom - top, 1));
  return { x: (left + right) / 2, y: (top + bottom) / 2, scale: Math.min(scale, Math.max(width, height) / SIDE) };
}

/** What was zoomed to, null for the whole map; it stays while a person looks at a cluster. */
const held = signal<Camera | null>(null);

function Plane() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const painter = useRef<Painter | null>(null);
  const [box, setBox] = useState({ width: 800, height: 520 });
  const camera = held.value;
  const setCamera = (next: Camera | null) => { held.value = next; };
  const [over, setOver] = useState<{ row: number; left: number; top: number } | null>(null);
  const [lasso, setLasso] = useState(false);
  const [line, setLine] = useState<[number, number][]>([]);
  const drag = useRef<{ x: number; y: number; moved: boolean } | null>(null);
  const view = camera ?? whole(box.width, box.height);
  const shades = colours.value!;
  const points = places.value!;

  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) =>
      setBox({ width: Math.max(200, entry!.contentRect.width), height: Math.max(200, entry!.contentRect.height) }));
    observer.observe(canvas.current!.parentElement!);
    return () => observer.disconnect();
  }, []);
  const [restored, restore] = useReducer<number, void>((times) => times + 1, 0);
  useEffect(() => {
    /* Browsers take a canvas's context away after sleep, or for another's; they give it back to those who do not leave it at that. */
    const element = canvas.current!;
    const lost = (event: Event) => event.preventDefault();
    const back = () => restore();
    element.addEventListener("webglcontextlost", lost);
    element.addEventListener("webglcontextrestored", back);
    return () => {
      element.removeEventListener("webglcontextlost", lost);
      element.removeEventListener("webglcontextrestored", back);
    };
  }, []);
  useEffect(() => { painter.current = makePainter(canvas.current!); }, [restored]);
  useEffect(() => painter.current!.data(points, shades), [points, shades, restored]);
  const ratio = Math.min(2, devicePixelRatio || 1);
  useEffect(() => {
    const size = Math.max(2.5, Math.min(8, 500 / Math.sqrt(run.clips))) * Math.min(2, Math.sqrt(view.scale / whole(box.width, box.height).scale));
    painter.current!.draw(view, box.width, box.height, size, ratio);
  }, [view.x, view.y, view.scale, box.width, box.height, points, shades, restored]);

  const toPlane = (left: number, top: number): [number, number] =>
    [(left - box.width / 2) / view.scale + view.x, (top - box.height / 2) / view.scale + view.y];
  const toScreen = (x: number, y: number): [number, number] =>
    [(x - view.x) * view.scale + box.width / 2, (y - view.y) * view.scale + box.height / 2];
  const at = (event: MouseEvent): [number, number] => {
    const rectangle = canvas.current!.getBoundingClientRect();
    return [event.clientX - rectangle.left, event.clientY - rectangle.top];
  };
  const zoom = (factor: number, [left, top]: [number, number] = [box.width / 2, box.height / 2]) => {
    const [x, y] = toPlane(left, top);
    const least = whole(box.width, box.height).scale / 2;
    const scale = Math.max(least, Math.min(least * 2000, view.scale * factor));
    setCamera({ x: x - (left - box.width / 2) / scale, y: y - (top - box.height / 2) / scale, scale });
  };
  const pan = (dx: number, dy: number) => setCamera({ ...view, x: view.x - dx / view.scale, y: view.y - dy / view.scale });
  const rowAt = (event: MouseEvent): number => {
    const [x, y] = toPlane(...at(event));
    return grid.value!.nearest(x, y, REACH / view.scale);
  };

  const down = (event: PointerEvent) => {
    if (event.button !== 0 || !event.isPrimary) return;
    canvas.current!.setPointerCapture(event.pointerId);
    drag.current = { x: event.clientX, y: event.clientY, moved: false };
    if (lasso) setLine([toPlane(...at(event))]);
  };
  const moved = (event: PointerEvent) => {
    if (!event.isPrimary) return;
    const from = drag.current;
    if (!from) {
      const row = rowAt(event);
      const [left, top] = at(event);
      setOver(row < 0 ? null : { row, left, top });
      return;
    }
    const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
    if (!from.moved && Math.hypot(dx, dy) < 4) return;
    drag.current = { x: event.clientX, y: event.clientY, moved: true };
    setOver(null);
    if (lasso) setLine((before) => [...before, toPlane(...at(event))]);
    else pan(dx, dy);
  };
  const up = (event: PointerEvent) => {
    const from = drag.current;
    drag.current = null;
    if (!from) return;
    if (lasso && from.moved) {
      selectAll(inside(points, line).filter((row) => clusterOf(row) >= 0));
      setLine([]);
      setLasso(false);
    } else if (!from.moved) {
      const row = rowAt(event);
      if (row >= 0) openClip(idOf(row));
    }
  };
  /* A browser may take a gesture over. */
  const stop = () => {
    drag.current = null;
    setLine([]);
  };
  const keys = (event: KeyboardEvent) => {
    const step = 60;
    const act: Record<string, () => void> = {
      ArrowLeft: () => pan(step, 0), ArrowRight: () => pan(-step, 0), ArrowUp: () => pan(0, step), ArrowDown: () => pan(0, -step),
      "+": () => zoom(1.4), "=": () => zoom(1.4), "-": () => zoom(1 / 1.4), "0": () => setCamera(null),
    };
    if (!act[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act[event.key]!();
  };
  useEffect(() => {
    /* Preact would listen passively, and the page would scroll. */
    const element = canvas.current!;
    const turn = (event: WheelEvent) => {
      event.preventDefault();
      zoom(Math.exp(-event.deltaY * 0.0015), at(event));
    };
    element.addEventListener("wheel", turn, { passive: false });
    return () => element.removeEventListener("wheel", turn);
  });

  return (
    <>
      <div class="toolbar" role="group" aria-label="Map">
        <label class="field">
          <span>Colour by</span>
          <select id="colour" value={colouring.value} onChange={(event) => {
            const { value } = event.currentTarget;
            change({ colour: value === "cluster" ? null : value });
          }}>
            {available.map((one) => <option key={one} value={one}>{COLOURINGS[one]}</option>)}
          </select>
        </label>
        <label class="field">
          <span>Show</span>
          <select id="only" value={setting("only")} onChange={(event) => change({ only: event.currentTarget.value || null })}>
            <option value="">all clusters</option>
            {summary.value?.filter((one) => one.size).map((one) => <option key={one.number} value={one.number}>{titleOf(one.number)}</option>)}
          </select>
        </label>
        <button type="button" aria-pressed={lasso} onClick={() => setLasso(!lasso)}><Icon name="lasso" />Lasso</button>
        <Legend />
      </div>
      <div class={selection.value.size ? "plane-and-clips beside" : "plane-and-clips"}>
        <div class={lasso ? "plane choosing" : "plane"}>
          <canvas
            ref={canvas} width={Math.round(box.width * ratio)} height={Math.round(box.height * ratio)} tabIndex={0} role="img"
            aria-label={`Map of ${count(run.clips)} clips in ${clusterCount.value} clusters. Arrows move it, plus and minus zoom. The page Clusters lists the same clips.`}
            onPointerDown={down} onPointerMove={moved} onPointerUp={up} onPointerCancel={stop} onPointerLeave={() => setOver(null)} onKeyDown={keys}
          />
          <svg class="marks" aria-hidden="true">
            {line.length > 1 && <path d={`M${line.map((one) => toScreen(...one).map(Math.round).join(" ")).join("L")}Z`} />}
            {selection.value.size <= CIRCLED && [...selection.value].map((row) => {
              const [left, top] = toScreen(points[2 * row]!, points[2 * row + 1]!);
              return <circle key={row} cx={left} cy={top} r={6} />;
            })}
          </svg>
          <Names toScreen={toScreen} width={box.width} height={box.height} />
          {over && <Card row={over.row} left={over.left} top={over.top} box={box} />}
        </div>
        <Picked />
      </div>
      <div class="zooms" role="group" aria-label="Zoom">
        <output class="status" role="status">{plural(run.clips, "clip")}</output>
        <button type="button" onClick={() => zoom(1.6)}><Icon name="plus" />Zoom in</button>
        <button type="button" onClick={() => zoom(1 / 1.6)}><Icon name="minus" />Zoom out</button>
        <button type="button" disabled={!camera} onClick={() => setCamera(null)}>Whole map</button>
      </div>
    </>
  );
}

function Card({ row, left, top, box }: { row: number; left: number; top: number; box: { width: number; height: number } }) {
  const margin = marginOf(row);
  const kind = classOf(row);
  const cluster = clusterOf(row);
  return (
    <div class="hovered" style={{ left: `${Math.min(left + 14, box.width - 196)}px`, top: `${Math.min(top + 14, box.height - 190)}px` }}>
      <div class="picture" style={{ aspectRatio: run.media.aspect }}><Still row={row} media={mediaOf(row)} /></div>
      <p>{cluster >= 0 ? titleOf(cluster) : "no cluster"}</p>
      {kind >= 0 && <p>{className(kind)}</p>}
      {margin !== null && <p>margin {percent(margin)}</p>}
    </div>
  );
}
