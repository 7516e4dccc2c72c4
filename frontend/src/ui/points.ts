/* Draws many points: by WebGL, or by a 2-D canvas where there is none. */

/** What part of the plane is shown: its middle, and pixels per unit. */
export interface Camera {
  x: number;
  y: number;
  scale: number;
}

export interface Painter {
  /** Points as x, y pairs; colours as r, g, b, a. */
  data(points: Uint16Array, colours: Uint8Array): void;
  draw(camera: Camera, width: number, height: number, size: number, ratio: number): void;
}

const VERTEX = `#version 300 es
in vec2 place; in vec4 colour; uniform vec4 view; uniform float size; out vec4 shade;
void main() {
  shade = colour;
  gl_Position = vec4((place - view.xy) * view.zw, 0, 1);
  gl_PointSize = size;
}`;
const FRAGMENT = `#version 300 es
precision mediump float; in vec4 shade; out vec4 colour;
void main() {
  if (length(gl_PointCoord - 0.5) > 0.5) discard;
  colour = vec4(shade.rgb * shade.a, shade.a);
}`;

export function makePainter(canvas: HTMLCanvasElement): Painter {
  const gl = canvas.getContext("webgl2", { antialias: true, premultipliedAlpha: true });
  return gl ? byWebgl(gl) : byCanvas(canvas.getContext("2d")!);
}

function byWebgl(gl: WebGL2RenderingContext): Painter {
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
    const shader = gl.createShader(kind)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  gl.useProgram(program);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  let count = 0;
  const attribute = (name: string, size: number, kind: number, normalised: boolean) => {
    const place = gl.getAttribLocation(program, name);
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, size, kind, normalised, 0, 0);
    return (values: Uint16Array | Uint8Array) => {
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.bufferData(gl.ARRAY_BUFFER, values as ArrayBufferView<ArrayBuffer>, gl.STATIC_DRAW);
    };
  };
  const setPlaces = attribute("place", 2, gl.UNSIGNED_SHORT, false);
  const setColours = attribute("colour", 4, gl.UNSIGNED_BYTE, true);
  const [view, pointSize] = [gl.getUniformLocation(program, "view"), gl.getUniformLocation(program, "size")];
  return {
    data(points, colours) {
      count = points.length / 2;
      setPlaces(points);
      setColours(colours);
    },
    draw({ x, y, scale }, width, height, size, ratio) {
      gl.viewport(0, 0, width * ratio, height * ratio);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      gl.uniform4f(view, x, y, (2 * scale) / width, (-2 * scale) / height);
      gl.uniform1f(pointSize, size * ratio);
      gl.drawArrays(gl.POINTS, 0, count);
    },
  };
}

function byCanvas(context: CanvasRenderingContext2D): Painter {
  let points = new Uint16Array();
  let colours = new Uint8Array();
  return {
    data(places, shades) {
      points = places as Uint16Array<ArrayBuffer>;
      colours = shades as Uint8Array<ArrayBuffer>;
    },
    draw({ x, y, scale }, width, height, size, ratio) {
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, width, height);
      let last = -1;
      for (let row = 0; row < points.length / 2; row++) {
        const [left, top] = [(points[2 * row]! - x) * scale + width / 2, (points[2 * row + 1]! - y) * scale + height / 2];
        if (left < -size || top < -size || left > width + size || top > height + size) continue;
        const [r, g, b, a] = colours.subarray(4 * row, 4 * row + 4);
        const code = (((r! * 256 + g!) * 256 + b!) * 256 + a!);
        if (code !== last) context.fillStyle = `rgb(${r} ${g} ${b} / ${a! / 255})`;
        last = code;
        context.fillRect(left - size / 2, top - size / 2, size, size);
      }
    },
  };
}
