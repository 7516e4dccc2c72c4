/* Facts of the run: the JSON in index.html, written by selavi/reporting/explorer. */

import type { Corrections } from "./corrections.ts";

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

/** Scores of a head; those of 0 to 1 unless said otherwise. */
export interface Score {
  modality: string;
  /** "agreement": chosen without classes. "oracle": the best by the classes. "head": each head. */
  choice?: string;
  head?: string;
  nmi: number;
  nmi_low?: number;
  nmi_high?: number;
  nmi_chance?: number;
  accuracy?: number;
  accuracy_low?: number;
  accuracy_high?: number;
  accuracy_chance?: number;
  purity?: number;
  /** Clips with a class, and classes. */
  clips?: number;
  classes?: number;
  split?: string;
}

/** Scores of another method on the same clips. */
export interface Baseline extends Score {
  method: string;
  preparation?: string;
  note?: string;
}

/** How far views agree, without classes. */
export interface Agreement {
  /** Mean NMI of a view with the others of its modality and number of clusters. */
  heads: { view: number; nmi: number }[];
  /** Share of the other heads that would agree with the selected one if clusters of these sizes were random. */
  chance?: number;
  /** Shares of the clips that trainings with other seeds put into the same cluster. */
  seeds?: { clusters: number[]; share: number; lowest: number; chance: number };
}

/** The course of training; null where nothing was measured. */
export interface Curves {
  epoch: number[];
  loss: (number | null)[];
  labels_changed?: (number | null)[];
  largest_cluster?: (number | null)[];
}

/** What a number of clusters scores. */
export interface Level {
  clusters: number;
  /** The head shown for it. */
  head: number;
  /** Mean AMI of two heads' clusters, without classes. */
  agreement?: number;
  nmi?: number;
  selected: boolean;
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
  scores?: Score[];
  baselines?: Baseline[];
  /** Scores after people's corrections, by split; `changed` is the number of clips with another cluster. */
  corrected?: { split: string; changed: number; nmi: number; accuracy?: number }[];
  agreement?: Agreement;
  /** Of the model that labelled the clips: those it was trained on, and how far its heads agree on them. */
  model?: { clips?: number; agreement?: number };
  curves?: Curves;
  /** Clips that the marginals prescribe for each cluster, by head. */
  prescribed?: Record<string, number[]>;
  /** How the places on the map were found, and of what. */
  map?: { method: "umap" | "pca"; of: string };
  /** By number of clusters, the smallest first. */
  levels?: Level[];
  /** What people changed before this page was made; the page starts with them. */
  corrections?: Corrections;
}

export function readRun(text: string): Run {
  const run = JSON.parse(text) as Run;
  if (run.format !== 1) throw new Error(`This page cannot show data of format ${String(run.format)}`);
  return run;
}
