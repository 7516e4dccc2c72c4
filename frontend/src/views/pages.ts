/* The pages, in the order of the navigation. */

import type { FunctionComponent } from "preact";
import { ClusterPage } from "./cluster.tsx";
import { Overview } from "./overview.tsx";
import { MissingPage } from "./missing.tsx";
import { run } from "../state/clips.ts";

interface Page {
  /** In the address. */
  name: string;
  /** In the navigation; "" for a page that is reached otherwise. */
  word: string;
  /** Whether this run has what the page shows. */
  available: () => boolean;
  view: FunctionComponent;
}

export const PAGES: readonly Page[] = [
  { name: "overview", word: "Clusters", available: () => true, view: Overview },
  { name: "cluster", word: "", available: () => true, view: ClusterPage },
  { name: "missing", word: "Not shown", available: () => run.missing.length > 0, view: MissingPage },
];
