/* A long grid of which the page holds only the rows in sight. */

import {
  Virtualizer, type VirtualizerOptions,
  observeWindowOffset, observeWindowRect, windowScroll,
} from "@tanstack/virtual-core";
import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useLayoutEffect, useReducer, useRef, useState } from "preact/hooks";
import { lasting } from "../data/lasting.ts";

/** The mean height of the rows of each grid above what was last in sight, so that a way back ends at the same rows. */
const heights = lasting("heights");

interface Options {
  /** Number of rows. */
  count: number;
  /** A guess at the height of a row, in pixels. */
  height: number;
  /** Of the grid, and how large its rows are. */
  name: string;
  /** Where the rows begin on the page, for those that scroll with it. */
  margin: number;
}

/** Pixels above the rows that a toolbar may cover. */
const STICKY = 64;

/** Rows that scroll with the page. */
function useWindowRows({ count, height, name, margin }: Options) {
  const [, render] = useReducer<number, void>((value) => value + 1, 0);
  const [guess] = useState(heights.get(name) ?? height);
  const options: VirtualizerOptions<Window, HTMLElement> = {
    count,
    estimateSize: () => guess,
    getScrollElement: () => window,
    observeElementRect: observeWindowRect,
    observeElementOffset: observeWindowOffset,
    scrollToFn: windowScroll,
    initialOffset: () => scrollY,
    overscan: 2,
    scrollPaddingStart: STICKY,
    scrollMargin: margin,
    onChange: () => render(),
  };
  const [virtualizer] = useState(() => new Virtualizer(options));
  virtualizer.setOptions(options);
  useLayoutEffect(() => virtualizer._didMount(), []);
  useLayoutEffect(() => {
    const remember = () => {
      const first = virtualizer.getVirtualItems()[0];
      if (first?.index) heights.set(name, (first.start - virtualizer.options.scrollMargin) / first.index);
    };
    addEventListener("pagehide", remember, true); /* before the heights are stored */
    return () => {
      removeEventListener("pagehide", remember, true);
      remember();
    };
  }, [name]);
  useLayoutEffect(() => virtualizer._willUpdate());
  return virtualizer;
}

/** The number of columns that fit, and where an element begins on the page. */
function usePlace(element: RefObject<HTMLElement | null>, width: number, gap: number): { columns: number; top: number } {
  const [place, setPlace] = useState({ columns: 1, top: 0 });
  useLayoutEffect(() => {
    const measure = () => {
      const box = element.current!.getBoundingClientRect();
      const columns = Math.max(1, Math.floor((box.width + gap) / (width + gap)));
      const top = Math.round(box.top + scrollY);
      setPlace((was) => (was.columns === columns && was.top === top ? was : { columns, top }));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element.current!);
    observer.observe(document.body);
    measure();
    return () => observer.disconnect();
  }, [width, gap]);
  return place;
}

interface Grid<T> {
  items: readonly T[];
  /** Least width of a column and the gap, in pixels. */
  width: number;
  gap: number;
  /** A guess at the height of an item, in pixels. */
  height: number;
  label: string;
  children: (item: T, place: number) => ComponentChildren;
  name: string;
  /** The place of the item that is to be in sight; -1 for none. */
  follow?: number;
}

/** A list as a grid that scrolls with the page. */
export function WindowGrid<T>({ items, width, gap, height, label, children, name, follow = -1 }: Grid<T>) {
  const element = useRef<HTMLDivElement>(null);
  const { columns, top } = usePlace(element, width, gap);
  const rows = useWindowRows({ count: Math.ceil(items.length / columns), height: height + gap, name: `${name} ${width}`, margin: top });
  useEffect(() => {
    if (follow >= 0) rows.scrollToIndex(Math.floor(follow / columns));
  }, [follow]);
  return (
    <div ref={element} class={`rows ${name}`} role="list" aria-label={label} style={{ height: `${rows.getTotalSize()}px` }}>
      {rows.getVirtualItems().map((row) => (
        <div
          key={row.key}
          ref={(made) => { rows.measureElement(made); }}
          data-index={row.index}
          class="row"
          role="presentation"
          style={{
            transform: `translateY(${row.start - top}px)`,
            gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
            gap: `${gap}px`,
            paddingBottom: `${gap}px`,
          }}
        >
          {items.slice(row.index * columns, (row.index + 1) * columns).map((item, place) => (
            <div role="listitem" key={place} aria-setsize={items.length} aria-posinset={row.index * columns + place + 1}>
              {children(item, row.index * columns + place)}
            </div>
          ))}
        </div>
      ))}
    </div>
  );
}
