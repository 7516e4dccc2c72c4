/* What a page is told of its run: the JSON in index.html, written by selavi/reporting/explorer. */

export type Modality = "video+audio" | "video" | "audio";

/** Clusters by one head, of one modality or both. */
export interface View {
  modality: Modality;
  head: number | null;
  /** K. */
  clusters: number;
  /** Prescribed share of each cluster. */
  marginals?: number[];
}

export interface Missing {
  reason: string;
  count: number;
  examples: string[];
}

export interface Run {
  format: 1;
  title: string;
  /** When the page was made: ISO 8601, UTC. */
  made: string;
  version: string;
  splits: string[];
  /** Number of clips: the length of every column. */
  clips: number;
  classes: string[];
  views: View[];
  /** The position in `views` of the selected head. */
  selected: number;
  /** Names of the clusters of the selected view, by number. */
  names: Record<string, string>;
  media: { clips: number; pictures: number; seconds: number; aspect: number };
  missing: Missing[];
  /** Names of the files in data/. */
  columns: string[];
}

export function readRun(text: string): Run {
  const run = JSON.parse(text) as Run;
  if (run.format !== 1) throw new Error(`this page cannot show data of format ${String(run.format)}`);
  return run;
}
