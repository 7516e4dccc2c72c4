/* Files that a person saves: names.csv and a selection, for spreadsheets and other programs. */

/** A clip as files show it. */
export interface Listed {
  id: string;
  path: string;
  /** In seconds; null for a whole file. */
  start: number | null;
  end: number | null;
  cluster: number | null;
  name: string;
  class: string;
  margin: number | null;
  tags: readonly string[];
}

/* As selavi.formulas guards cells that a spreadsheet would run; the readers take the apostrophes away. */
const guarded = (text: string): string => text.replace(/^(?=['\s]*[=+\-@＝＋－＠])|(?<=[;\t\r\n])(?=['\s]*[=+\-@＝＋－＠])/g, "'");
const cell = (text: string): string => `"${guarded(text).replaceAll('"', '""')}"`;

/* The mark in front tells spreadsheets that it is UTF-8. */
const table = (rows: string[]): string => ["\ufeff" + rows[0], ...rows.slice(1), ""].join("\r\n");

/** names.csv, as `selavi name-clusters` and `selavi label` read it. */
export function namesTable(head: number | null, clusters: { cluster: number; name: string; clips: string[] }[]): string {
  return table(["head,cluster,name,clips", ...clusters.map(({ cluster, name, clips }) =>
    [head ?? "", cluster, cell(name), cell(clips.join(" "))].join(","))]);
}

export function selectionTable(clips: Listed[]): string {
  return table(["id,path,start,end,cluster,name,class,margin,tags", ...clips.map((one) =>
    [one.id, cell(one.path), one.start ?? "", one.end ?? "", one.cluster ?? "", cell(one.name), cell(one.class),
      one.margin === null ? "" : one.margin.toFixed(4), cell(one.tags.join(" "))].join(","))]);
}

const shown = (one: Listed): string => one.name || (one.cluster === null ? "no cluster" : `cluster ${one.cluster}`);

/** Tasks of Label Studio: a video each, with the label as a choice. */
export function labelStudio(clips: Listed[]): string {
  return JSON.stringify(clips.map((one) => ({
    data: { video: `/data/local-files/?d=${one.path.split("/").map(encodeURIComponent).join("/").replace(/^\//, "")}`, path: one.path, start: one.start, end: one.end },
    predictions: [{
      model_version: "selavi",
      ...(one.margin === null ? {} : { score: one.margin }),
      result: [{ from_name: "cluster", to_name: "video", type: "choices", value: { choices: [shown(one)] } }],
    }],
  })), null, 1);
}

/** Samples of FiftyOne, as `fiftyone.Dataset.from_dict` reads them. */
export function fiftyOne(title: string, clips: Listed[]): string {
  return JSON.stringify({
    name: title,
    _media_type: "video",
    samples: clips.map((one) => ({
      filepath: one.path,
      tags: one.tags,
      _media_type: "video",
      cluster: { _cls: "Classification", label: shown(one), ...(one.margin === null ? {} : { confidence: one.margin }) },
      ...(one.class ? { ground_truth: { _cls: "Classification", label: one.class } } : {}),
      ...(one.start === null ? {} : { selavi_start: one.start, selavi_end: one.end }),
    })),
  }, null, 1);
}
