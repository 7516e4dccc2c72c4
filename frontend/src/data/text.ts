/* Text as people read and search it. */

const number = new Intl.NumberFormat("en");
const percents = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });

export const count = (value: number): string => number.format(value);
export const percent = (share: number): string => percents.format(share);
export const plural = (value: number, word: string, end = "s"): string =>
  `${count(value)} ${word}${value === 1 ? "" : end}`;

/** For comparison. Accented letters come composed or not, by the file system they are from. */
export const fold = (text: string): string => text.normalize("NFC").toLocaleLowerCase();

/** The last part of a path. */
export const fileName = (path: string): string => path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);

/** Minutes and seconds. */
export function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const minutes = Math.floor(whole / 60);
  return `${minutes}:${String(whole % 60).padStart(2, "0")}`;
}
