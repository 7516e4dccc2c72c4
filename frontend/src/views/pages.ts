/* The pages, in the order of the navigation. */

import type { FunctionComponent } from "preact";
import { ClusterPage } from "./cluster.tsx";
import { Overview } from "./overview.tsx";
import { MapPage } from "./map.tsx";
import { MissingPage } from "./missing.tsx";
import { classed, run } from "../state/clips.ts";
import { severalLevels } from "../state/levels.ts";
import { CorrectionsPage } from "./corrections.tsx";
import { ConfusionPage } from "./confusion.tsx";
import { QualityPage } from "./quality.tsx";
import { SizesPage } from "./sizes.tsx";
import { TrainingPage } from "./training.tsx";
import { TreePage } from "./tree.tsx";

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
  { name: "map", word: "Map", available: () => run.columns.includes("map"), view: MapPage },
  { name: "quality", word: "How good", available: () => true, view: QualityPage },
  { name: "confusion", word: "Classes", available: () => classed, view: ConfusionPage },
  { name: "tree", word: "Tree", available: () => severalLevels, view: TreePage },
  { name: "sizes", word: "Sizes", available: () => true, view: SizesPage },
  { name: "training", word: "Training", available: () => Boolean(run.curves), view: TrainingPage },
  { name: "corrections", word: "Corrections", available: () => true, view: CorrectionsPage },
  { name: "missing", word: "Not shown", available: () => run.missing.length > 0, view: MissingPage },
];
