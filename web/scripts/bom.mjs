// What other people's code the binary holds, and under which licenses.
//
// node bom.mjs licenses: the table, and a failure where a license is not one of those allowed below.
// node bom.mjs sbom FILE: the same as a bill of materials (CycloneDX, JSON).
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const goLicenses = "github.com/google/go-licenses@v1.6.0";
const cyclonedx = "github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0";

// Each lets a binary be used and passed on without its own source; those of MPL-2.0 ask for the
// source of their own files, which the module proxy has, unaltered.
const allowed = new Set(["Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "MIT", "0BSD", "ISC", "MPL-2.0", "OFL-1.1"]);

const root = new URL("../../", import.meta.url).pathname;
const main = "./cmd/winddown";

function go(...args) {
  // What go-licenses logs is that it could not ask for the pages of the licenses: they are not needed.
  return execFileSync("go", args, { cwd: root, encoding: "utf8", maxBuffer: 64 << 20, stdio: ["ignore", "pipe", "ignore"], env: { ...process.env, CGO_ENABLED: "0" } });
}

// modules are those of Go that are linked, by their packages' licenses, and Go itself.
function modules() {
  const versions = new Map(go("list", "-deps", "-f", "{{with .Module}}{{.Path}} {{.Version}}{{end}}", main).split("\n").filter(Boolean).map((l) => l.split(" ")));
  const dir = mkdtempSync(join(tmpdir(), "winddown-bom-"));
  try {
    const template = join(dir, "template");
    writeFileSync(template, "{{range .}}{{.Name}}\t{{.LicenseName}}\n{{end}}");
    const found = new Map();
    for (const line of go("run", goLicenses, "report", main, "--ignore", "winddown", "--template", template).split("\n").filter(Boolean)) {
      const [name, license] = line.split("\t");
      const module = [...versions.keys()].filter((m) => name === m || name.startsWith(m + "/")).sort((a, b) => b.length - a.length)[0];
      if (!module) throw new Error(`${name} belongs to no module`);
      found.set(module, new Set([...(found.get(module) ?? []), license]));
    }
    for (const module of versions.keys()) if (module !== "winddown" && !found.has(module)) found.set(module, new Set(["unknown"]));
    const all = [...found].map(([name, licenses]) => ({ kind: "golang", name, version: versions.get(name), licenses: [...licenses].sort() }));
    return [...all, { kind: "golang", name: "std", version: go("env", "GOVERSION").trim(), licenses: ["BSD-3-Clause"] }];
  } finally {
    rmSync(dir, { recursive: true });
  }
}

// packages are those of npm whose files are served.
function packages() {
  const { dependencies } = JSON.parse(readFileSync(join(root, "web/package.json"), "utf8"));
  return Object.keys(dependencies).map((name) => {
    const { version, license } = JSON.parse(readFileSync(join(root, "web/node_modules", name, "package.json"), "utf8"));
    return { kind: "npm", name, version, licenses: [{ "BSD-0-Clause": "0BSD" }[license] ?? license ?? "unknown"] };
  });
}

function components() {
  const all = [...modules(), ...packages()].sort((a, b) => (a.name < b.name ? -1 : 1));
  if (all.length < 20) throw new Error(`only ${all.length} components were found`);
  return all;
}

const purl = ({ kind, name, version }) => `pkg:${kind}/${kind === "npm" ? name.replace("@", "%40") : name}@${version}`;

function licenses() {
  const all = components();
  for (const c of all) console.log([c.name, c.version, c.licenses.join(" ")].join("\t"));
  const refused = all.filter((c) => !c.licenses.every((l) => allowed.has(l)));
  console.log(`${all.length} components, ${refused.length} with a license that is not allowed`);
  if (refused.length > 0) {
    console.error(`Not allowed: ${refused.map((c) => `${c.name} (${c.licenses.join(" ")})`).join(", ")}`);
    process.exit(1);
  }
}

function sbom(file) {
  const bom = JSON.parse(go("run", cyclonedx, "app", "-json", "-std", "-noserial", "-notimestamp", "-main", main, root));
  const found = new Map(components().map((c) => [purl(c), c]));
  const licensed = ({ licenses }) => licenses.map((id) => ({ license: { id } }));
  for (const c of bom.components) {
    const known = found.get(c.purl.split("?")[0]);
    if (!known) throw new Error(`${c.purl} has no known license`);
    c.licenses = licensed(known);
    found.delete(c.purl.split("?")[0]);
  }
  for (const c of found.values()) {
    if (c.kind !== "npm") throw new Error(`${c.name} is linked and not in the list of modules`);
    bom.components.push({ "bom-ref": purl(c), type: "library", name: c.name, version: c.version, scope: "required", licenses: licensed(c), purl: purl(c) });
    const whole = bom.dependencies.find((d) => d.ref === bom.metadata.component["bom-ref"]);
    whole.dependsOn = [...(whole.dependsOn ?? []), purl(c)];
    bom.dependencies.push({ ref: purl(c) });
  }
  writeFileSync(file, JSON.stringify(bom, null, 2) + "\n");
  console.log(`${file}: ${bom.components.length} components`);
}

const [what, file] = process.argv.slice(2);
if (what === "licenses") licenses();
else if (what === "sbom" && file) sbom(file);
else throw new Error("say what: licenses, or sbom FILE");
