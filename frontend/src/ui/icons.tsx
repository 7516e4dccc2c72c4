/* Icons; beside each stands a word, or the button has a label. */

const PATHS = {
  play: <path d="M4 2.5v11l9-5.5z" fill="currentColor" stroke="none" />,
  stop: <rect x="3.5" y="3.5" width="9" height="9" rx="1" fill="currentColor" stroke="none" />,
  search: <><circle cx="7" cy="7" r="4.5" /><path d="m10.5 10.5 3.5 3.5" /></>,
  order: <path d="M5 3v10M2.5 10.5 5 13l2.5-2.5M8.5 4H14M8.5 8h4M8.5 12h2" />,
  close: <path d="m4 4 8 8m0-8-8 8" />,
  before: <path d="M10 3 5 8l5 5" />,
  below: <path d="m3 6 5 5 5-5" />,
  after: <path d="m6 3 5 5-5 5" />,
  pen: <path d="m3 13 .7-3L10.5 3.2l2.3 2.3L6 12.3z" />,
  filter: <path d="M2 4h12M4.5 8h7M7 12h2" />,
  dice: <><rect x="2.5" y="2.5" width="11" height="11" rx="2" /><path d="M5.5 5.5h.01M10.5 5.5h.01M8 8h.01M5.5 10.5h.01M10.5 10.5h.01" stroke-width="2" /></>,
  help: <><circle cx="8" cy="8" r="6" /><path d="M6.2 6.3a1.8 1.8 0 1 1 2.6 1.6c-.6.3-.8.6-.8 1.2M8 11.3h.01" /></>,
  differs: <path d="M3 6h10M3 10h10M10.5 3l-5 10" />,
  undo: <path d="M5.5 3 2.5 6l3 3M2.5 6h7a4 4 0 0 1 0 8H6" />,
  redo: <path d="m10.5 3 3 3-3 3M13.5 6h-7a4 4 0 0 0 0 8H10" />,
  lasso: <path d="M8 3c3.3 0 6 1.6 6 3.7S11.300 10.400 8 10.400 2 8.800 2 6.700 4.700 3 8 3ZM5 10.200c-1 .8-.9 2.300.6 2.800" />,
  plus: <path d="M8 3v10M3 8h10" />,
  minus: <path d="M3 8h10" />,
  check: <path d="m3 8.5 3.5 3.5L13 5" />,
  save: <path d="M8 2.5v7.5M5 7.5l3 3 3-3M3 13.5h10" />,
  open: <path d="M8 10.5V3M5 5.5l3-3 3 3M3 13.5h10" />,
} as const;
export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">{PATHS[name]}</svg>;
}
