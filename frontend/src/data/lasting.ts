/* Numbers by name that last as long as the tab, also when the page is loaded again. */

/** Those at most: the latest. */
const MOST = 500;

export function lasting(subject: string): Map<string, number> {
  if (typeof document === "undefined") return new Map();
  const key = `selavi ${subject} ${location.pathname}`;
  const numbers = new Map<string, number>();
  /* Browsers may refuse storage to pages in files; the numbers then last until the page is left. */
  try {
    for (const [name, number] of JSON.parse(sessionStorage.getItem(key) ?? "[]") as [string, number][]) numbers.set(name, number);
  } catch { /* none */ }
  addEventListener("pagehide", () => {
    try {
      sessionStorage.setItem(key, JSON.stringify([...numbers].slice(-MOST)));
    } catch { /* they are not kept */ }
  });
  return numbers;
}
