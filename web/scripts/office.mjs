// Opens the files of the register with LibreOffice and compares what it reads with what was
// written, cell by cell. Debian's package libreoffice-calc-nogui is enough; as root it is
// installed. Without LibreOffice this says what to do and fails.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { accessSync, constants, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { password, startServer } from "../e2e/harness.mjs";

const pkg = "libreoffice-calc-nogui";

const executable = (path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

function findOffice() {
  const folders = (process.env.PATH ?? "").split(delimiter).concat("/usr/bin", "/usr/local/bin", "/Applications/LibreOffice.app/Contents/MacOS");
  return folders.flatMap((folder) => ["soffice", "libreoffice"].map((name) => join(folder, name))).find(executable);
}

function install() {
  console.log(`Installing Debian's ${pkg}.`);
  const apt = (...args) => execFileSync("apt-get", args, { stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
  try {
    apt("update", "-q", "-o", "APT::Update::Error-Mode=any");
    apt("install", "-q", "-y", "--no-install-recommends", pkg);
  } catch {
    fail(`LibreOffice could not be installed: apt-get has no network, or its mirror lacks the package. Install ${pkg} and try again.`);
  }
}

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}

let office = findOffice();
if (!office && process.getuid?.() === 0 && executable("/usr/bin/apt-get")) {
  install();
  office = findOffice();
}
if (!office) fail(`The files of the register are opened with LibreOffice: install it (on Debian: apt-get install ${pkg}).`);
console.log(`LibreOffice: ${office}`);

// rows reads a CSV file with this separator.
function rows(text, separator) {
  const all = [[]];
  let cell = "", quoted = false;
  text = text.replace(/^\ufeff/, "").replaceAll("\r\n", "\n");
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      if (c !== '"') cell += c;
      else if (text[i + 1] === '"') cell += text[++i];
      else quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === separator || c === "\n") {
      all.at(-1).push(cell);
      cell = "";
      if (c === "\n") all.push([]);
    } else cell += c;
  }
  assert.ok(!quoted && cell === "", "the file ends within a line");
  all.pop();
  return all;
}

// client is somebody signed in.
async function client(url) {
  let cookie = "";
  const ask = async (path, options = {}) => {
    const answer = await fetch(url + path, { redirect: "manual", ...options, headers: { cookie, ...options.headers } });
    for (const set of answer.headers.getSetCookie()) if (set.startsWith("winddown_session=")) cookie = set.split(";")[0];
    return answer;
  };
  const post = async (path, form) => {
    const answer = await ask(path, { method: "POST", body: new URLSearchParams(form) });
    assert.equal(answer.status, 303, `POST ${path}`);
    return answer.headers.get("location");
  };
  await post("/signup", { name: "Мария Иванова", email: "office@example.com", password, zone: "Europe/Moscow", locale: "ru", consent: "yes" });
  return { ask, post, cookie: () => cookie.split("=")[1] };
}

// inn is a taxpayer number of a company with these first nine digits.
const inn = (s) => s + String(([2, 4, 10, 3, 5, 9, 4, 6, 8].reduce((all, w, i) => all + w * Number(s[i]), 0) % 11) % 10);

const formula = '=HYPERLINK("http://evil.example";"ООО")';
const sellers = [
  { seller_name: formula, inn: inn("012345678"), cabinet: "+7 (900) 000-00-00" },
  { seller_name: 'ООО «Маяк; «Север»", филиал', inn: inn("000123456"), cabinet: "00017" },
  { seller_name: "ИП Петрова А. С.", inn: "500100732259", cabinet: "1E5" },
];

const server = await startServer();
const dir = mkdtempSync(join(tmpdir(), "winddown-office-"));
try {
  const { ask, post, cookie } = await client(server.url);
  server.secret(cookie());
  for (const seller of sellers) {
    const id = (await post("/sellers", { ...seller, fbs: "no", wb_stock: "no" })).split("/").pop();
    for (const code of ["sell_out", "collect_returns", "request_act"]) {
      await post(`/cases/${id}/steps/${code}`, { done: "yes", version: "1", on: "2026-11-12", ticket: code === "request_act" ? "0048-1107" : "" });
    }
    const [, debt] = (await (await ask(`/cases/${id}/debts`)).text()).match(/name="id" value="([^"]+)"/);
    await post(`/cases/${id}/debts`, { id: debt, side: "to_wb", what: "Хранение", amount: "1234,50", on: "2026-11-01" });
  }
  const source = {};
  for (const ending of ["csv", "xlsx"]) {
    const answer = await ask(`/sellers.${ending}?sort=name`);
    assert.equal(answer.status, 200);
    source[ending] = Buffer.from(await answer.arrayBuffer());
    writeFileSync(join(dir, `sellers.${ending}`), source[ending]);
  }
  const written = rows(source.csv.toString("utf8"), ";");
  assert.equal(written.length, 1 + sellers.length);

  const convert = (file, filter, ...more) => {
    execFileSync(office, ["--headless", "--norestore", `-env:UserInstallation=${pathToFileURL(join(dir, "profile"))}`, ...more,
      "--convert-to", `csv:Text - txt - csv (StarCalc):${filter}`, "--outdir", join(dir, "out"), join(dir, file)],
    { stdio: ["ignore", "ignore", "pipe"], timeout: 300_000 });
  };
  const read = (file) => rows(readFileSync(join(dir, "out", file), "utf8"), "\t");

  // The workbook: three sheets, each as it shows.
  convert("sellers.xlsx", "9,34,76,1,,1033,false,true,false,false,false,-1");
  const files = readdirSync(join(dir, "out")).sort();
  assert.deepEqual(files, ["sellers-Продавцы.csv", "sellers-Фильтры.csv", "sellers-Шаги.csv"].sort(), "all three sheets");
  // Sums are numbers in a workbook, and it needs no apostrophe before
  // what would be a formula in a CSV file.
  const money = written[0].indexOf("Остаток расчётов, ₽");
  const shown = written.map((row, r) => row.map((cell, i) => {
    if (r > 0 && i === money) return String(Number(cell.replace(",", ".")));
    return cell.replace(/^'(?=[=+\-@])/, "");
  }));
  assert.deepEqual(read("sellers-Продавцы.csv"), shown, "the sellers");
  const steps = read("sellers-Шаги.csv");
  assert.equal(steps.length, 1 + 9 * sellers.length, "the steps");
  for (const seller of sellers) {
    const his = steps.filter((row) => row[1] === seller.inn);
    assert.equal(his.length, 9, `nine steps of ${seller.inn}`);
    assert.deepEqual([...new Set(his.map((row) => row[0]))], [seller.seller_name]);
    assert.equal(his.filter((row) => row[5] === "2026-11-12").length, 3, "the days on which steps were done");
  }
  assert.ok(read("sellers-Фильтры.csv").some((row) => row.includes(String(sellers.length))), "the filters say how many");

  // The CSV file, opened with every column as text, as Excel's and Calc's dialogs offer.
  const text = written[0].map((_, i) => `${i + 1}/2`).join("/");
  convert("sellers.csv", "9,34,76,1,,1033,false,true", `--infilter=CSV:59,34,76,1,${text}`);
  assert.deepEqual(read("sellers.csv"), written, "the CSV file");
  await server.stop();
  console.log(`LibreOffice read ${written.length * written[0].length} cells of the register and ${steps.length} lines of steps as they were written.`);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
process.exit(0);
