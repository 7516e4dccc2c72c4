/* What the measures mean, in a sentence each: the one home of these words. */

export const MEANS = {
  purity: "Share of the commonest class among the clips of the cluster that have a class.",
  margin: "Probability of the cluster minus that of the next one. Small: the clip could be in another cluster.",
  heads: "Share of the other heads that put the clip into the same cluster. The heads are trained side by side.",
  modalities: "Share of the clips that video alone and audio alone put into the same cluster.",
  entropy: "Entropy of the classes, in bits: 0 if all clips are of one class.",
} as const;
