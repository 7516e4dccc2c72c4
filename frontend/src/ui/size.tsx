/* How large clips are shown. */

import { change, choice } from "../state/route.ts";

export const SIZES = { small: 0.8, medium: 1, large: 1.7 } as const;
type Size = keyof typeof SIZES;

export const size = (): Size => choice("tiles", SIZES, "medium");

/** A width in pixels for the chosen size. */
export const sized = (width: number): number => Math.round(width * SIZES[size()]);

export function SizeChoice() {
  return (
    <label class="field">
      <span>Clips</span>
      <select id="tiles" value={size()} onChange={(event) => {
        const { value } = event.currentTarget;
        change({ tiles: value === "medium" ? null : value });
      }}>
        {(Object.keys(SIZES) as Size[]).map((one) => <option key={one} value={one}>{one}</option>)}
      </select>
    </label>
  );
}
