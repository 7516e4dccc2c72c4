/* Small charts as SVG, with a title that says all in words; a table stands beside each. */

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** Round numbers from 0 to at least `most`, few of them; whole if `whole`. */
export function ticks(most: number, whole = false): number[] {
  if (!(most > 0)) return [0, 1];
  const rough = most / 4;
  const unit = 10 ** Math.floor(Math.log10(rough));
  let step = [1, 2, 5, 10].map((one) => one * unit).find((one) => one >= rough)!;
  if (whole) step = Math.max(1, Math.round(step));
  const count = Math.ceil(most / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, at) => Number((at * step).toPrecision(12)));
}

const WIDEST = 860;
const MARGIN = { right: 12, top: 12, bottom: 40 };
/** To the left of the plot, for the numbers of an axis, and where there is none. */
const [AXIS, BARE] = [56, 8];

interface Frame {
  label: string;
  x: { name: string; ticks: number[]; from: number; to: number; format?: (value: number) => string };
  y: { name: string; ticks: number[]; to: number; format?: (value: number) => string };
  /** In pixels. */
  height?: number;
  /** As wide as the page. */
  wide?: boolean;
  children: (x: (value: number) => number, y: (value: number) => number) => ComponentChildren;
}

/** Axes with names, and what is drawn between them. */
export function Plot({ label, x, y, height = 260, wide = false, children }: Frame) {
  const element = useRef<SVGSVGElement>(null);
  const [width, setWidth] = useState(640);
  /* Drawn as wide as it is shown, so that text keeps its size. */
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.max(240, Math.round(entry!.contentRect.width))));
    observer.observe(element.current!);
    return () => observer.disconnect();
  }, []);
  const margin = y.ticks.length ? AXIS : BARE;
  const across = (value: number) =>
    margin + ((value - x.from) / (x.to - x.from || 1)) * (width - margin - MARGIN.right);
  const up = (value: number) => height - MARGIN.bottom - (value / (y.to || 1)) * (height - MARGIN.top - MARGIN.bottom);
  const format = y.format ?? String;
  return (
    <svg ref={element} class="plot" height={height} style={wide ? {} : { maxWidth: `${WIDEST}px` }} role="img" aria-label={label}>
      {y.ticks.map((tick) => (
        <g key={tick}>
          <line class="grid" x1={margin} x2={width - MARGIN.right} y1={up(tick)} y2={up(tick)} />
          <text x={margin - 6} y={up(tick) + 4} text-anchor="end">{format(tick)}</text>
        </g>
      ))}
      {x.ticks.map((tick) => <text key={tick} x={across(tick)} y={height - MARGIN.bottom + 16} text-anchor="middle">{(x.format ?? String)(tick)}</text>)}
      <text x={(margin + width - MARGIN.right) / 2} y={height - 6} text-anchor="middle">{x.name}</text>
      <text transform={`translate(12 ${(height - MARGIN.bottom) / 2}) rotate(-90)`} text-anchor="middle">{y.name}</text>
      {children(across, up)}
    </svg>
  );
}

/** A line through the points that are known. */
export function pathOf(points: [number, number][]): string {
  return points.map(([x, y], at) => `${at ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
}
