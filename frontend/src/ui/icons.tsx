/* Icons; beside each stands a word, or the button has a label. */

/** Strokes in a square of 16 units. */
const STROKES = {
  search: "M2.5 7a4.5 4.5 0 1 0 9 0 4.5 4.5 0 1 0-9 0ZM10.5 10.5 14 14",
  order: "M5 3v10M2.5 10.5 5 13l2.5-2.5M8.5 4H14M8.5 8h4M8.5 12h2",
  close: "m4 4 8 8m0-8-8 8",
  before: "M10 3 5 8l5 5",
  after: "m6 3 5 5-5 5",
  below: "m3 6 5 5 5-5",
  pen: "m3 13 .7-3L10.5 3.2l2.3 2.3L6 12.3z",
  filter: "M2 4h12M4.5 8h7M7 12h2",
  dice: "M4.5 2.5h7a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-7a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2ZM5.5 5.5h.01M10.5 5.5h.01M8 8h.01M5.5 10.5h.01M10.5 10.5h.01",
  help: "M2 8a6 6 0 1 0 12 0A6 6 0 1 0 2 8ZM6.2 6.3a1.8 1.8 0 1 1 2.6 1.6c-.6.3-.8.6-.8 1.2M8 11.3h.01",
  differs: "M3 6h10M3 10h10M10.5 3l-5 10",
  undo: "M5.5 3 2.5 6l3 3M2.5 6h7a4 4 0 0 1 0 8H6",
  redo: "m10.5 3 3 3-3 3M13.5 6h-7a4 4 0 0 0 0 8H10",
  lasso: "M8 3c3.3 0 6 1.6 6 3.7s-2.7 3.7-6 3.7-6-1.6-6-3.7S4.7 3 8 3ZM5 10.2c-1 .8-.9 2.3.6 2.8",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  check: "m3 8.5 3.5 3.5L13 5",
  save: "M8 2.5V10M5 7.5l3 3 3-3M3 13.5h10",
  open: "M8 10.5V3M5 5.5l3-3 3 3M3 13.5h10",
} as const;

const FILLED = {
  play: "M4 2.5v11L13 8z",
  stop: "M3.5 3.5h9v9h-9z",
} as const;

export function Icon({ name }: { name: keyof typeof STROKES | keyof typeof FILLED }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      {name in FILLED
        ? <path d={FILLED[name as keyof typeof FILLED]} fill="currentColor" stroke="none" />
        : <path d={STROKES[name as keyof typeof STROKES]} />}
    </svg>
  );
}
