// Bundles src/ into one classic script and one style sheet, which are committed: pages open from
// file://, where browsers load no modules, and no user needs Node.
import { build } from "esbuild";

const folder = process.argv[2] ?? "../selavi/reporting/explorer/built";

const { warnings } = await build({
  entryPoints: { page: "src/main.tsx" },
  outdir: folder,
  bundle: true,
  format: "iife",
  target: ["chrome111", "firefox115", "safari16.4"],
  jsx: "automatic",
  jsxImportSource: "preact",
  charset: "utf8",
  legalComments: "inline",
  logLevel: "warning",
});
if (warnings.length) process.exitCode = 1;
