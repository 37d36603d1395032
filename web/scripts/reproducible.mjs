// Builds the commit twice, as BUILD says: in two folders of different names, the second time
// with an empty cache. Whoever has the same commit, Go and npm packages gets the same bytes.
import { execFileSync, execSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = new URL("../../", import.meta.url).pathname;
const work = mkdtempSync(join(tmpdir(), "winddown-build-"));

function build(folder, env) {
  const dir = join(work, folder);
  execFileSync("git", ["clone", "--quiet", "--no-local", root, dir], { stdio: "inherit" });
  cpSync(join(root, "web/static/dist"), join(dir, "web/static/dist"), { recursive: true });
  const binary = join(work, `${folder}.bin`);
  execSync(`${process.env.BUILD} -o ${binary} ./cmd/winddown`, { cwd: dir, stdio: "inherit", env: { ...process.env, ...env } });
  const bytes = readFileSync(binary);
  const sum = createHash("sha256").update(bytes).digest("hex");
  console.log(`${sum}  ${bytes.length} bytes`);
  return sum;
}

let same;
try {
  same = build("once", {}) === build("again-elsewhere", { GOCACHE: join(work, "cache") });
} finally {
  rmSync(work, { recursive: true });
}
if (!same) {
  console.error("The two builds differ.");
  process.exit(1);
}
