// Sees to it that Debian's packages with these names are on the machine: as root they are
// installed, otherwise this says what to do and fails.
import { execFileSync, spawnSync } from "node:child_process";

const missing = process.argv.slice(2).filter((pkg) => {
  const { stdout } = spawnSync("dpkg-query", ["-W", "-f", "${db:Status-Status}", pkg], { encoding: "utf8" });
  return stdout !== "installed";
});
if (missing.length > 0) {
  console.log(`Installing Debian's ${missing.join(", ")}.`);
  const apt = (...args) => execFileSync("apt-get", args, { stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" } });
  try {
    apt("update", "-q", "-o", "APT::Update::Error-Mode=any");
    apt("install", "-q", "-y", "--no-install-recommends", ...missing);
  } catch {
    console.error(`Install ${missing.join(", ")} and try again (on Debian, as root: apt-get install ${missing.join(" ")}).`);
    process.exit(1);
  }
}
