// Finds a Chromium for the browser tests: the one CHROMIUM names, or one of the machine. Best
// is the headless shell, which has no windows to draw and takes a third of the processor's
// time; as root on Debian it is installed. Prints its path; without any it says what to do and
// fails.
import { execFileSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { basename, delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const shell = "chromium-headless-shell";
const names = [shell, "chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"];
const places = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

const executable = (path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

export function findChromium() {
  if (process.env.CHROMIUM) return executable(process.env.CHROMIUM) ? process.env.CHROMIUM : undefined;
  const folders = (process.env.PATH ?? "").split(delimiter).concat("/usr/bin", "/usr/local/bin", "/snap/bin");
  const candidates = names.flatMap((name) => folders.map((folder) => join(folder, name))).concat(places);
  return candidates.find(executable);
}

function install() {
  const apt = (...args) =>
    execFileSync("apt-get", args, {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
  apt("update", "-q");
  apt("install", "-q", "-y", "--no-install-recommends", shell);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  let found = findChromium();
  if (!process.env.CHROMIUM && (!found || basename(found) !== shell) && process.getuid?.() === 0 && executable("/usr/bin/apt-get")) {
    console.log("Installing Debian's headless Chromium.");
    try {
      install();
    } catch (error) {
      if (!found) throw error;
      console.error(`It could not be installed: ${error.message}`);
    }
    found = findChromium();
  }
  if (!found) {
    console.error("The browser tests need Chromium: install it, or set CHROMIUM to its path.");
    process.exit(1);
  }
  console.log(`Chromium: ${found}`);
}
