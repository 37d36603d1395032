// Copies what the browser needs from the installed packages into static/dist,
// which the Go binary embeds. Stale files go first, so that a renamed asset of
// an old package is never served.
import { copyFile, mkdir, readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const web = fileURLToPath(new URL("..", import.meta.url));
const dist = join(web, "static", "dist");

const fonts = "@fontsource-variable/golos-text/files/golos-text-";
const assets = [
  "htmx.org/dist/htmx.min.js",
  ...["cyrillic", "cyrillic-ext", "latin", "latin-ext"].map((subset) => `${fonts}${subset}-wght-normal.woff2`),
];

await mkdir(dist, { recursive: true });
for (const name of await readdir(dist)) {
  if (name !== ".keep") await rm(join(dist, name), { recursive: true });
}
for (const asset of assets) {
  await copyFile(join(web, "node_modules", asset), join(dist, basename(asset)));
}
console.log(`static/dist: ${assets.length} files`);
