/* The files in data/: a column each. They are scripts, since browsers refuse to fetch from file://. */

export type Column = Int16Array | Uint8Array | Uint16Array | Float32Array;

interface Header {
  name: string;
  type: "int16" | "uint8" | "uint16" | "float32" | "json";
  shape: number[];
}

type Take = (header: Header, content: string) => void;
declare global {
  interface Window {
    /** Called by each file in data/. */
    selavi: Take;
  }
}

const TYPES = { int16: Int16Array, uint8: Uint8Array, uint16: Uint16Array, float32: Float32Array };

/** The content of a data file: little-endian numbers, or JSON; base64 of gzip. */
export function decode(header: Header, content: string): Promise<unknown> {
  return unpack(header, content).catch((error: unknown) => {
    throw new Error(`data/${header.name}.js is damaged. Make the page again.`, { cause: error });
  });
}

async function unpack(header: Header, content: string): Promise<unknown> {
  const letters = atob(content);
  const packed = new Uint8Array(letters.length);
  for (let place = 0; place < letters.length; place++) packed[place] = letters.charCodeAt(place);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const bytes = await new Response(stream).arrayBuffer();
  if (header.type === "json") return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
  const column = new TYPES[header.type](bytes);
  const length = header.shape.reduce((product, side) => product * side, 1);
  if (column.length !== length) throw new Error(`it has ${column.length} values, not ${length}`);
  return column;
}

const waiting = new Map<string, (value: Promise<unknown>) => void>();
const loaded = new Map<string, Promise<unknown>>();

export function listen(): void {
  window.selavi = (header, content) => waiting.get(header.name)?.(decode(header, content));
}

/** Loads a data file, once. Rejects if it is missing or damaged. */
export function load<T>(name: string): Promise<T> {
  let promise = loaded.get(name);
  if (!promise) {
    promise = new Promise((resolve, reject) => {
      waiting.set(name, resolve);
      const script = document.createElement("script");
      const fail = () => reject(new Error(`data/${name}.js cannot be read. Is the folder “data” beside the page?`));
      script.addEventListener("error", fail);
      script.addEventListener("load", () => {
        script.remove();
        fail(); /* has no effect if the file has called */
      });
      script.src = `data/${name}.js`;
      document.head.append(script);
    });
    loaded.set(name, promise);
  }
  return promise as Promise<T>;
}
